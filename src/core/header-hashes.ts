/**
 * Ids of many headers at once, as `transaction-hashes.ts` does it for transactions. A header's tree has its seven
 * fields as leaves, padded to eight:
 *
 *     parent  height  timestamp  bits  miner  transactionsRoot  extra  0
 *
 * `extra` is one chunk with its length mixed in.
 */
import { ancestors, HASH_BYTES, PAIR_BYTES, parents, partOf, withLength } from './merkle.ts';
import type { SealedHeader } from './types.ts';

const LEAVES_BYTES = 8 * HASH_BYTES;
const LEVELS = 3;
const HEIGHT_AT = HASH_BYTES;
const TIMESTAMP_AT = 2 * HASH_BYTES;
const BITS_AT = 3 * HASH_BYTES;
const MINER_AT = 4 * HASH_BYTES;
const TRANSACTIONS_ROOT_AT = 5 * HASH_BYTES;
const EXTRA_AT = 6 * HASH_BYTES;

/** `hash_tree_root(SealedHeader)` of each: 32 bytes, one after the other. */
export function hashHeaders(headers: readonly SealedHeader[]): Uint8Array {
  const leaves = new Uint8Array(LEAVES_BYTES * headers.length);
  const view = new DataView(leaves.buffer);
  const extraRoots = rootsOfExtra(headers);
  for (const [index, { header }] of headers.entries()) {
    const at = LEAVES_BYTES * index;
    leaves.set(header.parent, at);
    view.setBigUint64(at + HEIGHT_AT, header.height, true);
    view.setBigUint64(at + TIMESTAMP_AT, header.timestamp, true);
    view.setUint32(at + BITS_AT, header.bits, true);
    leaves.set(header.miner, at + MINER_AT);
    leaves.set(header.transactionsRoot, at + TRANSACTIONS_ROOT_AT);
    leaves.set(partOf(extraRoots, index), at + EXTRA_AT);
  }
  const roots = ancestors(leaves, LEVELS);
  const sealed = new Uint8Array(PAIR_BYTES * headers.length);
  for (const [index, { nonce }] of headers.entries()) {
    sealed.set(partOf(roots, index), PAIR_BYTES * index);
    sealed.set(nonce, PAIR_BYTES * index + HASH_BYTES);
  }
  return parents(sealed);
}

function rootsOfExtra(headers: readonly SealedHeader[]): Uint8Array {
  const chunks = new Uint8Array(HASH_BYTES * headers.length);
  const lengths: number[] = [];
  for (const [index, { header }] of headers.entries()) {
    if (header.extra.length > 0) chunks.set(header.extra, HASH_BYTES * index);
    lengths.push(header.extra.length);
  }
  return withLength(chunks, lengths);
}
