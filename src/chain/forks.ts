/**
 * The branches beside the chain: what lost, what may still win, what never came whole.
 *
 *     A ── B ── C ── D ── E    the chain; E is its tip
 *          └─── c ── d         a branch: B is the common ancestor, c its first block, d its last
 *
 * A fork is named by the last block of its branch. Where two branches leave the chain together and part later,
 * each has a last block of its own. Nothing is kept for this: it is read from the tree, and however long the chain
 * and its branches are, every step looks at a bounded number of rows.
 */
import { transactionId } from '../core/hashing.ts';
import type { Address } from '../core/identifiers.ts';
import { idFromBytes } from '../core/identifiers.ts';
import type { BlockLink, Store } from '../store/store.ts';
import type { BlockTree } from './block-tree.ts';
import type { BlockRecord } from './records.ts';

/** Of each side, from the common ancestor up, for who mined them. */
const MAX_MINERS_LOOKED_AT = 64;
/** Children gone through on the way from a block to the end of its branch. */
const MAX_STEPS_TO_END = 1_000;
/** Places a transaction may have: on the chain, and on branches that were the chain. */
const MAX_PLACES = 16;

/**
 * - `open`: the chain has no more work than it.
 * - `lost`: it has.
 * - `headers`: not all of its bodies are here: they never came, or it lost long ago and they have been let go.
 * - `invalid`: a block of it broke a rule.
 */
export type ForkState = 'open' | 'lost' | 'headers' | 'invalid';

/** Blocks of one side after the common ancestor. */
export interface ForkSide {
  readonly blocks: number;
  /** Undefined if there are none: a refused block may be the first after the tip. */
  readonly first: BlockRecord | undefined;
  /** The common ancestor if there are none. */
  readonly last: BlockRecord;
  /** How many blocks each mined of the first `MAX_MINERS_LOOKED_AT`, in the order in which they appear. */
  readonly miners: ReadonlyMap<Address, number>;
}

export interface Fork {
  readonly state: ForkState;
  readonly ancestor: BlockRecord;
  readonly branch: ForkSide;
  /** Up to the first block with which it has more work than the branch; up to the tip if there is none. */
  readonly chain: ForkSide;
  /** Whether the chain has more work. */
  readonly isDecided: boolean;
  /** How many of the branch's blocks, from its first, were the chain here and left it again. */
  readonly leftChain: number;
}

export class Forks {
  readonly #store: Store;
  readonly #tree: BlockTree;

  constructor(store: Store, tree: BlockTree) {
    this.#store = store;
    this.#tree = tree;
  }

  /**
   * Last blocks of branches, the last to come first. A step each, also where there is none: the caller may stop
   * between two, and go on with `before` the number of the last step.
   *
   * @param before only blocks that came before the one of this number
   */
  *ends(before: number): Generator<{ readonly number: number; readonly end: BlockRecord | undefined }> {
    let number = Math.min(before, this.#store.blocks.count()) - 1;
    while (number >= 0) {
      const link = this.#store.blocks.link(number);
      if (link === undefined) return;
      yield { number, end: this.#isEnd(link) ? this.#tree.get(number) : undefined };
      number = this.#below(link);
    }
  }

  /**
   * The end of the branch a block is on: along the first child of each. The block itself if it has none.
   *
   * @returns undefined if it is more than `MAX_STEPS_TO_END` blocks away
   */
  endOf(record: BlockRecord): BlockRecord | undefined {
    let number = record.number;
    for (let step = 0; step <= MAX_STEPS_TO_END; step++) {
      const child = this.#store.blocks.firstChild(number);
      if (child === undefined) return this.#tree.get(number);
      number = child;
    }
    return undefined;
  }

  /**
   * @param end of a branch @param tip the chain's
   * @returns undefined if it is no fork: on the chain, or headers that go on from the tip and are being fetched
   */
  fork(end: BlockRecord, tip: BlockRecord): Fork | undefined {
    const ancestor = this.#tree.lastOnChain(end);
    if (ancestor.number === end.number) return undefined;
    if (end.status === 'header' && ancestor.number === tip.number) return undefined;
    const decisive = this.#firstWithMoreWork(end.work, ancestor, tip);
    return {
      state: stateOf(end, decisive !== undefined),
      ancestor,
      branch: this.#side(ancestor, end),
      chain: this.#side(ancestor, decisive ?? tip),
      isDecided: decisive !== undefined,
      leftChain: this.#leftChain(ancestor, end),
    };
  }

  /**
   * How many transactions of the blocks that left the chain were not in the blocks that took their place, so that
   * they had to be mined again. A step for each that is looked at.
   *
   * @param limit of steps @returns undefined if there would be more, or if the branch's bodies have been let go
   */
  *returned(fork: Fork, limit: number): Generator<void, number | undefined> {
    const { ancestor, branch, chain, leftChain } = fork;
    let room = limit - leftChain;
    if (room < 0) return undefined;
    let returned = 0;
    for (let height = ancestor.height + 1; height <= ancestor.height + leftChain; height++) {
      const { number } = this.#tree.ancestor(branch.last, height);
      const count = this.#store.bodies.count(number);
      if (count === undefined) return undefined;
      room -= count;
      if (room < 0) return undefined;
      for (const { transaction } of this.#store.bodies.get(number) ?? []) {
        const places = this.#store.transactions.find(transactionId(transaction), MAX_PLACES);
        if (!places.some(({ block }) => this.#isOnChainUpTo(block, chain.last.height))) returned++;
        yield;
      }
      yield;
    }
    return returned;
  }

  #isEnd({ height, number }: BlockLink): boolean {
    return this.#store.mainChain.at(height) !== number && this.#store.blocks.firstChild(number) === undefined;
  }

  /**
   * The number to look at next, below this block's. Where so many blocks came in a row as lie between it and its
   * jump, they are its ancestors: each has a child, so none is an end, however many there are.
   */
  #below({ height, jump, number, parent }: BlockLink): number {
    if (parent < 0) return -1;
    const target = this.#store.blocks.link(jump);
    const isUnbroken = target !== undefined && number - target.number === height - target.height;
    return isUnbroken ? target.number : number - 1;
  }

  #isOnChainUpTo(number: number, height: number): boolean {
    const link = this.#store.blocks.link(number);
    return link !== undefined && link.height <= height && this.#store.mainChain.at(link.height) === number;
  }

  #onChain(height: number): BlockRecord {
    const number = this.#store.mainChain.at(height);
    return this.#tree.get(number ?? -1);
  }

  #firstWithMoreWork(work: bigint, ancestor: BlockRecord, tip: BlockRecord): BlockRecord | undefined {
    if (tip.work <= work) return undefined;
    return this.#onChain(
      lowest(ancestor.height + 1, tip.height, (height) => this.#onChain(height).work > work),
    );
  }

  /**
   * What leaves the chain has an undo record, and so have all blocks between it and the chain. (So may the first blocks
   * of a long branch that was refused while the tip was on its way to it.)
   */
  #leftChain(ancestor: BlockRecord, end: BlockRecord): number {
    const isKept = (height: number) => this.#store.undo.has(this.#tree.ancestor(end, height).number);
    return (
      lowest(ancestor.height + 1, end.height + 1, (height) => height > end.height || !isKept(height)) -
      ancestor.height -
      1
    );
  }

  #side(ancestor: BlockRecord, last: BlockRecord): ForkSide {
    const blocks = last.height - ancestor.height;
    if (blocks === 0) return { blocks, first: undefined, last, miners: new Map() };
    const highest = this.#tree.ancestor(last, ancestor.height + Math.min(blocks, MAX_MINERS_LOOKED_AT));
    const path = this.#tree.path(ancestor, highest);
    const miners = new Map<Address, number>();
    for (const { sealed } of path) {
      const miner = idFromBytes<Address>(sealed.header.miner);
      miners.set(miner, (miners.get(miner) ?? 0) + 1);
    }
    return { blocks, first: path[0], last, miners };
  }
}

function stateOf({ status }: BlockRecord, isDecided: boolean): ForkState {
  if (status === 'invalid') return 'invalid';
  if (status === 'header') return 'headers';
  return isDecided ? 'lost' : 'open';
}

/** The lowest height for which `holds` holds; it does for the highest, and for all above one for which it does. */
function lowest(from: number, highest: number, holds: (height: number) => boolean): number {
  let [low, high] = [from, highest];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
