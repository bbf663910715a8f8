/**
 * Lets go of the bodies of branches long lost, so that a ledger takes the room of its chain. Their headers stay: what
 * lost is still told of, and if it ever outweighs the chain after all, its bodies are fetched like any others.
 *
 * A stored body has all its ancestors' bodies stored too, so a branch goes from its end.
 */
import type { Store } from '../store/store.ts';
import type { BlockTree } from './block-tree.ts';
import type { BlockRecord } from './records.ts';
import { isOutweighed } from './weight.ts';

/** A branch is looked at when the chain has grown so far beyond it: ten minutes of five-second blocks. */
const LOST_AFTER_BLOCKS = 128;
/** Looked at after one move of the tip: some do not go yet. */
const LOOKED_AT_ONCE = 64;
/** Let go of after one move of the tip: 32 MiB at most, freed in a few milliseconds. */
const LET_GO_AT_ONCE = 16;
/** Rows gone through when the chain opens, for what was beside it when the last process ended. */
const MAX_LOOKED_BACK = 16_384;

export class LostBodies {
  readonly #store: Store;
  readonly #tree: BlockTree;
  /** Numbers of blocks that were kept beside the chain or have left it, in the order they are looked at. */
  #beside: number[] = [];

  constructor(store: Store, tree: BlockTree, tip: BlockRecord) {
    this.#store = store;
    this.#tree = tree;
    this.#lookBack(tip);
  }

  /** Blocks that are not on the chain and have a body. */
  add(number: number): void {
    this.#beside.push(number);
  }

  /** The tip has moved. @param best the best header: what is on the way to it is wanted */
  tipMoved(tip: BlockRecord, best: BlockRecord): void {
    const gone: number[] = [];
    const later: number[] = [];
    let looked = 0;
    for (const number of this.#beside) {
      if (looked === LOOKED_AT_ONCE || gone.length === LET_GO_AT_ONCE) break;
      const link = this.#store.blocks.link(number);
      if (link !== undefined && link.height > tip.height - LOST_AFTER_BLOCKS) break;
      looked++;
      if (link?.status !== 'body' || this.#store.mainChain.at(link.height) === number) continue;
      if (this.#isLost(number, tip, best, gone)) gone.push(number);
      else later.push(number);
    }
    if (looked > 0) this.#beside = [...this.#beside.slice(looked), ...later];
    if (gone.length > 0) this.#store.atomically(() => this.#letGo(gone), 'bulk');
  }

  #isLost(number: number, tip: BlockRecord, best: BlockRecord, gone: readonly number[]): boolean {
    const record = this.#tree.get(number);
    if (!isOutweighed(tip, record.work) || this.#isOnWayTo(best, record)) return false;
    const kept = this.#store.blocks.childrenWithBody(number, gone.length + 1);
    return kept.every((child) => gone.includes(child));
  }

  #isOnWayTo(best: BlockRecord, { height, number }: BlockRecord): boolean {
    return best.height >= height && this.#tree.ancestor(best, height).number === number;
  }

  #letGo(numbers: readonly number[]): void {
    for (const number of numbers) {
      this.#store.blocks.setStatus(number, 'header');
      this.#store.bodies.remove(number);
    }
  }

  /** The last to come is found first, so ends come before what they stand on. */
  #lookBack(tip: BlockRecord): void {
    const { blocks, mainChain } = this.#store;
    const last = blocks.count() - 1;
    for (let number = last; number > Math.max(0, last - MAX_LOOKED_BACK); number--) {
      const link = blocks.link(number);
      if (link === undefined) return;
      const isOnChain = mainChain.at(link.height) === number;
      if (isOnChain && link.height < tip.height - 2 * LOST_AFTER_BLOCKS) return;
      if (!isOnChain && link.status === 'body') this.#beside.push(number);
    }
  }
}
