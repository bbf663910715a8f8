/**
 * The tree of all blocks known. Finds ancestors in a logarithmic number of steps, so that no index of the
 * whole chain is held in memory.
 *
 * Every block remembers its parent and one ancestor further back, its jump: the parent's jump's jump if the
 * parent's two last jumps were of the same length, else the parent.
 * Source: Myers, "An applicative random-access stack", 1983.
 */
import { invariant } from '../core/errors.ts';
import type { BlockId } from '../core/identifiers.ts';
import { workOfBits } from '../core/target.ts';
import type { SealedHeader } from '../core/types.ts';
import { damaged } from '../store/errors.ts';
import type { BlockLink, Store } from '../store/store.ts';
import type { BlockRecord, BlockStatus } from './records.ts';

/** Their bodies are 2 MiB at most, and freeing one takes a fraction of a millisecond. */
const MARKED_PER_COMMIT = 16;

export class BlockTree {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** @throws StoreError `damaged` if there is none: whoever has the number got it from another row */
  get(number: number): BlockRecord {
    const record = this.#store.blocks.get(number);
    if (record === undefined) throw damaged(`there is no block number ${number}, but it is named`);
    return record;
  }

  parentOf(record: BlockRecord): BlockRecord | undefined {
    return record.parent < 0 ? undefined : this.get(record.parent);
  }

  /** -1 for the genesis. @throws StoreError `damaged` if there is no such block */
  parentNumber(number: number): number {
    return this.#link(number).parent;
  }

  isOnChain(record: BlockRecord): boolean {
    return this.#store.mainChain.at(record.height) === record.number;
  }

  /** As `isOnChain`, without reading the header. */
  isNumberOnChain(number: number): boolean {
    return this.#store.mainChain.at(this.#link(number).height) === number;
  }

  /** Writes a new block after its parent. */
  insert(id: BlockId, sealed: SealedHeader, parent: BlockRecord, status: BlockStatus): BlockRecord {
    const record: BlockRecord = {
      number: this.#store.blocks.count(),
      id,
      parent: parent.number,
      height: parent.height + 1,
      work: parent.work + workOfBits(sealed.header.bits),
      sealed,
      status,
    };
    this.#store.blocks.insert(record, this.#jumpAfter(this.#link(parent.number)));
    return record;
  }

  /** The ancestor at `height`, or the block itself. @param height 0 to the record's */
  ancestor(record: BlockRecord, height: number): BlockRecord {
    return this.get(this.#descend(record.number, (link) => link.height >= height));
  }

  /** The last block of the main chain on the way from the genesis to `record`. */
  lastOnChain(record: BlockRecord): BlockRecord {
    const isOffChain = (link: BlockLink) => this.#store.mainChain.at(link.height) !== link.number;
    if (this.isOnChain(record)) return record;
    return this.get(this.#link(this.#descend(record.number, isOffChain)).parent);
  }

  /**
   * The first blocks without a body on the way to `record`, lowest first. That a stored body has all its
   * ancestors' bodies stored too is what makes this quick.
   */
  missingBodies(record: BlockRecord, limit: number): BlockRecord[] {
    if (record.status !== 'header' || limit <= 0) return [];
    const first = this.#link(this.#descend(record.number, (link) => link.status === 'header'));
    const last = this.ancestor(record, Math.min(record.height, first.height + limit - 1));
    return this.path(this.get(first.parent), last);
  }

  /** The blocks after `ancestor` up to `record`, lowest first. */
  path(ancestor: BlockRecord, record: BlockRecord): BlockRecord[] {
    const path: BlockRecord[] = [];
    for (let at = record; at.number !== ancestor.number; at = this.get(at.parent)) {
      invariant(at.height > ancestor.height, 'the ancestor lies on the way to the genesis');
      path.push(at);
    }
    return path.reverse();
  }

  /** Marks a block and all that descend from it. Their bodies go: nobody will ask for them. */
  markInvalid(record: BlockRecord): void {
    this.#mark([record.number, ...this.#store.blocks.descendants(record.number)]);
  }

  /** The same in several commits, ancestors first: a crash between two leaves descendants of an invalid block. */
  *markInvalidInSteps(record: BlockRecord): Generator<void> {
    const numbers = [record.number, ...this.#store.blocks.descendants(record.number)];
    for (let at = 0; at < numbers.length; at += MARKED_PER_COMMIT) {
      this.#store.atomically(() => this.#mark(numbers.slice(at, at + MARKED_PER_COMMIT)), 'bulk');
      yield;
    }
  }

  #mark(invalid: readonly number[]): void {
    for (const number of invalid) {
      this.#store.blocks.setStatus(number, 'invalid');
      this.#store.bodies.remove(number);
    }
  }

  /** The jump a block should have. */
  jumpOf({ parent }: BlockRecord): number {
    return parent < 0 ? 0 : this.#jumpAfter(this.#link(parent));
  }

  /**
   * Goes from a block towards the genesis, as far as `holds` holds. It must hold for the block itself, and
   * for every block between one it holds for and the start.
   */
  #descend(number: number, holds: (link: BlockLink) => boolean): number {
    let at = this.#link(number);
    while (at.parent >= 0) {
      const jump = this.#link(at.jump);
      const next = holds(jump) ? jump : this.#link(at.parent);
      if (!holds(next)) break;
      at = next;
    }
    return at.number;
  }

  #jumpAfter(parent: BlockLink): number {
    if (parent.parent < 0) return parent.number;
    const jump = this.#link(parent.jump);
    const jumpOfJump = this.#link(jump.parent < 0 ? jump.number : jump.jump);
    const sameLength = parent.height - jump.height === jump.height - jumpOfJump.height;
    return sameLength ? jumpOfJump.number : parent.number;
  }

  #link(number: number): BlockLink {
    const link = this.#store.blocks.link(number);
    if (link === undefined) throw damaged(`there is no block number ${number}, but it is named`);
    return link;
  }
}
