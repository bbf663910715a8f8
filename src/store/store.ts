/**
 * Where the ledger is kept. What the rows mean is the chain's business; here they are only kept, all or
 * none of a commit. Everything is synchronous, so that nobody ever sees half a step.
 *
 * One test suite holds for every implementation: `SqliteStore` on disk, `MemoryStore` for tests and the
 * simulator.
 */
import type { Address, BlockId, TransactionId } from '../core/identifiers.ts';
import type { Account } from '../core/state.ts';
import type { SignedTransaction } from '../core/types.ts';
import type { BlockRecord, BlockStatus } from './block-record.ts';
import type { StoreError } from './errors.ts';
import type { Flaw } from './flaw.ts';

/**
 * - `full`: survives a power cut. For blocks of our own and acknowledged transactions.
 * - `bulk`: seen by everybody at once, on disk a moment later: a crash may take the last of them (never half of
 *   one, and none from before a `full` one). For what peers will send again.
 */
export type Durability = 'full' | 'bulk';

export interface Store {
  readonly blocks: BlockTable;
  readonly bodies: BodyTable;
  readonly undo: UndoTable;
  readonly mainChain: MainChainTable;
  readonly accounts: AccountTable;
  readonly staged: StagedAccountTable;
  /** Where transactions are. May name a wrong place too: look there. */
  readonly transactions: LocationIndex<TransactionId>;
  /** Where transactions from or to an address are. */
  readonly history: LocationIndex<Address>;
  readonly pool: PoolTable;
  readonly peers: PeerTable;
  /**
   * Runs `write` as one commit: if it throws, nothing of it happened. Every write is inside of one; they
   * do not nest.
   *
   * @param durability `full` unless given
   * @throws StoreError, InvariantError if nested, and what `write` throws
   */
  atomically<T>(write: () => T, durability?: Durability): T;
  /** What the last commit failed of; undefined if it went well. */
  readonly failure: StoreError | undefined;
  /** Resolves once every commit so far survives a power cut, the `bulk` ones too. @throws StoreError */
  synced(): Promise<void>;
  /** Forgets what is held in memory: what is read next is what is kept, whatever became of it meanwhile. */
  reread(): void;
  /**
   * Looks for what was changed behind our back in how rows are kept and what tables say of each other. What the rows
   * mean is not looked at.
   *
   * @returns the first things wrong; empty if nothing is
   * @throws StoreError if it cannot be read
   */
  inspect(): Promise<readonly Flaw[]>;
  /** Lets go of the files. Nothing may be called afterwards. */
  close(): void;
}

/** How a block hangs in the tree, without its header. */
export interface BlockLink {
  readonly number: number;
  /** Number of the parent; -1 for the genesis. */
  readonly parent: number;
  /** Number of an ancestor further back, given at `insert`. */
  readonly jump: number;
  readonly height: number;
  readonly status: BlockStatus;
}

/** Every block known, on the main chain or not. Rows are never deleted. */
export interface BlockTable {
  /** How many there are: the number the next one gets. */
  count(): number;
  /** @param record its number is `count()` and its parent is here */
  insert(record: BlockRecord, jump: number): void;
  setStatus(number: number, status: BlockStatus): void;
  get(number: number): BlockRecord | undefined;
  find(id: BlockId): BlockRecord | undefined;
  link(number: number): BlockLink | undefined;
  /** Numbers of the blocks of this height, `limit` at most; of more, those with the lowest parents. */
  atHeight(height: number, limit: number): number[];
  /** Number of the first child that came; undefined if there is none. */
  firstChild(number: number): number | undefined;
  /** Numbers of the children whose body is here, `limit` at most. */
  childrenWithBody(number: number, limit: number): number[];
  /** Numbers of all blocks that descend from this one, without itself, ascending. */
  descendants(number: number): number[];
  /** Most work among those not invalid; of equals, the first that came. Undefined if there is none. */
  best(): BlockRecord | undefined;
}

/** The transactions of blocks, by the block's number. */
export interface BodyTable {
  insert(number: number, transactions: SignedTransaction[]): void;
  get(number: number): SignedTransaction[] | undefined;
  /** SSZ of the list. */
  bytes(number: number): Uint8Array | undefined;
  /** How many bytes that is, without reading them. */
  size(number: number): number | undefined;
  /** How many transactions that are, without reading them. */
  count(number: number): number | undefined;
  /** One transaction of a block, without reading the others. */
  transaction(number: number, index: number): SignedTransaction | undefined;
  remove(number: number): void;
}

/** Accounts as they were before a block. */
export type Undo = ReadonlyMap<Address, Account>;

/** What takes a block back, by the block's number. Kept for every block that was ever on the main chain. */
export interface UndoTable {
  put(number: number, undo: Undo): void;
  get(number: number): Undo | undefined;
  /** Whether there is one, without reading it. */
  has(number: number): boolean;
}

/** The numbers of the main chain's blocks by height, without gaps. Its last one is the tip. */
export interface MainChainTable {
  /** Undefined only before the genesis is written. */
  tip(): number | undefined;
  at(height: number): number | undefined;
  /** From `height` up, `limit` at most. */
  from(height: number, limit: number): number[];
  /** SSZ of the sealed headers from `height` up, `limit` at most: for others, who get them as they are. */
  headers(height: number, limit: number): Uint8Array[];
  append(height: number, number: number): void;
  /** Removes every height above. */
  truncate(height: number): void;
}

/** The state at the tip. An account of nothing (no balance, nothing sent) is not kept. */
export interface AccountTable {
  /** `EMPTY_ACCOUNT` if it is not kept. */
  get(address: Address): Account;
  set(address: Address, account: Account): void;
  /** Ordered by address, `limit` at most, those after `after` only. */
  page(after: Address | undefined, limit: number): (readonly [Address, Account])[];
}

/**
 * Accounts after a long move of the tip, which is prepared in many small commits: first nobody reads them;
 * once they count, each replaces what `AccountTable` says until it is moved there.
 */
export interface StagedAccountTable {
  counts(): boolean;
  setCounts(counts: boolean): void;
  get(address: Address): Account | undefined;
  put(address: Address, account: Account): void;
  /** Ordered by address, the first `limit`. */
  first(limit: number): (readonly [Address, Account])[];
  /** Removes all up to this address, and it too. */
  removeTo(address: Address): void;
}

/** A transaction's place in a block. */
export interface Location {
  /** The block's number: the same place whatever becomes of the main chain. */
  readonly block: number;
  /** Position in the block. */
  readonly index: number;
}

/** Of every block that is or was on the main chain; of others only if all their transactions were found valid. */
export interface LocationIndex<Key> {
  /** Does nothing if it is here already. */
  add(key: Key, location: Location): void;
  /** Newest block first, `limit` at most, those before `before` only. */
  find(key: Key, limit: number, before?: Location): Location[];
}

export interface PoolEntry {
  readonly id: TransactionId;
  readonly signed: SignedTransaction;
}

/** Transactions waiting for a block. */
export interface PoolTable {
  /** Does nothing if it is here already. */
  put(id: TransactionId, signed: SignedTransaction): void;
  remove(id: TransactionId): void;
  /** In the order they came. */
  all(): PoolEntry[];
}

export interface PeerEntry {
  /** Multiaddr as text. */
  readonly address: string;
  /** Milliseconds since 1970. */
  readonly lastSeenMs: number;
}

/** Peers to dial after a restart. How many are kept is the caller's to bound. */
export interface PeerTable {
  put(peer: PeerEntry): void;
  remove(address: string): void;
  /** Last seen first. */
  all(): PeerEntry[];
}
