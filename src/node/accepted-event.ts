/** The event that tells of a block that was taken in. */
import type { CheckedBlock } from '../chain/records.ts';
import { idFromBytes, type TransactionId } from '../core/identifiers.ts';
import { type BlockSource, MAX_FIRST_TRANSACTIONS, type NodeEvent } from './events.ts';
import type { PeerId } from './ports.ts';

/** Where a block came from. */
export interface Origin {
  readonly source: BlockSource;
  readonly from: PeerId | undefined;
  /** When its miner let go of it; 0 if unknown. */
  readonly publishedAt: number;
}

export function acceptedEvent(
  checked: CheckedBlock,
  origin: Origin,
  latencyMs: number | undefined,
  onChain: boolean,
): NodeEvent {
  const { header } = checked.block.sealed;
  return {
    event: 'block.accepted',
    height: Number(header.height),
    id: checked.id,
    parent: idFromBytes(header.parent),
    miner: idFromBytes(header.miner),
    timestamp: Number(header.timestamp),
    transactions: checked.transactionIds.length,
    ...firstTransactions(checked),
    source: origin.source,
    onChain,
    ...(origin.from === undefined ? {} : { from: origin.from }),
    ...(latencyMs === undefined || origin.source === 'mined' ? {} : { latencyMs }),
  };
}

function firstTransactions({ transactionIds }: CheckedBlock): {
  firstTransactions?: readonly TransactionId[];
} {
  return transactionIds.length === 0
    ? {}
    : { firstTransactions: transactionIds.slice(0, MAX_FIRST_TRANSACTIONS) };
}
