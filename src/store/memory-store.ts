/**
 * The store in memory, for tests and the simulator. Light, for there may be thousands: rows are kept as the
 * objects they came as, and stores of one process may share them (`SharedRows`).
 */
import { encodeSealedHeader, encodeTransactions, sizeInBlock } from '../core/encoding.ts';
import { invariant } from '../core/errors.ts';
import type { Address, BlockId, TransactionId } from '../core/identifiers.ts';
import { type Account, EMPTY_ACCOUNT } from '../core/state.ts';
import type { SignedTransaction } from '../core/types.ts';
import type { BlockRecord, BlockStatus } from './block-record.ts';
import type { Flaw } from './flaw.ts';
import { Journal } from './memory-journal.ts';
import { type RowSharing, UNSHARED } from './shared-rows.ts';
import type {
  AccountTable,
  BlockLink,
  BlockTable,
  BodyTable,
  Durability,
  Location,
  LocationIndex,
  MainChainTable,
  PeerEntry,
  PeerTable,
  PoolEntry,
  PoolTable,
  StagedAccountTable,
  Store,
  Undo,
  UndoTable,
} from './store.ts';

/** A map whose writes a journal can take back. */
class Table<Key, Value> {
  readonly rows = new Map<Key, Value>();
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  set(key: Key, value: Value): void {
    const before = this.rows.get(key);
    this.#journal.onRollback(() => {
      if (before === undefined) this.rows.delete(key);
      else this.rows.set(key, before);
    });
    this.rows.set(key, value);
  }

  delete(key: Key): void {
    const before = this.rows.get(key);
    if (before === undefined) return;
    this.#journal.onRollback(() => this.rows.set(key, before));
    this.rows.delete(key);
  }
}

class MemoryBlocks implements BlockTable {
  readonly #journal: Journal;
  readonly #shared: RowSharing;
  readonly #rows: { record: BlockRecord; readonly jump: number }[] = [];
  readonly #numbers = new Map<BlockId, number>();

  constructor(journal: Journal, shared: RowSharing) {
    this.#journal = journal;
    this.#shared = shared;
  }

  count(): number {
    return this.#rows.length;
  }

  insert(record: BlockRecord, jump: number): void {
    this.#journal.onRollback(() => {
      this.#rows.pop();
      this.#numbers.delete(record.id);
    });
    const row = this.#shared.record(record);
    this.#rows.push({ record: row, jump });
    this.#numbers.set(row.id, row.number);
  }

  setStatus(number: number, status: BlockStatus): void {
    const row = this.#rows[number];
    if (row === undefined) return;
    const before = row.record;
    this.#journal.onRollback(() => {
      row.record = before;
    });
    row.record = this.#shared.record({ ...before, status });
  }

  get(number: number): BlockRecord | undefined {
    return this.#rows[number]?.record;
  }

  find(id: BlockId): BlockRecord | undefined {
    const number = this.#numbers.get(id);
    return number === undefined ? undefined : this.get(number);
  }

  link(number: number): BlockLink | undefined {
    const row = this.#rows[number];
    if (row === undefined) return undefined;
    const { parent, height, status } = row.record;
    return { number, parent, jump: row.jump, height, status };
  }

  atHeight(height: number, limit: number): number[] {
    return this.#rows
      .filter(({ record }) => record.height === height)
      .sort((a, b) => a.record.parent - b.record.parent)
      .slice(0, limit)
      .map(({ record }) => record.number);
  }

  firstChild(number: number): number | undefined {
    return this.#rows.find(({ record }) => record.parent === number)?.record.number;
  }

  childrenWithBody(number: number, limit: number): number[] {
    return this.#rows
      .filter(({ record }) => record.parent === number && record.status === 'body')
      .slice(0, limit)
      .map(({ record }) => record.number);
  }

  descendants(number: number): number[] {
    const found = new Set([number]);
    for (const { record } of this.#rows.slice(number + 1)) {
      if (found.has(record.parent)) found.add(record.number);
    }
    found.delete(number);
    return [...found];
  }

  best(): BlockRecord | undefined {
    let best: BlockRecord | undefined;
    for (const { record } of this.#rows) {
      if (record.status !== 'invalid' && (best === undefined || record.work > best.work)) best = record;
    }
    return best;
  }
}

class MemoryBodies implements BodyTable {
  readonly #table: Table<number, SignedTransaction[]>;
  readonly #shared: RowSharing;
  readonly #blocks: BlockTable;

  constructor(journal: Journal, shared: RowSharing, blocks: BlockTable) {
    this.#table = new Table(journal);
    this.#shared = shared;
    this.#blocks = blocks;
  }

  insert(number: number, transactions: SignedTransaction[]): void {
    const id = this.#blocks.get(number)?.id;
    this.#table.set(number, id === undefined ? transactions : this.#shared.body(id, transactions));
  }

  get(number: number): SignedTransaction[] | undefined {
    return this.#table.rows.get(number);
  }

  bytes(number: number): Uint8Array | undefined {
    const transactions = this.get(number);
    return transactions && encodeTransactions(transactions);
  }

  size(number: number): number | undefined {
    return this.get(number)?.reduce((size, signed) => size + sizeInBlock(signed), 0);
  }

  count(number: number): number | undefined {
    return this.get(number)?.length;
  }

  transaction(number: number, index: number): SignedTransaction | undefined {
    return this.get(number)?.[index];
  }

  remove(number: number): void {
    this.#table.delete(number);
  }
}

class MemoryUndo implements UndoTable {
  readonly #table: Table<number, Undo>;
  readonly #shared: RowSharing;
  readonly #blocks: BlockTable;

  constructor(journal: Journal, shared: RowSharing, blocks: BlockTable) {
    this.#table = new Table(journal);
    this.#shared = shared;
    this.#blocks = blocks;
  }

  put(number: number, undo: Undo): void {
    const id = this.#blocks.get(number)?.id;
    this.#table.set(number, id === undefined ? undo : this.#shared.undo(id, undo));
  }

  get(number: number): Undo | undefined {
    return this.#table.rows.get(number);
  }

  has(number: number): boolean {
    return this.#table.rows.has(number);
  }
}

class MemoryMainChain implements MainChainTable {
  readonly #journal: Journal;
  readonly #blocks: BlockTable;
  readonly #numbers: number[] = [];

  constructor(journal: Journal, blocks: BlockTable) {
    this.#journal = journal;
    this.#blocks = blocks;
  }

  tip(): number | undefined {
    return this.#numbers.at(-1);
  }

  at(height: number): number | undefined {
    return this.#numbers[height];
  }

  from(height: number, limit: number): number[] {
    return this.#numbers.slice(height, height + limit);
  }

  headers(height: number, limit: number): Uint8Array[] {
    return this.from(height, limit).map((number) => {
      const record = this.#blocks.get(number);
      invariant(record !== undefined, 'a block of the main chain is kept');
      return encodeSealedHeader(record.sealed);
    });
  }

  append(height: number, number: number): void {
    invariant(height === this.#numbers.length, 'the main chain has no gaps');
    this.#journal.onRollback(() => this.#numbers.pop());
    this.#numbers.push(number);
  }

  truncate(height: number): void {
    const removed = this.#numbers.splice(height + 1);
    this.#journal.onRollback(() => this.#numbers.push(...removed));
  }
}

class MemoryAccounts implements AccountTable {
  readonly #table: Table<Address, Account>;
  readonly #shared: RowSharing;

  constructor(journal: Journal, shared: RowSharing) {
    this.#table = new Table(journal);
    this.#shared = shared;
  }

  get(address: Address): Account {
    return this.#table.rows.get(address) ?? EMPTY_ACCOUNT;
  }

  set(address: Address, account: Account): void {
    if (account.balance === 0n && account.sequence === 0n) this.#table.delete(address);
    else this.#table.set(this.#shared.id(address), account);
  }

  page(after: Address | undefined, limit: number): (readonly [Address, Account])[] {
    return [...this.#table.rows]
      .filter(([address]) => after === undefined || address > after)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, limit);
  }
}

class MemoryStagedAccounts implements StagedAccountTable {
  readonly #table: Table<Address, Account>;
  readonly #flags: Table<'counts', true>;

  constructor(journal: Journal) {
    this.#table = new Table(journal);
    this.#flags = new Table(journal);
  }

  counts(): boolean {
    return this.#flags.rows.has('counts');
  }

  setCounts(counts: boolean): void {
    if (counts) this.#flags.set('counts', true);
    else this.#flags.delete('counts');
  }

  get(address: Address): Account | undefined {
    return this.#table.rows.get(address);
  }

  put(address: Address, account: Account): void {
    this.#table.set(address, account);
  }

  first(limit: number): (readonly [Address, Account])[] {
    return [...this.#table.rows].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, limit);
  }

  removeTo(address: Address): void {
    for (const staged of [...this.#table.rows.keys()]) if (staged <= address) this.#table.delete(staged);
  }
}

class MemoryLocations<Key extends string> implements LocationIndex<Key> {
  /** Oldest first. */
  readonly #table: Table<Key, Location[]>;
  readonly #journal: Journal;
  readonly #shared: RowSharing;

  constructor(journal: Journal, shared: RowSharing) {
    this.#table = new Table(journal);
    this.#journal = journal;
    this.#shared = shared;
  }

  add(key: Key, location: Location): void {
    let locations = this.#table.rows.get(key);
    if (locations === undefined) {
      locations = [];
      this.#table.set(this.#shared.id(key), locations);
    }
    // Almost always it belongs at the end.
    const place = locations.findLastIndex((other) => compare(other, location) <= 0) + 1;
    const before = locations[place - 1];
    if (before !== undefined && compare(before, location) === 0) return;
    locations.splice(place, 0, location);
    this.#journal.onRollback(() => locations.splice(place, 1));
  }

  find(key: Key, limit: number, before?: Location): Location[] {
    const found: Location[] = [];
    const locations = this.#table.rows.get(key) ?? [];
    for (let i = locations.length - 1; i >= 0 && found.length < limit; i--) {
      const location = locations[i];
      if (location !== undefined && (before === undefined || compare(location, before) < 0)) {
        found.push(location);
      }
    }
    return found;
  }
}

function compare(a: Location, b: Location): number {
  return a.block - b.block || a.index - b.index;
}

class MemoryPool implements PoolTable {
  readonly #table: Table<TransactionId, { readonly signed: SignedTransaction; readonly number: number }>;
  #next = 0;

  constructor(journal: Journal) {
    this.#table = new Table(journal);
  }

  put(id: TransactionId, signed: SignedTransaction): void {
    if (!this.#table.rows.has(id)) this.#table.set(id, { signed, number: this.#next++ });
  }

  remove(id: TransactionId): void {
    this.#table.delete(id);
  }

  all(): PoolEntry[] {
    return [...this.#table.rows]
      .sort(([, a], [, b]) => a.number - b.number)
      .map(([id, { signed }]) => ({ id, signed }));
  }
}

class MemoryPeers implements PeerTable {
  readonly #table: Table<string, number>;

  constructor(journal: Journal) {
    this.#table = new Table(journal);
  }

  put({ address, lastSeenMs }: PeerEntry): void {
    this.#table.set(address, lastSeenMs);
  }

  remove(address: string): void {
    this.#table.delete(address);
  }

  all(): PeerEntry[] {
    return [...this.#table.rows]
      .map(([address, lastSeenMs]) => ({ address, lastSeenMs }))
      .sort((a, b) => b.lastSeenMs - a.lastSeenMs || (a.address < b.address ? -1 : 1));
  }
}

export interface MemoryStoreOptions {
  /** `bulk` commits that are remembered so that `loseUnsynced` can take them back; none unless given. */
  readonly maxUnsynced?: number;
  /** With whom rows are shared; with nobody unless given. */
  readonly shared?: RowSharing;
}

export class MemoryStore implements Store {
  readonly #journal: Journal;
  readonly blocks: BlockTable;
  readonly bodies: BodyTable;
  readonly undo: UndoTable;
  readonly mainChain: MainChainTable;
  readonly accounts: AccountTable;
  readonly staged: StagedAccountTable;
  readonly transactions: LocationIndex<TransactionId>;
  readonly history: LocationIndex<Address>;
  readonly pool: PoolTable;
  readonly peers: PeerTable;

  constructor({ maxUnsynced = 0, shared = UNSHARED }: MemoryStoreOptions = {}) {
    const journal = new Journal(maxUnsynced);
    this.#journal = journal;
    this.blocks = new MemoryBlocks(journal, shared);
    this.bodies = new MemoryBodies(journal, shared, this.blocks);
    this.undo = new MemoryUndo(journal, shared, this.blocks);
    this.mainChain = new MemoryMainChain(journal, this.blocks);
    this.accounts = new MemoryAccounts(journal, shared);
    this.staged = new MemoryStagedAccounts(journal);
    this.transactions = new MemoryLocations(journal, shared);
    this.history = new MemoryLocations(journal, shared);
    this.pool = new MemoryPool(journal);
    this.peers = new MemoryPeers(journal);
  }

  readonly failure = undefined;
  atomically<T>(write: () => T, durability: Durability = 'full'): T {
    return this.#journal.commit(write, durability);
  }

  /** Nothing but memory. */
  reread(): void {}

  /** Nobody else can change it. */
  async inspect(): Promise<readonly Flaw[]> {
    return [];
  }

  async synced(): Promise<void> {
    this.#journal.synced();
  }

  /**
   * What a power cut does: the last `bulk` commits since a `full` one are gone.
   *
   * @param count how many at most @returns how many
   */
  loseUnsynced(count: number): number {
    return this.#journal.loseUnsynced(count);
  }

  /** Holds no files: another chain may be opened on the same store, as after a restart. */
  close(): void {}
}
