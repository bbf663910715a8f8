/**
 * Topic `block`: a block as it is gossiped, its transactions named by short ids, for nearly all of them are in
 * everybody's pool. The miner may add some in full, those it believes others lack.
 */
import type { ValueOf } from '@chainsafe/ssz';
import type { CheckedBlock } from '../chain/records.ts';
import { mostTransactions, sizeInBlock } from '../core/encoding.ts';
import { RuleError } from '../core/errors.ts';
import { ID_BYTES, idToBytes } from '../core/identifiers.ts';
import { packShortIds, SHORT_ID_BYTES, shortIdsOf } from '../core/short-ids.ts';
import type { NetworkParams, SealedHeader, SignedTransaction } from '../core/types.ts';
import { CompactBlockType, decodeWire, MAX_PREFILLED } from './wire.ts';

/** Bytes of transactions a miner gives in full: worth a round trip saved at every hop, and no more than half of what the short ids take. */
export const PREFILL_BYTES = 16 * 1_024;

export type Prefilled = ValueOf<typeof CompactBlockType>['prefilled'][number];

export interface CompactBlock {
  /** 0 if unknown. */
  readonly publishedAt: number;
  readonly sealed: SealedHeader;
  /** 6 bytes of every transaction. */
  readonly shortIds: Uint8Array;
  readonly prefilled: Prefilled[];
}

/**
 * @param fresh transactions others may not have yet: if there are few of them in the block, they are given in full;
 *   if there are many, others must ask anyway
 */
export function compactBlock(
  { block, id, transactionIds }: CheckedBlock,
  publishedAt: number,
  fresh: ReadonlySet<SignedTransaction>,
): CompactBlock {
  const ids = new Uint8Array(ID_BYTES * transactionIds.length);
  transactionIds.forEach((transaction, index) => {
    ids.set(idToBytes(transaction), ID_BYTES * index);
  });
  return {
    publishedAt,
    sealed: block.sealed,
    shortIds: packShortIds(shortIdsOf(ids, idToBytes(id))),
    prefilled: prefilled(block.transactions, fresh),
  };
}

function prefilled(transactions: SignedTransaction[], fresh: ReadonlySet<SignedTransaction>): Prefilled[] {
  const chosen: Prefilled[] = [];
  let bytes = 0;
  if (fresh.size === 0) return chosen;
  for (const [index, signed] of transactions.entries()) {
    if (!fresh.has(signed)) continue;
    bytes += sizeInBlock(signed);
    if (bytes > PREFILL_BYTES || chosen.length === MAX_PREFILLED) return [];
    chosen.push({ index, signed });
  }
  return chosen;
}

export function encodeCompactBlock(compact: CompactBlock): Uint8Array {
  return CompactBlockType.serialize({ ...compact, publishedAt: BigInt(compact.publishedAt) });
}

/** @throws RuleError `malformed-encoding`; `oversized-block` if no block can have so many transactions */
export function decodeCompactBlock(message: Uint8Array, params: NetworkParams): CompactBlock {
  const { publishedAt, ...compact } = decodeWire(CompactBlockType, message, 'compact block');
  const { prefilled: given, shortIds } = compact;
  if (shortIds.length % SHORT_ID_BYTES !== 0) {
    throw new RuleError('malformed-encoding', `compact block: ${shortIds.length} bytes of short ids`);
  }
  const count = shortIds.length / SHORT_ID_BYTES;
  if (count > mostTransactions(params.maxBlockBytes)) {
    throw new RuleError('oversized-block', `${count} transactions, at most ${params.maxBlockBytes} bytes`);
  }
  requireAscending(
    given.map(({ index }) => index),
    count,
  );
  return { ...compact, publishedAt: publishedAt > Number.MAX_SAFE_INTEGER ? 0 : Number(publishedAt) };
}

/** @throws RuleError `malformed-encoding` if they do not ascend, or are not below `count` */
export function requireAscending(indexes: readonly number[], count: number): void {
  const isWrong = indexes.some(
    (index, at) => index >= count || (at > 0 && index <= (indexes[at - 1] as number)),
  );
  if (isWrong) throw new RuleError('malformed-encoding', 'indexes do not ascend within the block');
}
