/**
 * `node:sqlite` with types: what is bound is checked (it would store NaN as NULL), rows are tuples, and
 * whatever SQLite answers becomes a `StoreError`.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { InvariantError, invariant } from '../core/errors.ts';
import { damaged, StoreError, type StoreFailure } from './errors.ts';

export type Column = number | bigint | string | Uint8Array;

/** SQLite's primary result codes that mean something to us. */
const FAILURES: Readonly<Record<number, StoreFailure>> = {
  3: 'unwritable', // SQLITE_PERM
  5: 'in-use', // SQLITE_BUSY
  6: 'in-use', // SQLITE_LOCKED
  8: 'unwritable', // SQLITE_READONLY
  11: 'damaged', // SQLITE_CORRUPT
  13: 'full', // SQLITE_FULL
  14: 'unwritable', // SQLITE_CANTOPEN
  26: 'damaged', // SQLITE_NOTADB
};

const ADVICE: Readonly<Partial<Record<StoreFailure, string>>> = {
  unwritable: 'the folder must exist and be writable; choose another with --data',
  'in-use': 'another program holds it: close that first',
  full: 'no room is left on the disk: free some and start again',
};

/** Says what went wrong in our words. Errors that are not SQLite's come back as they are. */
export function asStoreError(error: unknown, path: string): unknown {
  if (error instanceof RangeError && 'code' in error && error.code === 'ERR_OUT_OF_RANGE')
    return damaged(`${path}: ${error.message}`, error);
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return error;
  // The upper bits say more about the same failure.
  const failure = FAILURES[error.errcode & 0xff] ?? 'failed';
  if (failure === 'damaged') return damaged(`${path}: ${error.message}`, error);
  const advice = ADVICE[failure] ?? 'the disk may be failing';
  return new StoreError(failure, `${path}: ${error.message}; ${advice}`, { cause: error });
}

/** A prepared statement. @typeParam Row one row's columns, in the order selected */
export class Query<Row extends readonly Column[]> {
  readonly #statement: StatementSync;
  readonly #database: Database;
  readonly #types: readonly (ColumnType | undefined)[];

  constructor(statement: StatementSync, database: Database) {
    this.#statement = statement;
    this.#database = database;
    this.#types = statement.columns().map(({ type }) => COLUMN_TYPES[type ?? '']);
  }

  /** Writes. @throws InvariantError outside of a transaction */
  run(...values: Column[]): void {
    invariant(this.#database.writing, 'every write is part of a commit');
    this.#database.countWrite();
    requireColumns(values);
    try {
      this.#statement.run(...values);
    } catch (error) {
      throw asStoreError(error, this.#database.path);
    }
  }

  get(...values: Column[]): Row | undefined {
    requireColumns(values);
    try {
      const row = this.#statement.get(...values) as Row | undefined;
      if (row !== undefined) this.#requireTypes(row);
      return row;
    } catch (error) {
      throw asStoreError(error, this.#database.path);
    }
  }

  all(...values: Column[]): Row[] {
    requireColumns(values);
    try {
      // `setReturnArrays` made rows of arrays; the declared type knows only objects.
      const rows = this.#statement.all(...values) as unknown as Row[];
      for (const row of rows) this.#requireTypes(row);
      return rows;
    } catch (error) {
      throw asStoreError(error, this.#database.path);
    }
  }

  /** Our tables are strict: SQLite lets no other type in, and a page that was changed elsewhere may hold any. */
  #requireTypes(row: Row): void {
    for (const [index, type] of this.#types.entries()) {
      const value = row[index];
      if (
        type !== undefined &&
        !(type === 'bytes' ? value instanceof Uint8Array : type.includes(typeof value))
      )
        throw damaged(
          `${this.#database.path}: column ${index + 1} of "${this.#statement.sourceSQL}" is ${value}`,
        );
    }
  }
}

/** What `typeof` may say of a value; bytes are an object. */
type ColumnType = 'bytes' | readonly string[];
const COLUMN_TYPES: Readonly<Record<string, ColumnType>> = {
  BLOB: 'bytes',
  INTEGER: ['number', 'bigint'],
  TEXT: ['string'],
};

/** Node.js 22 takes a view of an empty buffer for NULL, but not one made so. */
const NO_BYTES = new Uint8Array(0);

function requireColumns(values: Column[]): void {
  for (const [index, value] of values.entries()) {
    if (value instanceof Uint8Array && value.length === 0) values[index] = NO_BYTES;
    if (typeof value === 'number' && !Number.isSafeInteger(value)) {
      throw new InvariantError(`${value} was to be stored: every number kept is a safe integer`);
    }
    invariant(value !== undefined && value !== null, 'every column has a value');
  }
}

export class Database {
  readonly path: string;
  readonly #connection: DatabaseSync;
  #writing = false;
  #writes = 0;
  /** A step could not be taken back: half of it would be part of the next commit. */
  #torn: unknown;

  /** @throws StoreError */
  constructor(path: string, busyTimeoutMs: number) {
    this.path = path;
    try {
      this.#connection = new DatabaseSync(path, {
        timeout: busyTimeoutMs,
        enableForeignKeyConstraints: false,
      });
    } catch (error) {
      throw asStoreError(error, path);
    }
  }

  get writing(): boolean {
    return this.#writing;
  }

  /** Runs so far, of any statement: what a commit costs goes with them. */
  get writes(): number {
    return this.#writes;
  }

  /** For `Query`. */
  countWrite(): void {
    this.#writes++;
  }

  /**
   * All that `write` writes, or nothing if it throws. Within a transaction that is open already it is a step of
   * that; by itself it is a commit of its own.
   *
   * @throws InvariantError if nested
   */
  step<T>(write: () => T): T {
    invariant(!this.#writing, 'commits do not nest');
    const isPart = this.isOpen;
    this.execute(isPart ? 'SAVEPOINT step' : 'BEGIN IMMEDIATE');
    this.#writing = true;
    try {
      const result = write();
      this.execute(isPart ? 'RELEASE step' : 'COMMIT');
      return result;
    } catch (error) {
      this.#takeBack(isPart);
      throw error;
    } finally {
      this.#writing = false;
    }
  }

  #takeBack(isPart: boolean): void {
    // After a full disk SQLite has rolled back by itself.
    if (!this.isOpen) return;
    try {
      this.execute(isPart ? 'ROLLBACK TO step; RELEASE step' : 'ROLLBACK');
    } catch (error) {
      this.#torn = error;
    }
  }

  /** A transaction has begun and is not committed. */
  get isOpen(): boolean {
    return this.#connection.isTransaction;
  }

  execute(sql: string): void {
    if (this.#torn !== undefined) throw this.#torn;
    try {
      this.#connection.exec(sql);
    } catch (error) {
      throw asStoreError(error, this.path);
    }
  }

  /** Numbers of the rows are JS numbers: reading one beyond 2^53 throws. */
  query<Row extends readonly Column[] = []>(sql: string): Query<Row> {
    return this.#prepare(sql, false);
  }

  /** Integers of the rows are bigints. */
  bigintQuery<Row extends readonly Column[]>(sql: string): Query<Row> {
    return this.#prepare(sql, true);
  }

  #prepare<Row extends readonly Column[]>(sql: string, bigints: boolean): Query<Row> {
    try {
      const statement = this.#connection.prepare(sql);
      statement.setReturnArrays(true);
      statement.setReadBigInts(bigints);
      return new Query<Row>(statement, this);
    } catch (error) {
      throw asStoreError(error, this.path);
    }
  }

  close(): void {
    this.#connection.close();
  }
}
