/** The chain's records as the API shows them. */
import type { Chain } from '../chain/chain.ts';
import type { ConfirmedTransaction } from '../chain/lookup.ts';
import type { BlockRecord, CheckedTransaction } from '../chain/records.ts';
import type { BlockSummaryJson } from '../client/contract.ts';
import { bitsToJson, blockToJson, timeToJson, transactionToJson } from '../client/json.ts';
import type { BlockJson, TransactionJson } from '../client/schemas.ts';
import { formatAddress } from '../core/address.ts';
import { emptyBlockSize } from '../core/encoding.ts';
import { transactionId } from '../core/hashing.ts';
import { bytesToHex } from '../core/hex.ts';
import { idFromBytes } from '../core/identifiers.ts';
import { requireTarget } from '../core/target.ts';

/** Blocks that bury this one, itself counted; 0 off the chain. */
function confirmationsOf(chain: Chain, record: BlockRecord): number {
  return chain.isOnChain(record) ? chain.tip.height - record.height + 1 : 0;
}

/** A block whose transactions are still to be filled in. @param size of the whole, in SSZ bytes */
export function blockView(chain: Chain, record: BlockRecord, size: number): BlockJson {
  return blockToJson(
    { sealed: record.sealed, transactions: [] },
    {
      id: record.id,
      transactionIds: [],
      size,
      work: record.work,
      confirmations: confirmationsOf(chain, record),
    },
  );
}

/** A block without its transactions, wherever it stands in the tree. */
export function summaryView(chain: Chain, record: BlockRecord): BlockSummaryJson {
  const { header } = record.sealed;
  const body = chain.bodyFacts(record);
  return {
    id: record.id,
    parent: bytesToHex(header.parent),
    height: record.height,
    timestamp: timeToJson(header.timestamp),
    bits: bitsToJson(header.bits),
    miner: formatAddress(idFromBytes(header.miner)),
    work: record.work.toString(),
    state: stateOf(chain, record),
    ...(body === undefined
      ? {}
      : { transactions: body.count, size: emptyBlockSize(header.extra.length) + body.bytes }),
  };
}

/** How many times as hard as the easiest block the network allows the tip was. */
export function difficultyOf({ network, tip }: Chain): number {
  return Number(requireTarget(network.params.limitBits)) / Number(requireTarget(tip.sealed.header.bits));
}

function stateOf(chain: Chain, record: BlockRecord): BlockSummaryJson['state'] {
  if (record.status !== 'body') return record.status;
  return chain.isOnChain(record) ? 'chain' : 'branch';
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
