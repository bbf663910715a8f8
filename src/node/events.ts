/** What a node tells about itself. The same events become log lines and the API's live feed; names are stable. */
import type { PolicyCode } from '../chain/policy.ts';
import type { RuleCode } from '../core/errors.ts';
import type { Address, BlockId, TransactionId } from '../core/identifiers.ts';
import type { PeerId } from './ports.ts';

/** How a block came here: mined here, by gossip, or asked for. */
export type BlockSource = 'mined' | 'gossip' | 'sync';

export type SyncState = 'idle' | 'headers' | 'blocks';

export interface SyncProgress {
  readonly state: SyncState;
  /** Of this node's chain. */
  readonly height: number;
  /** Of the best header chain known. */
  readonly targetHeight: number;
}

/** More would make an event of a full block a page. */
export const MAX_FIRST_TRANSACTIONS = 8;

export type NodeEvent =
  | {
      readonly event: 'block.mined';
      readonly height: number;
      readonly id: BlockId;
      readonly transactions: number;
    }
  | {
      /** The block is on the chain now, or kept on a branch (`onChain` false). */
      readonly event: 'block.accepted';
      readonly height: number;
      readonly id: BlockId;
      readonly parent: BlockId;
      readonly miner: Address;
      readonly timestamp: number;
      readonly transactions: number;
      /** Ids of the first of them, 1 to `MAX_FIRST_TRANSACTIONS`, so that a payment can be followed in a log. */
      readonly firstTransactions?: readonly TransactionId[];
      readonly source: BlockSource;
      /** Who sent it; undefined if mined here, or if its header was all that was needed: an empty block that sync found. */
      readonly from?: PeerId;
      /** From the miner letting go of it to its being connected here, where both clocks are known (gossip). */
      readonly latencyMs?: number;
      readonly onChain: boolean;
    }
  | {
      readonly event: 'block.refused';
      readonly id?: BlockId;
      readonly code: RuleCode;
      readonly message: string;
      readonly from?: PeerId;
    }
  | { readonly event: 'block.early'; readonly id: BlockId; readonly height: number; readonly aheadMs: number }
  | {
      readonly event: 'chain.reorganised';
      /** Blocks left behind. */
      readonly depth: number;
      readonly height: number;
      readonly oldTip: BlockId;
      readonly newTip: BlockId;
      readonly forkHeight: number;
      /** Transactions of the blocks left behind that are back in the pool. */
      readonly returned: number;
    }
  | {
      readonly event: 'transaction.accepted';
      readonly id: TransactionId;
      readonly sender: Address;
      readonly recipient: Address;
      readonly amount: bigint;
      readonly fee: bigint;
      readonly from?: PeerId;
    }
  | {
      readonly event: 'transaction.refused';
      readonly id: TransactionId;
      readonly code: RuleCode | PolicyCode;
      readonly message: string;
      readonly from?: PeerId;
    }
  | {
      readonly event: 'peer.connected';
      readonly peer: PeerId;
      readonly address: string;
      readonly direction: 'inbound' | 'outbound';
    }
  /** What the peer calls itself, for people; it may say nothing, and two may say the same. */
  | { readonly event: 'peer.named'; readonly peer: PeerId; readonly name: string }
  | { readonly event: 'peer.disconnected'; readonly peer: PeerId; readonly reason: string }
  | {
      readonly event: 'peer.penalised';
      readonly peer: PeerId;
      readonly offence: string;
      readonly score: number;
    }
  /** The peer's clock and ours differ by more than is healthy. */
  | { readonly event: 'peer.clock'; readonly peer: PeerId; readonly offsetMs: number }
  | {
      /** No block can follow the tip before `untilMs` (since 1970): it is ahead of this machine's clock. */
      readonly event: 'mining.waiting';
      /** Of the tip. */
      readonly height: number;
      readonly aheadMs: number;
      readonly untilMs: number;
    }
  /** The reward would lift the miner's balance over what the ledger can hold: nothing is mined for it. */
  | { readonly event: 'mining.unpayable'; readonly miner: Address }
  | ({ readonly event: 'sync.progress' } & SyncProgress);
