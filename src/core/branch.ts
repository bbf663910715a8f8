/**
 * The Merkle branch of one transaction: the nodes it is hashed with on its way up to `transactionsRoot`. Whoever has
 * them needs nothing else of the block's body.
 *
 * From the leaf, `hash_tree_root(SignedTransaction)`, upwards: a sibling on each of the 16 levels of the list, and the
 * list's length, which SSZ mixes in at the top.
 */
import { digest64, zeroHash } from '@chainsafe/persistent-merkle-tree';
import { invariant } from './errors.ts';
import { evened, HASH_BYTES, parents, partOf } from './merkle.ts';
import { MAX_TRANSACTIONS } from './types.ts';

const LIST_LEVELS = Math.log2(MAX_TRANSACTIONS);
/** Nodes of every branch, however few transactions the block has. */
export const BRANCH_NODES = LIST_LEVELS + 1;

/**
 * The branch of the transaction at `index`, from one pass over the tree.
 *
 * @param signedRoots 32 bytes for each transaction of the block, one after the other
 */
export function branchOf(signedRoots: Uint8Array, index: number): Uint8Array[] {
  const count = signedRoots.length / HASH_BYTES;
  invariant(index >= 0 && index < count, 'the caller has found the transaction in this block');
  const branch: Uint8Array[] = [];
  let level = signedRoots;
  for (let depth = 0; depth < LIST_LEVELS; depth++) {
    const sibling = partOf(level, (index >> depth) ^ 1);
    branch.push(sibling.length === 0 ? zeroHash(depth) : sibling.slice());
    level = parents(evened(level, depth));
  }
  branch.push(lengthNode(count));
  return branch;
}

/**
 * The `transactionsRoot` a branch leads to. It proves something only if it is the one of a header.
 *
 * @param leaf `hash_tree_root(SignedTransaction)`
 * @param index of the transaction in its block
 * @returns undefined if there is no such place in a list of the length the branch names, or it is no branch
 */
export function rootOfBranch(
  leaf: Uint8Array,
  index: number,
  branch: readonly Uint8Array[],
): Uint8Array | undefined {
  const length = branch.at(-1);
  if (branch.length !== BRANCH_NODES || length === undefined || !(index < readLength(length)))
    return undefined;
  let node = leaf;
  for (const [depth, sibling] of branch.slice(0, LIST_LEVELS).entries()) {
    node = ((index >> depth) & 1) === 0 ? digest64(node, sibling) : digest64(sibling, node);
  }
  return digest64(node, length);
}

/** As SSZ writes it: a little-endian integer of 32 bytes. */
function lengthNode(length: number): Uint8Array {
  const node = new Uint8Array(HASH_BYTES);
  new DataView(node.buffer).setUint32(0, length, true);
  return node;
}

/** NaN if it is not the length of any block's list. */
function readLength(node: Uint8Array): number {
  const length = new DataView(node.buffer, node.byteOffset, node.length).getUint32(0, true);
  return length <= MAX_TRANSACTIONS && node.subarray(4).every((byte) => byte === 0) ? length : Number.NaN;
}
