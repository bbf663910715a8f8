/** Locators: how one node tells another, in a few ids, which chain it is on. */
import type { BlockId } from '../core/identifiers.ts';
import type { BlockTree } from './block-tree.ts';
import type { BlockRecord } from './records.ts';

/** Ids of a locator at most, ours and anybody's: enough for 2^50 blocks. */
export const MAX_LOCATOR_IDS = 64;
/** Most forks are this shallow, so the exact fork point is among the ids. */
const DENSE_IDS = 10;

/** Heights of a locator from `height` down: dense at first, then in doubling steps; the genesis last. */
export function locatorHeights(height: number): number[] {
  const heights: number[] = [];
  let step = 1;
  for (let at = height; at > 0; at -= step) {
    heights.push(at);
    if (heights.length >= DENSE_IDS) step *= 2;
  }
  return [...heights, 0];
}

/** Ids on the way from `record` to the genesis, newest first. */
export function locatorFrom(tree: BlockTree, record: BlockRecord): BlockId[] {
  const ids: BlockId[] = [];
  let at = record;
  for (const height of locatorHeights(record.height)) {
    at = tree.ancestor(at, height);
    ids.push(at.id);
  }
  return ids;
}
