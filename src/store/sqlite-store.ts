/** The store on disk: one SQLite file in a folder that one process at a time may open. */
import { join } from 'node:path';
import type { Address, TransactionId } from '../core/identifiers.ts';
import type { NetworkDefinition } from '../core/network-params.ts';
import { idColumn, prefixColumn } from './columns.ts';
import { Database } from './database.ts';
import { FolderLock } from './folder-lock.ts';
import { prepareSchema } from './schema.ts';
import { SqliteAccounts, SqliteLocations, SqlitePeers } from './sqlite-accounts.ts';
import { SqliteBlocks } from './sqlite-blocks.ts';
import { SqliteBodies, SqliteMainChain, SqlitePool, SqliteUndo } from './sqlite-bodies.ts';
import { SqliteStagedAccounts } from './sqlite-staged.ts';
import type { Durability, Store } from './store.ts';

const DATABASE_FILE = 'ledger.sqlite';
/** Somebody else's shell may hold the file for a moment while it opens it; longer would stall the daemon. */
const BUSY_TIMEOUT_MS = 500;
/** The write-ahead log is cut back to this after a checkpoint: a long reader may have let it grow. */
const MAX_JOURNAL_BYTES = 64 * 1_024 * 1_024;
/** 4 kB each. A checkpoint is part of some commit: of 1,000 pages it takes 15 ms, of 4,000 some 40. */
const CHECKPOINT_PAGES = 1_000;
const PAGE_CACHE_KIB = 16_384;
const SYNCHRONOUS: Readonly<Record<Durability, string>> = { full: 'FULL', bulk: 'NORMAL' };

export interface SqliteStoreOptions {
  /** Made if it is not there. */
  readonly folder: string;
  /** Whose ledger the folder holds, or will hold. */
  readonly network: NetworkDefinition;
}

export class SqliteStore implements Store {
  readonly blocks: SqliteBlocks;
  readonly bodies: SqliteBodies;
  readonly undo: SqliteUndo;
  readonly mainChain: SqliteMainChain;
  readonly accounts: SqliteAccounts;
  readonly staged: SqliteStagedAccounts;
  readonly transactions: SqliteLocations<TransactionId>;
  readonly history: SqliteLocations<Address>;
  readonly pool: SqlitePool;
  readonly peers: SqlitePeers;
  readonly #lock: FolderLock;
  readonly #database: Database;
  #durability: Durability | undefined;

  private constructor(lock: FolderLock, database: Database) {
    this.#lock = lock;
    this.#database = database;
    this.blocks = new SqliteBlocks(database);
    this.bodies = new SqliteBodies(database);
    this.undo = new SqliteUndo(database);
    this.mainChain = new SqliteMainChain(database);
    this.accounts = new SqliteAccounts(database);
    this.staged = new SqliteStagedAccounts(database);
    this.transactions = new SqliteLocations(database, 'transaction_index', 'prefix', prefixColumn);
    this.history = new SqliteLocations(database, 'history', 'address', idColumn);
    this.pool = new SqlitePool(database);
    this.peers = new SqlitePeers(database);
  }

  /** @throws StoreError; then nothing is held open */
  static open({ folder, network }: SqliteStoreOptions): SqliteStore {
    const lock = new FolderLock(folder);
    let database: Database | undefined;
    try {
      database = new Database(join(folder, DATABASE_FILE), BUSY_TIMEOUT_MS);
      prepareSchema(database, network);
      database.execute(`PRAGMA journal_size_limit = ${MAX_JOURNAL_BYTES}`);
      database.execute(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
      database.execute(`PRAGMA cache_size = -${PAGE_CACHE_KIB}`);
      return new SqliteStore(lock, database);
    } catch (error) {
      database?.close();
      lock.release();
      throw error;
    }
  }

  atomically<T>(write: () => T, durability: Durability = 'full'): T {
    this.#setDurability(durability);
    try {
      return this.#database.transaction(write);
    } catch (error) {
      this.blocks.forget();
      this.accounts.forget();
      throw error;
    }
  }

  #setDurability(durability: Durability): void {
    // Inside a transaction SQLite ignores the change.
    if (durability === this.#durability || this.#database.writing) return;
    this.#database.execute(`PRAGMA synchronous = ${SYNCHRONOUS[durability]}`);
    this.#durability = durability;
  }

  close(): void {
    this.#database.close();
    this.#lock.release();
  }
}
