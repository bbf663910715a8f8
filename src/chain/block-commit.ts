/**
 * Blocks going into the store in one commit. What it knows of the tip is its own until the commit is
 * through; then the chain takes it over.
 */
import { invariant } from '../core/errors.ts';
import { isEarly } from '../core/header.ts';
import { type BlockId, idFromBytes } from '../core/identifiers.ts';
import type { NetworkParams } from '../core/types.ts';
import type { Store } from '../store/store.ts';
import type { AddResult } from './add-result.ts';
import type { BlockTree } from './block-tree.ts';
import { isLongWay, planSwitch, writeSwitch } from './branch-switch.ts';
import { InvalidBlockError, invalidAncestor } from './errors.ts';
import { HeaderRun } from './header-run.ts';
import type { BlockRecord, CheckedBlock, TipChange } from './records.ts';
import { StateView } from './state-view.ts';
import type { StepSizes } from './step-sizes.ts';

/** `far`: kept, and the way from the tip to it is too long for this commit. */
export type AddedKind = AddResult['kind'] | 'far';

export class BlockCommit {
  readonly #params: NetworkParams;
  readonly #store: Store;
  readonly #tree: BlockTree;
  readonly #sizes: StepSizes;
  readonly #oldTip: BlockRecord;
  readonly #view: StateView;
  readonly #disconnected: CheckedBlock[] = [];
  readonly #connected: CheckedBlock[] = [];
  #tip: BlockRecord;
  #far: BlockRecord | undefined;

  constructor(params: NetworkParams, store: Store, tree: BlockTree, tip: BlockRecord, sizes: StepSizes) {
    this.#sizes = sizes;
    this.#params = params;
    this.#store = store;
    this.#tree = tree;
    this.#oldTip = tip;
    this.#tip = tip;
    this.#view = new StateView((address) => store.accounts.get(address));
  }

  /** The heaviest block that is to become the tip, but not by this commit. */
  get far(): BlockRecord | undefined {
    return this.#far;
  }

  /**
   * Keeps a block and moves the tip to it if it has more work.
   *
   * @throws InvalidBlockError, RuleError `invalid-proof-of-work`: it is not kept, but if it, or one before
   *   it, turned out invalid in its place, that is
   */
  add(block: CheckedBlock, nowMs: number): AddedKind {
    const known = this.#store.blocks.find(block.id);
    if (known?.status === 'body') return 'known';
    if (known?.status === 'invalid') throw invalidAncestor(known.id, 'it is known to be invalid');
    const parent = this.#store.blocks.find(idFromBytes<BlockId>(block.block.sealed.header.parent));
    if (parent?.status === 'invalid') throw invalidAncestor(block.id, `its parent ${parent.id} is invalid`);
    if (parent?.status !== 'body') return 'orphan';
    if (known === undefined && isEarly(block.block.sealed.header, nowMs)) return 'early';
    const record = known === undefined ? this.#insert(block, parent) : this.#complete(known);
    this.#store.bodies.insert(record.number, block.block.transactions);
    if (record.work <= this.#tip.work) return 'stored';
    if (this.#far !== undefined || this.#isFar(record)) {
      this.#far = record;
      return 'far';
    }
    this.#moveTo(record, block);
    return 'connected';
  }

  /** Writes what is written once a commit. @returns what the commit did to the tip; undefined if nothing */
  finish(): TipChange | undefined {
    if (this.#tip === this.#oldTip) return undefined;
    for (const [address, account] of this.#view.accounts) this.#store.accounts.set(address, account);
    this.#keepAbandoned();
    return {
      disconnected: this.#disconnected,
      connected: this.#connected,
      oldTip: this.#oldTip,
      newTip: this.#tip,
      isLong: false,
    };
  }

  #isFar(record: BlockRecord): boolean {
    return isLongWay(this.#store, this.#tree, this.#tip, record, this.#sizes.shortMove);
  }

  #insert(block: CheckedBlock, parent: BlockRecord): BlockRecord {
    const { sealed } = block.block;
    const grandparent = this.#tree.parentOf(parent)?.sealed.header;
    const run = new HeaderRun(
      this.#params,
      { id: parent.id, header: parent.sealed.header, work: parent.work },
      grandparent,
    );
    run.append(sealed);
    invariant(run.tip.id === block.id, 'whoever checked the block computed its id');
    return this.#tree.insert(block.id, sealed, parent, 'body');
  }

  #complete(record: BlockRecord): BlockRecord {
    this.#store.blocks.setStatus(record.number, 'body');
    return { ...record, status: 'body' };
  }

  #moveTo(target: BlockRecord, block: CheckedBlock): void {
    try {
      const context = {
        params: this.#params,
        store: this.#store,
        tree: this.#tree,
        view: this.#view,
        tip: this.#tip,
      };
      const change = planSwitch(context, target, block);
      writeSwitch(this.#store, change);
      this.#view.absorb(change.view);
      this.#disconnected.push(...change.disconnected.map((step) => step.block));
      this.#connected.push(...change.connected.map((step) => step.block));
      this.#tip = target;
    } catch (error) {
      if (error instanceof InvalidBlockError) {
        const invalid = this.#store.blocks.find(error.block);
        invariant(invalid !== undefined, 'a block that was connected is stored');
        this.#tree.markInvalid(invalid);
      }
      throw error;
    }
  }

  /** In the same commit, or a crash could lose transactions somebody was told are kept. */
  #keepAbandoned(): void {
    if (this.#disconnected.length === 0) return;
    const confirmed = new Set(this.#connected.flatMap(({ transactionIds }) => transactionIds));
    for (const { block, transactionIds } of this.#disconnected) {
      for (const [index, id] of transactionIds.entries()) {
        const signed = block.transactions[index];
        if (signed !== undefined && !confirmed.has(id)) this.#store.pool.put(id, signed);
      }
    }
  }
}
