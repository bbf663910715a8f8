/** A part of the tree of blocks, by height: the main chain and the branches beside it. */
import type { BlockLink, Store } from '../store/store.ts';

/**
 * How far from a block of the chain, in the order of arrival, a block of a branch is looked for. Blocks of one
 * height come within seconds of each other; only a branch of more blocks than this, told late, is not seen whole.
 */
const NEARBY_BLOCKS = 128;
/** A range of the chain that came in one go has a few hundred; more is a chain of many long branches. */
const MAX_BLOCKS_LOOKED_AT = 4_096;

/**
 * Blocks known from height `from` up to, not including, `to`. There is no index of branches by height, so
 * those are found that arrived at about the time of the chain's blocks. A link at a time, in order of arrival:
 * whoever reads it may stop between two.
 *
 * @returns undefined for one looked at that is not of these heights
 */
export function* blocksBetween(store: Store, from: number, to: number): Generator<BlockLink | undefined> {
  for (const number of [...numbersNear(store, from, to)].sort((a, b) => a - b)) {
    const link = store.blocks.link(number);
    yield link !== undefined && link.height >= from && link.height < to ? link : undefined;
  }
}

function numbersNear(store: Store, from: number, to: number): Set<number> {
  const onChain = store.mainChain.from(from, Math.max(0, to - from));
  const tip = store.mainChain.tip();
  if (tip !== undefined && (store.blocks.link(tip)?.height ?? 0) < to) onChain.push(tip);
  // The chain's own first: they are never left out.
  const numbers = new Set(onChain);
  const count = store.blocks.count();
  for (let distance = 1; distance <= NEARBY_BLOCKS; distance++) {
    for (const number of onChain) {
      if (numbers.size >= MAX_BLOCKS_LOOKED_AT) return numbers;
      if (number - distance >= 0) numbers.add(number - distance);
      if (number + distance < count) numbers.add(number + distance);
    }
  }
  return numbers;
}
