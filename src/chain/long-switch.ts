/**
 * A long move of the tip, in steps of some milliseconds. Everybody sees the old tip until one short commit
 * makes it the new one.
 *
 * 1. Prepare: undo the old branch and apply the new one on a view of the state that is staged. What is
 *    written means nothing while the tip stands: staged accounts do not count, an undo record and the places
 *    of transactions say nothing about the chain, and a confirmed transaction among those that wait is
 *    passed over.
 * 2. Move: the heights of the new branch, and a flag that makes the staged accounts count, in one commit.
 * 3. Settle: staged accounts go where accounts are kept.
 *
 * A crash in 1 leaves the old tip, in 2 the one or the other, in 3 the new one. If a block of the new branch
 * turns out invalid, nothing was done yet that could be seen.
 */
import { type Address, idFromBytes } from '../core/identifiers.ts';
import type { ReadAccount } from '../core/state.ts';
import type { NetworkParams } from '../core/types.ts';
import type { Durability, Store } from '../store/store.ts';
import type { BlockTree } from './block-tree.ts';
import { changeOf } from './branch-switch.ts';
import { InvalidBlockError, invalidAncestor } from './errors.ts';
import { PlaceBatch } from './place-batch.ts';
import type { BlockRecord, CheckedBlock, TipChange } from './records.ts';
import { discardStaged, StagedView } from './staged-state.ts';
import { undoOf } from './state-view.ts';
import type { StepSizes } from './step-sizes.ts';
import { requireStored, StoredRun, storedBlock } from './stored-block.ts';
import { storedUndo } from './take-back.ts';

/** What a block costs besides its transactions, in transactions. */
const BLOCK_COST = 4;
/** Links followed in one step. */
const LINKS_PER_STEP = 1_024;

export interface LongSwitchOptions {
  readonly params: NetworkParams;
  readonly store: Store;
  readonly tree: BlockTree;
  readonly tip: BlockRecord;
  /** Has more work than the tip, and all its ancestors' bodies are here. */
  readonly target: BlockRecord;
  /** The target, if it is at hand. */
  readonly block?: CheckedBlock | undefined;
  readonly durability: Durability;
  readonly sizes: StepSizes;
}

export interface LongSwitchResult {
  /** Undefined: the tip stands. */
  readonly change: TipChange | undefined;
  /** The first block of the new branch that is invalid. The tip is at the block before it if that has more work. */
  readonly refused: InvalidBlockError | undefined;
  /** Whether the staged accounts count now, and are to be settled. */
  readonly isStaged: boolean;
}

export class LongSwitch {
  readonly #options: LongSwitchOptions;
  readonly #view: StagedView;
  #spent = 0;

  constructor(options: LongSwitchOptions) {
    this.#options = options;
    this.#view = new StagedView(options.store, options.sizes);
  }

  *run(): Generator<void, LongSwitchResult> {
    const { block, sizes, store, target, tip, tree } = this.#options;
    yield* discardStaged(store, sizes);
    const fork = tree.lastOnChain(target);
    const old = yield* this.#numbers(fork, tip);
    const planned = yield* this.#numbers(fork, target);
    yield* this.#undo(old);
    const { applied, refused } = yield* this.#apply(planned);
    const reached = planned.slice(0, applied);
    const last = reached.at(-1);
    const newTip = last === undefined ? fork : tree.get(last);
    if (newTip.work <= tip.work) {
      yield* discardStaged(store, sizes);
      return { change: undefined, refused, isStaged: false };
    }
    yield* this.#keepAbandoned(old);
    yield* this.#view.prepare();
    const isStaged = this.#move(fork, reached);
    const change = {
      disconnected: new StoredRun(store, tree, old),
      connected: new StoredRun(store, tree, reached, block),
      oldTip: tip,
      newTip,
      isLong: true,
    };
    return { change, refused, isStaged };
  }

  /** Of the blocks after `ancestor` up to `record`, lowest first. */
  *#numbers(ancestor: BlockRecord, record: BlockRecord): Generator<void, number[]> {
    const numbers: number[] = [];
    for (let at = record.number; at !== ancestor.number; at = this.#options.tree.parentNumber(at)) {
      numbers.push(at);
      if (numbers.length % LINKS_PER_STEP === 0) yield;
    }
    return numbers.reverse();
  }

  /** The state before the old branch. @throws StoreError `damaged` */
  *#undo(old: readonly number[]): Generator<void> {
    const { params, store, tree } = this.#options;
    for (const number of old.toReversed()) {
      const record = tree.get(number);
      const transactions = requireStored(store.bodies.get(number), record, 'body');
      if (this.#isStepDone(BLOCK_COST + transactions.length / 2)) yield;
      const undo = storedUndo(params, store, record, transactions, this.#view.read);
      for (const [address, account] of undo) this.#view.set(address, account);
      if (this.#isStepDone(transactions.length / 2)) yield;
      yield* this.#view.relieve();
    }
  }

  /** Goes as far along the new branch as it is valid. */
  *#apply(
    numbers: readonly number[],
  ): Generator<void, { applied: number; refused: InvalidBlockError | undefined }> {
    const { block: atHand, params, sizes, store, target, tree } = this.#options;
    const places = new PlaceBatch(store);
    let applied = 0;
    let refused: InvalidBlockError | undefined;
    for (const number of numbers) {
      const record = tree.get(number);
      if (record.status === 'invalid') {
        refused = invalidAncestor(record.id, 'it is known to be invalid');
        break;
      }
      const block = record.number === target.number && atHand ? atHand : storedBlock(store, record);
      const size = block.transactionIds.length;
      if (this.#isStepDone(BLOCK_COST + size / 2)) yield;
      const change = accepted(() => changeOf(params, record, block, this.#view.read));
      if (change instanceof InvalidBlockError) {
        refused = change;
        break;
      }
      applied++;
      for (const [address, { after }] of change) this.#view.set(address, after);
      store.atomically(() => store.undo.put(number, undoOf(change)), 'bulk');
      places.add(record, block);
      if (this.#isStepDone(BLOCK_COST + size / 2)) yield;
      if (places.size > sizes.heldPlaces) yield* places.write(sizes.places);
      yield* this.#view.relieve();
    }
    yield* places.write(sizes.places);
    return { applied, refused };
  }

  /**
   * Transactions of the old branch that the new one has not used up wait for a block again: kept before the
   * tip moves, or a crash could lose transactions somebody was told are kept.
   */
  *#keepAbandoned(old: readonly number[]): Generator<void> {
    const { sizes, store, tree } = this.#options;
    for (const block of new StoredRun(store, tree, old)) {
      const { length } = block.transactionIds;
      if (this.#isStepDone(BLOCK_COST + length / 2)) yield;
      for (let from = 0; from < length; from += sizes.transactions) {
        store.atomically(() => {
          keepWaiting(store, block, this.#view.read, from, Math.min(length, from + sizes.transactions));
        }, 'bulk');
        this.#spent = 0;
        yield;
      }
    }
  }

  #move(fork: BlockRecord, branch: readonly number[]): boolean {
    const { durability, store } = this.#options;
    return store.atomically(() => {
      store.mainChain.truncate(fork.height);
      let height = fork.height;
      for (const number of branch) store.mainChain.append(++height, number);
      return this.#view.write();
    }, durability);
  }

  /** True once in so much work: others are to have their turn. */
  #isStepDone(cost: number): boolean {
    this.#spent += cost;
    if (this.#spent < this.#options.sizes.transactions) return false;
    this.#spent = 0;
    return true;
  }
}

/** Keeps those of a block's transactions whose turn is still to come in the state after the switch. */
function keepWaiting(
  store: Store,
  { block, transactionIds }: CheckedBlock,
  read: ReadAccount,
  from: number,
  to: number,
): void {
  for (let index = from; index < to; index++) {
    const signed = block.transactions[index];
    const id = transactionIds[index];
    if (signed === undefined || id === undefined) continue;
    const { sender, sequence } = signed.transaction;
    if (sequence >= read(idFromBytes<Address>(sender)).sequence) store.pool.put(id, signed);
  }
}

function accepted<T>(work: () => T): T | InvalidBlockError {
  try {
    return work();
  } catch (error) {
    if (error instanceof InvalidBlockError) return error;
    throw error;
  }
}
