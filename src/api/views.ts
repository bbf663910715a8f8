/** The chain's records as the API shows them. */
import type { Chain } from '../chain/chain.ts';
import type { ConfirmedTransaction } from '../chain/lookup.ts';
import type { BlockRecord, CheckedTransaction } from '../chain/records.ts';
import { blockToJson, timeToJson, transactionToJson } from '../client/json.ts';
import type { BlockJson, TransactionJson } from '../client/schemas.ts';
import { blockSize } from '../core/encoding.ts';
import { transactionId } from '../core/hashing.ts';
import type { Block } from '../core/types.ts';

/** Blocks that bury this one, itself counted; 0 off the chain. */
function confirmationsOf(chain: Chain, record: BlockRecord): number {
  return chain.isOnChain(record) ? chain.tip.height - record.height + 1 : 0;
}

export function blockView(chain: Chain, record: BlockRecord, block: Block): BlockJson {
  return blockToJson(block, {
    id: record.id,
    transactionIds: block.transactions.map(({ transaction }) => transactionId(transaction)),
    size: blockSize(block),
    work: record.work,
    confirmations: confirmationsOf(chain, record),
  });
}

export function pendingView({ id, signed }: CheckedTransaction): TransactionJson {
  return transactionToJson(id, signed);
}

/** Where a transaction stands on the chain. */
export function placedView(chain: Chain, { signed, record, index }: ConfirmedTransaction) {
  return {
    height: record.height,
    blockId: record.id,
    index,
    timestamp: timeToJson(record.sealed.header.timestamp),
    confirmations: confirmationsOf(chain, record),
    transaction: transactionToJson(transactionId(signed.transaction), signed),
  };
}
