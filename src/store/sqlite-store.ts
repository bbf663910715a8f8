/** The store on disk: one SQLite file in a folder that one process at a time may open. */
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Address, TransactionId } from '../core/identifiers.ts';
import type { NetworkDefinition } from '../core/network-params.ts';
import { Checkpointer } from './checkpointer.ts';
import { idColumn, prefixColumn } from './columns.ts';
import { CommitGroup } from './commit-group.ts';
import { Database } from './database.ts';
import { endEach } from './ending.ts';
import { StoreError } from './errors.ts';
import type { Flaw } from './flaw.ts';
import { FolderLock } from './folder-lock.ts';
import { LogSync } from './log-sync.ts';
import { prepareSchema } from './schema.ts';
import { SqliteAccounts, SqliteLocations, SqlitePeers } from './sqlite-accounts.ts';
import { SqliteBlocks } from './sqlite-blocks.ts';
import { SqliteBodies, SqliteMainChain, SqliteUndo } from './sqlite-bodies.ts';
import { SqlitePool } from './sqlite-pool.ts';
import { SqliteStagedAccounts } from './sqlite-staged.ts';
import type { Durability, Store } from './store.ts';

const DATABASE_FILE = 'ledger.sqlite';
/** Somebody else's shell may hold the file for a moment while it opens it; longer would stall the daemon. */
const BUSY_TIMEOUT_MS = 500;
/** The write-ahead log is cut back to this after a checkpoint: a long reader may have let it grow. */
const MAX_JOURNAL_BYTES = 64 * 1_024 * 1_024;
/** 4 kB each. Beyond what the checkpointer leaves in the log: only if its thread does not keep up, or there is none. */
const CHECKPOINT_PAGES = 16_000;
const PAGE_CACHE_KIB = 16_384;

export function ledgerPath(folder: string): string {
  return join(folder, DATABASE_FILE);
}

export interface SqliteStoreOptions {
  /** Made if it is not there. */
  readonly folder: string;
  /** Whose ledger the folder holds, or will hold. */
  readonly network: NetworkDefinition;
  /**
   * Commits whose writes everybody has seen could not be written: what is in memory is ahead of the disk, so whoever
   * works on it must stop. Unless given, the error is thrown at nobody, which ends the process.
   */
  readonly onFailure?: (error: unknown) => void;
}

function fail(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
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
  readonly #group: CommitGroup;
  readonly #checkpointer: Checkpointer;
  readonly #log: LogSync;
  readonly #networkId: Uint8Array;
  #failure: StoreError | undefined;

  private constructor(
    lock: FolderLock,
    database: Database,
    networkId: Uint8Array,
    onFailure: (error: unknown) => void,
  ) {
    this.#lock = lock;
    this.#networkId = networkId;
    this.#database = database;
    this.#checkpointer = new Checkpointer(database.path, () => database.writes);
    this.#group = new CommitGroup(database, onFailure, () => this.#checkpointer.committed());
    this.#log = new LogSync(`${database.path}-wal`);
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
  static open({ folder, network, onFailure = fail }: SqliteStoreOptions): SqliteStore {
    const lock = new FolderLock(folder);
    let database: Database | undefined;
    try {
      database = new Database(ledgerPath(folder), BUSY_TIMEOUT_MS);
      prepareSchema(database, network);
      database.execute(`PRAGMA journal_size_limit = ${MAX_JOURNAL_BYTES}`);
      database.execute(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
      database.execute(`PRAGMA cache_size = -${PAGE_CACHE_KIB}`);
      database.execute('PRAGMA synchronous = NORMAL');
      const store = new SqliteStore(lock, database, network.idBytes, onFailure);
      store.#log.open();
      return store;
    } catch (error) {
      database?.close();
      lock.release();
      throw error;
    }
  }

  get failure(): StoreError | undefined {
    return this.#failure;
  }

  atomically<T>(write: () => T, durability: Durability = 'full'): T {
    try {
      const result = this.#commit(write, durability);
      this.#failure = undefined;
      return result;
    } catch (error) {
      if (error instanceof StoreError) this.#failure = error;
      this.#forget();
      throw error;
    }
  }

  #commit<T>(write: () => T, durability: Durability): T {
    if (durability === 'bulk') return this.#group.add(write);
    this.#group.commit();
    this.#setSynchronous('FULL');
    try {
      const result = this.#database.step(write);
      this.#checkpointer.committed();
      return result;
    } finally {
      this.#relax();
    }
  }

  reread(): void {
    this.#forget();
    this.#database.execute('PRAGMA shrink_memory');
  }

  async inspect(): Promise<readonly Flaw[]> {
    this.#group.commit();
    const worker = new Worker(new URL('./inspection-worker.ts', import.meta.url), {
      name: 'inspection',
      workerData: { path: this.#database.path, networkId: this.#networkId },
      execArgv: [],
    });
    try {
      const [flaws] = await once(worker, 'message');
      return flaws as readonly Flaw[];
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new StoreError('failed', `the ledger cannot be looked through: ${reason}`, { cause });
    } finally {
      await worker.terminate();
    }
  }

  synced(): Promise<void> {
    this.#group.commit();
    return this.#log.synced();
  }

  #forget(): void {
    this.blocks.forget();
    this.accounts.forget();
    this.pool.forget();
  }

  /** A commit that is through is through: left as it is, the next ones only take longer. */
  #relax(): void {
    try {
      this.#setSynchronous('NORMAL');
    } catch {
      // Whatever is wrong with the disk, the next commit meets it.
    }
  }

  /** Cheap: SQLite notes it for the next commit. */
  #setSynchronous(mode: 'FULL' | 'NORMAL'): void {
    this.#database.execute(`PRAGMA synchronous = ${mode}`);
  }

  close(): void {
    endEach([
      () => this.#group.commit(),
      () => this.#checkpointer.close(),
      // As the last connection to close would; the thread's may outlive this one for a moment.
      () => this.#moveLog(),
      () => this.#log.close(),
      () => this.#database.close(),
      () => this.#lock.release(),
    ]);
  }

  /** After a commit or a wait for the disk failed it is not known what is on it: the log stays, for the next start. */
  #moveLog(): void {
    if (!this.#group.failed && !this.#log.failed) this.#database.execute('PRAGMA wal_checkpoint(TRUNCATE)');
  }
}
