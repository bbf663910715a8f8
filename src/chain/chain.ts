/**
 * What a node knows of the ledger: the tree of blocks, the chain with the most work and the state at its
 * tip.
 *
 * A block passes these stages: its header is checked against its ancestors (`header-run.ts`), it is put
 * into the tree (`block-tree.ts`), and if it has more work than the tip, the tip moves to it
 * (`growth.ts`): all in one commit, or, if the way is long, prepared in many and seen when the last of them
 * is through. The tip stands for the commit: whatever happens, what
 * the store says is what is here.
 */
import { assembleBlock, encodeSealedHeader } from '../core/encoding.ts';
import { invariant } from '../core/errors.ts';
import { isEarly } from '../core/header.ts';
import { hashHeaders } from '../core/header-hashes.ts';
import { type Address, type BlockId, idFromBytes, type TransactionId } from '../core/identifiers.ts';
import { partOf } from '../core/merkle.ts';
import type { NetworkDefinition } from '../core/network-params.ts';
import type { Account } from '../core/state.ts';
import type { Block, SealedHeader } from '../core/types.ts';
import type { StoreError } from '../store/errors.ts';
import type { Durability, Store } from '../store/store.ts';
import type { AddResult } from './add-result.ts';
import { BlockTree } from './block-tree.ts';
import { invalidAncestor, UnknownParentError } from './errors.ts';
import { Forks } from './forks.ts';
import { Growth, type TipFollower, type TipListener } from './growth.ts';
import { HeaderRun } from './header-run.ts';
import { locatorFrom, MAX_LOCATOR_IDS } from './locator.ts';
import {
  type ConfirmedTransaction,
  findHistory,
  findTransaction,
  type HistoryPage,
  seemsConfirmed,
} from './lookup.ts';
import { openTip } from './opening.ts';
import type { BlockRecord, CheckedBlock } from './records.ts';
import { STEP_SIZES, type StepSizes } from './step-sizes.ts';
import { blocksBetween } from './tree-part.ts';
import { type Validity, type VerifyOptions, verifyChain } from './validity.ts';
import { isOutweighed } from './weight.ts';

export interface AddedHeaders {
  /** Those that were new, in order. */
  readonly added: BlockRecord[];
  /** The first that is too far ahead of the clock; neither it nor those after it were kept. */
  readonly early?: SealedHeader;
}

export class Chain {
  readonly network: NetworkDefinition;
  readonly forks: Forks;
  readonly #store: Store;
  readonly #tree: BlockTree;
  readonly #growth: Growth;

  private constructor(network: NetworkDefinition, store: Store, tip: BlockRecord, sizes: StepSizes) {
    this.network = network;
    this.#store = store;
    this.#tree = new BlockTree(store);
    this.forks = new Forks(store, this.#tree);
    this.#growth = new Growth(network.params, store, this.#tree, tip, sizes);
  }

  /**
   * Opens the chain a store holds; an empty store gets the genesis.
   *
   * @param sizes of the steps a long move of the tip takes
   * @throws StoreError if the store is damaged or holds another network's chain
   */
  static open(network: NetworkDefinition, store: Store, sizes: StepSizes = STEP_SIZES): Chain {
    return new Chain(network, store, openTip(network, store, sizes), sizes);
  }

  /** The last block of the valid chain with the most work; of equals, the one that was connected first. */
  get tip(): BlockRecord {
    return this.#growth.tip;
  }

  /** Most work among all headers not known to be invalid; of equals the tip, else the first that came. */
  get bestHeader(): BlockRecord {
    return this.#growth.bestHeader;
  }

  byId(id: BlockId): BlockRecord | undefined {
    return this.#store.blocks.find(id);
  }

  /** On the main chain. */
  atHeight(height: number): BlockRecord | undefined {
    if (!Number.isSafeInteger(height) || height < 0) return undefined;
    const number = this.#store.mainChain.at(height);
    return number === undefined ? undefined : this.#tree.get(number);
  }

  /** The main chain's blocks from `height` up, `limit` at most, as it is now; each is read whenever its turn comes. */
  blocksFrom(height: number, limit: number): Iterable<BlockRecord> {
    const numbers = this.#store.mainChain.from(height, limit);
    return { [Symbol.iterator]: () => this.#read(numbers) };
  }

  /** Blocks known from height `from` up to, not including, `to`, those of branches too; see `blocksBetween`. */
  *blocksBetween(from: number, to: number): Generator<BlockRecord> {
    for (const { number } of blocksBetween(this.#store, from, to)) yield this.#tree.get(number);
  }

  *#read(numbers: readonly number[]): Generator<BlockRecord> {
    for (const number of numbers) yield this.#tree.get(number);
  }

  /** True if a branch of so much work is far below the tip: nothing of it is passed on, fetched or kept. */
  isOutweighed(work: bigint): boolean {
    return isOutweighed(this.tip, work);
  }

  /** Undefined for the genesis. */
  parentOf(record: BlockRecord): BlockRecord | undefined {
    return this.#tree.parentOf(record);
  }

  isOnChain(record: BlockRecord): boolean {
    return this.#tree.isOnChain(record);
  }

  /** Ids on the way from `from` (the tip) to the genesis, newest first: dense, then in doubling steps. */
  locator(from: BlockRecord = this.tip): BlockId[] {
    return locatorFrom(this.#tree, from);
  }

  /**
   * SSZ of the main chain's headers after the first id of the locator that is on it; after the genesis if none is.
   *
   * @param locator ids beyond `MAX_LOCATOR_IDS` are not looked at
   */
  headersAfter(locator: readonly BlockId[], limit: number): Uint8Array[] {
    const known = locator
      .slice(0, MAX_LOCATOR_IDS)
      .map((id) => this.byId(id))
      .find((record) => record !== undefined && this.isOnChain(record));
    return this.#store.mainChain.headers((known?.height ?? 0) + 1, limit);
  }

  /** Checks headers after `start` without keeping them. */
  headerRun(start: BlockRecord): HeaderRun {
    const tip = { id: start.id, header: start.sealed.header, work: start.work };
    return new HeaderRun(this.network.params, tip, this.#tree.parentOf(start)?.sealed.header);
  }

  /**
   * Keeps headers, each the child of one before it or of one known. All or none: if one breaks a rule,
   * nothing is kept.
   *
   * @param nowMs milliseconds since 1970
   * @throws RuleError, UnknownParentError
   */
  addHeaders(headers: readonly SealedHeader[], nowMs: number): AddedHeaders {
    const result = this.#store.atomically((): AddedHeaders => {
      const added: BlockRecord[] = [];
      const roots = hashHeaders(headers);
      let run: HeaderRun | undefined;
      for (const [index, sealed] of headers.entries()) {
        const root = partOf(roots, index);
        const id = idFromBytes<BlockId>(root);
        const known = this.byId(id);
        if (known?.status === 'invalid') throw invalidAncestor(id, 'it is known to be invalid');
        if (known !== undefined) continue;
        const parent = this.#validParent(sealed, id);
        if (isEarly(sealed.header, nowMs)) return { added, early: sealed };
        if (run?.tip.id !== parent.id) run = this.headerRun(parent);
        run.append(sealed, root);
        added.push(this.#tree.insert(id, sealed, parent, 'header'));
      }
      return { added };
    }, 'bulk');
    for (const record of result.added) this.#growth.headerAdded(record);
    return result;
  }

  /**
   * The blocks whose bodies are wanted next, in the order they can be added: on the way to the best header,
   * from the first without a body.
   */
  missingBodies(limit: number): BlockRecord[] {
    return this.#tree.missingBodies(this.bestHeader, limit);
  }

  /**
   * Keeps a block; if it has more work than the tip, the tip moves to it, whatever branch it is on.
   *
   * @param nowMs milliseconds since 1970
   * @throws InvalidBlockError, RuleError `invalid-proof-of-work`: the tip stands to the last block. A block
   *   that is invalid where it stands, and all that descend from it, are remembered as such.
   */
  addBlock(block: CheckedBlock, nowMs: number, durability: Durability = 'full'): AddResult {
    const [result] = this.addBlocks([block], nowMs, durability);
    invariant(result !== undefined, 'a block has a result');
    return result;
  }

  /**
   * Keeps several blocks, each the child of the one before it, in one commit.
   *
   * @param durability `bulk` while syncing: a power cut may take the last blocks, peers have them
   * @returns a result each, up to the first that is an orphan or early
   * @throws as `addBlock`; the blocks before the invalid one stay, see the error's `results`
   */
  addBlocks(blocks: readonly CheckedBlock[], nowMs: number, durability: Durability = 'full'): AddResult[] {
    return toEnd(this.adding(blocks, nowMs, durability));
  }

  /**
   * `addBlocks` in steps of some milliseconds: between two of them others may have their turn. Most take one;
   * a long move of the tip takes many. Until it is done everybody sees the old tip, and no blocks may be
   * added; all else may be done.
   */
  adding(
    blocks: readonly CheckedBlock[],
    nowMs: number,
    durability: Durability = 'full',
  ): Generator<void, AddResult[]> {
    return this.#growth.adding(blocks, nowMs, durability);
  }

  /** True during a long move of the tip. */
  get isMoving(): boolean {
    return this.#growth.isMoving;
  }

  /**
   * Remembers a block as invalid, with all that descend from it: its body, which is the one its header
   * commits to, breaks a rule that needs no state. A body that is not the header's says nothing about the
   * block.
   *
   * @param id a header without a body
   */
  markInvalid(id: BlockId): void {
    const record = this.byId(id);
    if (record === undefined || record.status === 'invalid') return;
    invariant(record.status === 'header', 'a body that is kept has been checked');
    this.#growth.markInvalid(record);
  }

  /** Is told of every move of the tip before all listeners; what it has left to do is part of the move. */
  followWith(follower: TipFollower): void {
    this.#growth.followers.add(follower);
  }

  /** Is told of every move of the tip, after it was committed. @returns what ends it */
  onTipChange(listener: TipListener): () => void {
    this.#growth.listeners.add(listener);
    return () => this.#growth.listeners.delete(listener);
  }

  /** At the tip. */
  account(address: Address): Account {
    return this.#growth.account(address);
  }

  /** Undefined if it is not on the main chain. */
  transaction(id: TransactionId): ConfirmedTransaction | undefined {
    return findTransaction(this.#store, this.#tree, id);
  }

  /** As `transaction`, but without reading it; see `seemsConfirmed`. */
  seemsConfirmed(id: TransactionId): boolean {
    return seemsConfirmed(this.#store, this.#tree, id);
  }

  /** The main chain's transactions from or to an address, newest first. */
  history(address: Address, page: HistoryPage): ConfirmedTransaction[] {
    return findHistory(this.#store, this.#tree, address, page);
  }

  /** Of the block's transactions, without reading them; undefined if its body is not here. */
  bodyFacts(record: BlockRecord): { readonly count: number; readonly bytes: number } | undefined {
    const count = this.#store.bodies.count(record.number);
    const bytes = this.#store.bodies.size(record.number);
    return count === undefined || bytes === undefined ? undefined : { count, bytes };
  }

  /** SSZ of the block's transactions; undefined if its body is not here. */
  transactionsBytes(record: BlockRecord): Uint8Array | undefined {
    return this.#store.bodies.bytes(record.number);
  }

  /** SSZ of the block; undefined if its body is not here. */
  blockBytes(record: BlockRecord): Uint8Array | undefined {
    const transactions = this.transactionsBytes(record);
    return transactions && assembleBlock(encodeSealedHeader(record.sealed), transactions);
  }

  /** Undefined if its body is not here. */
  block(record: BlockRecord): Block | undefined {
    const transactions = this.#store.bodies.get(record.number);
    return transactions && { sealed: record.sealed, transactions };
  }

  /** What the last write to the store failed of; undefined if it went well. */
  get storeFailure(): StoreError | undefined {
    return this.#store.failure;
  }

  /** Checks all that is kept again, from the genesis. */
  verify(options: VerifyOptions): Promise<Validity> {
    return verifyChain(this, this.#store, this.#tree, options);
  }

  #validParent({ header }: SealedHeader, id: BlockId): BlockRecord {
    const parentId = idFromBytes<BlockId>(header.parent);
    const parent = this.byId(parentId);
    if (parent === undefined) throw new UnknownParentError(parentId);
    if (parent.status === 'invalid') throw invalidAncestor(id, `its parent ${parentId} is invalid`);
    return parent;
  }
}

/** Takes all steps at once. */
function toEnd<T>(steps: Generator<void, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
