/**
 * What a node knows of the ledger: the tree of blocks, the chain with the most work and the state at its
 * tip.
 *
 * A block passes these stages: its header is checked against its ancestors (`header-run.ts`), it is put
 * into the tree (`block-tree.ts`), and if it has more work than the tip, the tip moves to it
 * (`branch-switch.ts`), all in one commit (`block-commit.ts`). The tip stands for the commit: whatever
 * happens, what the store says is what is here.
 */
import { assembleBlock, encodeSealedHeader } from '../core/encoding.ts';
import { invariant, RuleError } from '../core/errors.ts';
import { transactionId } from '../core/hashing.ts';
import { isEarly } from '../core/header.ts';
import { hashHeaders } from '../core/header-hashes.ts';
import { type Address, type BlockId, idFromBytes, type TransactionId } from '../core/identifiers.ts';
import { partOf } from '../core/merkle.ts';
import type { NetworkDefinition } from '../core/network-params.ts';
import type { Account } from '../core/state.ts';
import type { Block, SealedHeader, SignedTransaction } from '../core/types.ts';
import { damaged } from '../store/errors.ts';
import type { Durability, Location, Store } from '../store/store.ts';
import type { AddResult } from './add-result.ts';
import { type AddedKind, BlockCommit } from './block-commit.ts';
import { BlockTree } from './block-tree.ts';
import { InvalidBlockError, invalidAncestor, UnknownParentError } from './errors.ts';
import { HeaderRun } from './header-run.ts';
import { locatorFrom, MAX_LOCATOR_IDS } from './locator.ts';
import { openTip } from './opening.ts';
import type { BlockRecord, CheckedBlock, TipChange } from './records.ts';
import { type Validity, type VerifyOptions, verifyChain } from './validity.ts';

/** Entries of one page of an address's history at most. */
const MAX_HISTORY_PAGE = 1_000;

/** A transaction on the main chain. */
export interface ConfirmedTransaction {
  readonly signed: SignedTransaction;
  readonly record: BlockRecord;
  /** Position in the block. */
  readonly index: number;
}

export interface HistoryPage {
  /** Only what is older than this place. */
  readonly before?: Location;
  /** At most `MAX_HISTORY_PAGE` are given. */
  readonly limit: number;
}

export interface AddedHeaders {
  /** Those that were new, in order. */
  readonly added: BlockRecord[];
  /** The first that is too far ahead of the clock; neither it nor those after it were kept. */
  readonly early?: SealedHeader;
}

export type TipListener = (change: TipChange) => void;

export class Chain {
  readonly network: NetworkDefinition;
  readonly #store: Store;
  readonly #tree: BlockTree;
  readonly #listeners = new Set<TipListener>();
  #tip: BlockRecord;
  /** Of the best header; its record changes when the body comes. */
  #best: number;

  private constructor(network: NetworkDefinition, store: Store, tip: BlockRecord) {
    this.network = network;
    this.#store = store;
    this.#tree = new BlockTree(store);
    this.#tip = tip;
    this.#best = this.#findBest();
  }

  /**
   * Opens the chain a store holds; an empty store gets the genesis.
   *
   * @throws StoreError if the store is damaged or holds another network's chain
   */
  static open(network: NetworkDefinition, store: Store): Chain {
    return new Chain(network, store, openTip(network, store));
  }

  /** The last block of the valid chain with the most work; of equals, the one that was connected first. */
  get tip(): BlockRecord {
    return this.#tip;
  }

  /** Most work among all headers not known to be invalid; of equals the tip, else the first that came. */
  get bestHeader(): BlockRecord {
    return this.#tree.get(this.#best);
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

  /** Undefined for the genesis. */
  parentOf(record: BlockRecord): BlockRecord | undefined {
    return this.#tree.parentOf(record);
  }

  isOnChain(record: BlockRecord): boolean {
    return this.#tree.isOnChain(record);
  }

  /** Ids on the way from `from` (the tip) to the genesis, newest first: dense, then in doubling steps. */
  locator(from: BlockRecord = this.#tip): BlockId[] {
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
    for (const record of result.added) if (record.work > this.bestHeader.work) this.#best = record.number;
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
    requireConsecutive(blocks);
    const kinds: AddedKind[] = [];
    const { change, refused } = this.#store.atomically(() => {
      const commit = new BlockCommit(this.network.params, this.#store, this.#tree, this.#tip);
      try {
        for (const block of blocks) {
          const kind = commit.add(block, nowMs);
          kinds.push(kind);
          if (kind === 'orphan' || kind === 'early') break;
        }
      } catch (error) {
        // A broken rule is remembered, and what came before it stays; anything else takes all of it back.
        if (!(error instanceof RuleError)) throw error;
        return { change: commit.finish(), refused: error };
      }
      return { change: commit.finish(), refused: undefined };
    }, durability);
    if (change !== undefined) this.#tip = change.newTip;
    if (refused !== undefined) this.#best = this.#findBest();
    else if (this.#tip.work >= this.bestHeader.work) this.#best = this.#tip.number;
    if (change !== undefined) this.#tell(change);
    const results = kinds.map((kind): AddResult => {
      if (kind !== 'connected') return { kind };
      invariant(change !== undefined, 'a block was connected, so the tip moved');
      return { kind, change };
    });
    if (refused !== undefined) throw withResults(refused, results);
    return results;
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
    this.#store.atomically(() => this.#tree.markInvalid(record));
    this.#best = this.#findBest();
  }

  /** Is told of every move of the tip, after it was committed. @returns what ends it */
  onTipChange(listener: TipListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** At the tip. */
  account(address: Address): Account {
    return this.#store.accounts.get(address);
  }

  /** Undefined if it is not on the main chain. */
  transaction(id: TransactionId): ConfirmedTransaction | undefined {
    for (const location of this.#store.transactions.find(id, MAX_HISTORY_PAGE)) {
      const found = this.#at(location);
      if (transactionId(found.signed.transaction) === id) return found;
    }
    return undefined;
  }

  /** The main chain's transactions from or to an address, newest first. */
  history(address: Address, { before, limit }: HistoryPage): ConfirmedTransaction[] {
    const most = Math.min(limit, MAX_HISTORY_PAGE);
    return this.#store.history.find(address, most, before).map((location) => this.#at(location));
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

  /** Checks the whole main chain again, from the genesis. */
  verify(options: VerifyOptions): Promise<Validity> {
    return verifyChain(this, this.#store, options);
  }

  #at({ height, index }: Location): ConfirmedTransaction {
    const record = this.atHeight(height);
    const signed = record && this.#store.bodies.transaction(record.number, index);
    if (record === undefined || signed === undefined) {
      throw damaged(`there is no transaction ${index} at height ${height}, but it is indexed`);
    }
    return { signed, record, index };
  }

  #validParent({ header }: SealedHeader, id: BlockId): BlockRecord {
    const parentId = idFromBytes<BlockId>(header.parent);
    const parent = this.byId(parentId);
    if (parent === undefined) throw new UnknownParentError(parentId);
    if (parent.status === 'invalid') throw invalidAncestor(id, `its parent ${parentId} is invalid`);
    return parent;
  }

  #findBest(): number {
    const best = this.#store.blocks.best();
    return best === undefined || best.work <= this.#tip.work ? this.#tip.number : best.number;
  }

  #tell(change: TipChange): void {
    for (const listener of this.#listeners) listener(change);
  }
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
