/**
 * Merkle trees laid out flat: nodes of 32 bytes, one after the other, hashed level by level, so that the hasher gets
 * long runs of 64-byte pairs.
 */
import { hasher, zeroHash } from '@chainsafe/persistent-merkle-tree';

export const HASH_BYTES = 32;
export const PAIR_BYTES = 2 * HASH_BYTES;

/** The `index`th node. */
export function partOf(nodes: Uint8Array, index: number): Uint8Array {
  return nodes.subarray(HASH_BYTES * index, HASH_BYTES * (index + 1));
}

/** Each root hashed with the length of its list. @param roots 32 bytes for each of `lengths` */
export function withLength(roots: Uint8Array, lengths: readonly number[]): Uint8Array {
  const pairs = new Uint8Array(PAIR_BYTES * lengths.length);
  const view = new DataView(pairs.buffer);
  for (const [index, length] of lengths.entries()) {
    pairs.set(partOf(roots, index), PAIR_BYTES * index);
    view.setUint32(PAIR_BYTES * index + HASH_BYTES, length, true);
  }
  return parents(pairs);
}

/** The same nodes with the root of an empty subtree behind an odd one. */
export function evened(nodes: Uint8Array, depth: number): Uint8Array {
  if (nodes.length % PAIR_BYTES === 0) return nodes;
  const even = new Uint8Array(nodes.length + HASH_BYTES);
  even.set(nodes);
  even.set(zeroHash(depth), nodes.length);
  return even;
}

/** The root `height` levels above the leaves of a tree whose first `depth` levels are `node`'s and all else is empty. */
export function padded(node: Uint8Array, depth: number, height: number): Uint8Array {
  const pair = new Uint8Array(PAIR_BYTES);
  const root = Uint8Array.from(node);
  for (let level = depth; level < height; level++) {
    pair.set(root);
    pair.set(zeroHash(level), HASH_BYTES);
    hasher.hashInto(pair, root);
  }
  return root;
}

/** The nodes so many levels up, of trees of the same width one after the other. */
export function ancestors(nodes: Uint8Array, levels: number): Uint8Array {
  let level = nodes;
  for (let up = 0; up < levels; up++) level = parents(level);
  return level;
}

/** The hash of each pair. */
export function parents(nodes: Uint8Array): Uint8Array {
  const hashes = new Uint8Array(nodes.length / 2);
  if (nodes.length > 0) hasher.hashInto(nodes, hashes);
  return hashes;
}
