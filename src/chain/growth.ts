/**
 * How the chain grows: blocks are added, and the tip moves to the most work. Most blocks follow the tip and
 * are through in one commit (`block-commit.ts`); a long move takes many steps (`long-switch.ts`).
 */
import { invariant, RuleError } from '../core/errors.ts';
import { type Address, type BlockId, idFromBytes } from '../core/identifiers.ts';
import type { Account } from '../core/state.ts';
import type { NetworkParams } from '../core/types.ts';
import type { Durability, Store } from '../store/store.ts';
import type { AddResult } from './add-result.ts';
import { type AddedKind, BlockCommit } from './block-commit.ts';
import type { BlockTree } from './block-tree.ts';
import { InvalidBlockError } from './errors.ts';
import { LongSwitch, type LongSwitchResult } from './long-switch.ts';
import { LostBodies } from './lost-bodies.ts';
import type { BlockRecord, CheckedBlock, TipChange } from './records.ts';
import { currentAccount, settleStaged } from './staged-state.ts';
import type { StepSizes } from './step-sizes.ts';

/** Some milliseconds. */
const LEFT_PER_STEP = 512;

export type TipListener = (change: TipChange) => void;
/** @returns what is left to do in steps; mostly nothing after a short move */
export type TipFollower = (change: TipChange) => Iterable<void>;

/** What one commit did. */
interface Commit {
  readonly kinds: readonly AddedKind[];
  readonly change: TipChange | undefined;
  readonly far: BlockRecord | undefined;
  readonly refused: RuleError | undefined;
}

/** A commit, and what its followers still have to do. */
interface Committed extends Commit {
  readonly following: Iterable<void>;
}

export class Growth {
  readonly listeners = new Set<TipListener>();
  readonly followers = new Set<TipFollower>();
  readonly #params: NetworkParams;
  readonly #store: Store;
  readonly #tree: BlockTree;
  readonly #sizes: StepSizes;
  readonly #lost: LostBodies;
  #tip: BlockRecord;
  /** Of the best header; its record changes when the body comes. */
  #best: number;
  #isAdding = false;
  #isMoving = false;
  /** Whether the staged accounts count. */
  #isStaged: boolean;
  /** A heavier branch may be here already: something failed before the tip moved to it. */
  #mayBeBehind = true;

  constructor(params: NetworkParams, store: Store, tree: BlockTree, tip: BlockRecord, sizes: StepSizes) {
    this.#sizes = sizes;
    this.#params = params;
    this.#store = store;
    this.#tree = tree;
    this.#tip = tip;
    this.#isStaged = store.staged.counts();
    this.#lost = new LostBodies(store, tree, tip);
    this.#best = this.#findBest();
  }

  get tip(): BlockRecord {
    return this.#tip;
  }

  get bestHeader(): BlockRecord {
    return this.#tree.get(this.#best);
  }

  get isMoving(): boolean {
    return this.#isMoving || this.#isStaged;
  }

  /** At the tip. */
  account(address: Address): Account {
    return currentAccount(this.#store, address, this.#isStaged);
  }

  /** A header was kept. */
  headerAdded(record: BlockRecord): void {
    if (record.work > this.bestHeader.work) this.#best = record.number;
  }

  /** @param record has no body */
  markInvalid(record: BlockRecord): void {
    this.#store.atomically(() => this.#tree.markInvalid(record));
    this.#best = this.#findBest();
  }

  /** As `Chain.adding`. */
  *adding(
    blocks: readonly CheckedBlock[],
    nowMs: number,
    durability: Durability,
  ): Generator<void, AddResult[]> {
    requireConsecutive(blocks);
    invariant(!this.#isAdding, 'blocks are added one after the other');
    this.#isAdding = true;
    try {
      if (this.#mayBeBehind) yield* this.#catchUp();
      this.#mayBeBehind = false;
      if (blocks.length === 0) return [];
      this.#mayBeBehind = true;
      const commit = this.#commit(blocks, nowMs, durability);
      yield* this.#follow(commit.following);
      const far = commit.far;
      const move =
        far &&
        (yield* this.#move(
          far,
          durability,
          blocks.find(({ id }) => id === far.id),
        ));
      this.#mayBeBehind = false;
      const results = this.#resultsOf(blocks, commit, move);
      this.#noteBeside(blocks, results);
      if (commit.change !== undefined || move?.change !== undefined) {
        this.#lost.tipMoved(this.#tip, this.bestHeader);
      }
      const refused = move?.refused ?? commit.refused;
      if (refused !== undefined) throw withResults(refused, results);
      return results;
    } finally {
      this.#isAdding = false;
    }
  }

  #commit(blocks: readonly CheckedBlock[], nowMs: number, durability: Durability): Committed {
    const done = this.#store.atomically((): Commit => {
      const commit = new BlockCommit(this.#params, this.#store, this.#tree, this.#tip, this.#sizes);
      const kinds: AddedKind[] = [];
      let refused: RuleError | undefined;
      try {
        for (const block of blocks) {
          const kind = commit.add(block, nowMs);
          kinds.push(kind);
          if (kind === 'orphan' || kind === 'early') break;
        }
      } catch (error) {
        // A broken rule is remembered, and what came before it stays; anything else takes all of it back.
        if (!(error instanceof RuleError)) throw error;
        refused = error;
      }
      return { kinds, change: commit.finish(), far: commit.far, refused };
    }, durability);
    this.#take(done.change);
    if (done.refused !== undefined) this.#best = this.#findBest();
    if (done.far !== undefined) this.headerAdded(done.far);
    for (const number of this.#left(done.change)) this.#lost.add(number);
    return { ...done, following: this.#tell(done.change) };
  }

  *#follow(following: Iterable<void>): Generator<void> {
    this.#isMoving = true;
    try {
      yield* following;
    } finally {
      this.#isMoving = false;
    }
  }

  /** What a crash or a failed write left undone. */
  *#catchUp(): Generator<void> {
    if (this.#isStaged) yield* this.#settle();
    for (let target = this.#heaviest(); target.work > this.#tip.work; target = this.#heaviest()) {
      yield* this.#move(target, 'full');
    }
  }

  /** On the way to the best header, the last block whose body is here. */
  #heaviest(): BlockRecord {
    const [missing] = this.#tree.missingBodies(this.bestHeader, 1);
    return missing === undefined ? this.bestHeader : this.#tree.get(missing.parent);
  }

  *#move(
    target: BlockRecord,
    durability: Durability,
    block?: CheckedBlock,
  ): Generator<void, LongSwitchResult> {
    this.#isMoving = true;
    try {
      yield;
      const result = yield* new LongSwitch({
        params: this.#params,
        store: this.#store,
        tree: this.#tree,
        sizes: this.#sizes,
        tip: this.#tip,
        target,
        block,
        durability,
      }).run();
      this.#isStaged = result.isStaged;
      this.#take(result.change);
      yield* this.#tell(result.change);
      for (const number of this.#left(result.change)) {
        this.#lost.add(number);
        if (number % LEFT_PER_STEP === 0) yield;
      }
      if (result.isStaged) yield* this.#settle();
      const invalid = result.refused && this.#store.blocks.find(result.refused.block);
      if (invalid !== undefined) {
        yield* this.#tree.markInvalidInSteps(invalid);
        this.#best = this.#findBest();
      }
      return result;
    } finally {
      this.#isMoving = false;
    }
  }

  *#settle(): Generator<void> {
    yield* settleStaged(this.#store, this.#sizes);
    this.#isStaged = false;
  }

  /** A commit moved the tip. */
  #take(change: TipChange | undefined): void {
    if (change === undefined) return;
    this.#tip = change.newTip;
    if (this.#tip.work >= this.bestHeader.work) this.#best = this.#tip.number;
  }

  /** Blocks that were kept and did not come on the chain. */
  #noteBeside(blocks: readonly CheckedBlock[], results: readonly AddResult[]): void {
    for (const [index, { kind }] of results.entries()) {
      const record =
        kind === 'stored' ? this.#store.blocks.find((blocks[index] as CheckedBlock).id) : undefined;
      if (record !== undefined) this.#lost.add(record.number);
    }
  }

  /** Numbers of the blocks a change took off the chain, highest first. */
  *#left(change: TipChange | undefined): Generator<number> {
    let number = change?.oldTip.number ?? -1;
    for (let left = change?.disconnected.length ?? 0; left > 0; left--) {
      yield number;
      number = this.#tree.parentNumber(number);
    }
  }

  /** @returns what followers still have to do */
  #tell(change: TipChange | undefined): Iterable<void> {
    if (change === undefined) return [];
    const following = [...this.followers].map((follower) => follower(change));
    for (const listener of this.listeners) listener(change);
    return inTurn(following);
  }

  /** A result each, up to the first block that did not get where it was to be. */
  #resultsOf(
    blocks: readonly CheckedBlock[],
    { change, kinds }: Commit,
    move: LongSwitchResult | undefined,
  ): AddResult[] {
    const results: AddResult[] = [];
    for (const [index, kind] of kinds.entries()) {
      if (kind === 'far') {
        if (move?.change === undefined || !this.#isOnChain(blocks[index]?.id)) break;
        results.push({ kind: 'connected', change: move.change });
      } else if (kind === 'connected') {
        invariant(change !== undefined, 'a block was connected, so the tip moved');
        results.push({ kind, change });
      } else results.push({ kind });
    }
    return results;
  }

  #isOnChain(id: BlockId | undefined): boolean {
    const record = id && this.#store.blocks.find(id);
    return record !== undefined && this.#tree.isOnChain(record);
  }

  #findBest(): number {
    const best = this.#store.blocks.best();
    return best === undefined || best.work <= this.#tip.work ? this.#tip.number : best.number;
  }
}

function* inTurn(all: readonly Iterable<void>[]): Generator<void> {
  for (const steps of all) yield* steps;
}

function requireConsecutive(blocks: readonly CheckedBlock[]): void {
  for (const [index, { block }] of blocks.entries()) {
    const before = blocks[index - 1];
    invariant(
      before === undefined || idFromBytes<BlockId>(block.sealed.header.parent) === before.id,
      'blocks of one commit follow each other',
    );
  }
}

/** The error with what became of the blocks before, for whoever reports them. */
function withResults(error: RuleError, results: readonly AddResult[]): RuleError {
  return error instanceof InvalidBlockError ? error.with(results) : error;
}
