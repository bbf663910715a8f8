/** A part of the tree of blocks, by height: the main chain and the branches beside it. */
import type { BlockLink, Store } from '../store/store.ts';

/** Of one height. The view draws a handful; a peer that floods one height must not make the part dear. */
const MAX_AT_A_HEIGHT = 64;
/** Of one part, however its blocks are spread over the heights; the chain's own come on top. */
const MAX_BLOCKS = 4_096;

/**
 * Blocks known from height `from` up to, not including, `to`, whenever they came: lowest first, the chain's own
 * before the others of its height. A link at a time: the caller may stop between two.
 */
export function* blocksBetween(store: Store, from: number, to: number): Generator<BlockLink> {
  const most = Math.max(1, Math.min(MAX_AT_A_HEIGHT, Math.floor(MAX_BLOCKS / Math.max(1, to - from))));
  for (let height = from; height < to; height++) {
    const numbers = new Set([store.mainChain.at(height) ?? [], store.blocks.atHeight(height, most)].flat());
    // A block has a parent, so above a height without blocks there are none.
    if (numbers.size === 0) return;
    for (const number of numbers) {
      const link = store.blocks.link(number);
      if (link !== undefined) yield link;
    }
  }
}
