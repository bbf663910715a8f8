/** Blocks an attacker makes by hand: valid ones, and ones that break a rule of its choice. */
import { trustBlock } from '../../chain/records.ts';
import { nextBits } from '../../core/difficulty.ts';
import { blockId, headerRoot, transactionId, transactionsRoot } from '../../core/hashing.ts';
import { type BlockId, idToBytes } from '../../core/identifiers.ts';
import { targetFromBits, workOfBits } from '../../core/target.ts';
import type { Block, Header, NetworkParams, SignedTransaction } from '../../core/types.ts';
import { compactBlock, encodeCompactBlock } from '../../node/compact-block.ts';
import type { Machine } from '../machine.ts';
import type { SeededRandom } from '../random.ts';
import { findNonce } from '../virtual-miner.ts';

/** Where a forged block stands. */
export interface Place {
  readonly id: BlockId;
  readonly header: Header;
  readonly parentHeader: Header | undefined;
  /** Accumulated. */
  readonly work: bigint;
}

export interface Forgery {
  readonly timestampMs: number;
  readonly transactions?: SignedTransaction[];
  /** What is not as the rules demand. */
  readonly header?: Partial<Header>;
  /** False: any nonce will do. */
  readonly isSealed?: boolean;
}

/** The tip of the chain a node is on. */
export function tipOf({ node: { chain } }: Machine): Place {
  const { id, sealed, work } = chain.tip;
  return { id, header: sealed.header, parentHeader: chain.parentOf(chain.tip)?.sealed.header, work };
}

export function forgeBlock(
  params: NetworkParams,
  parent: Place,
  random: SeededRandom,
  { header: overrides = {}, isSealed = true, timestampMs, transactions = [] }: Forgery,
): Block {
  const earliest = parent.header.timestamp + 1n;
  const timestamp = BigInt(Math.floor(timestampMs));
  const header: Header = {
    parent: idToBytes(parent.id),
    height: parent.header.height + 1n,
    timestamp: timestamp > earliest ? timestamp : earliest,
    bits: nextBits(params, parent.header, parent.parentHeader),
    miner: random.bytes(32),
    transactionsRoot: transactionsRoot(transactions),
    extra: random.bytes(4),
    ...overrides,
  };
  const target = targetFromBits(header.bits);
  const start = random.bytes(32);
  const nonce = isSealed && target !== undefined ? findNonce(headerRoot(header), target, start) : start;
  return { sealed: { header, nonce }, transactions };
}

/** The place after a block. */
export function after(parent: Place, { sealed }: Block): Place {
  return {
    id: blockId(sealed),
    header: sealed.header,
    parentHeader: parent.header,
    work: parent.work + workOfBits(sealed.header.bits),
  };
}

/** A gossip message with the block. @param prefilled which transactions are in it in full: all, if they are few */
export function messageWith(
  block: Block,
  publishedAt: number,
  prefilled: readonly SignedTransaction[] = block.transactions,
): Uint8Array {
  const checked = trustBlock({
    id: blockId(block.sealed),
    block,
    transactionIds: block.transactions.map(({ transaction }) => transactionId(transaction)),
  });
  return encodeCompactBlock(compactBlock(checked, Math.max(1, Math.floor(publishedAt)), new Set(prefilled)));
}
