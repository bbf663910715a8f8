/**
 * The pool in SQLite. Rows are only ever added at the end: an index by id, whose order is that of hashes, would
 * change a page of the file for each transaction (measured: most of a commit). Where each is, is known here.
 */
import { decodeSignedTransaction, encodeSignedTransaction } from '../core/encoding.ts';
import type { TransactionId } from '../core/identifiers.ts';
import type { SignedTransaction } from '../core/types.ts';
import { hexOf, idColumn } from './columns.ts';
import type { Database, Query } from './database.ts';
import { decodeKept } from './decode-kept.ts';
import type { PoolEntry, PoolTable } from './store.ts';

export class SqlitePool implements PoolTable {
  readonly #put: Query<[]>;
  readonly #remove: Query<[]>;
  readonly #ids: Query<[number: number, id: Uint8Array]>;
  readonly #all: Query<[id: Uint8Array, signed: Uint8Array]>;
  /** Each transaction's row; undefined until somebody asks. */
  #rows: Map<TransactionId, number> | undefined;
  #next = 0;

  constructor(database: Database) {
    this.#put = database.query('INSERT INTO pool (number, id, signed) VALUES (?, ?, ?)');
    this.#remove = database.query('DELETE FROM pool WHERE number = ?');
    this.#ids = database.query('SELECT number, id FROM pool ORDER BY number');
    this.#all = database.query('SELECT id, signed FROM pool ORDER BY number');
  }

  put(id: TransactionId, signed: SignedTransaction): void {
    const rows = this.#read();
    if (rows.has(id)) return;
    this.#put.run(this.#next, idColumn(id), encodeSignedTransaction(signed));
    rows.set(id, this.#next++);
  }

  remove(id: TransactionId): void {
    const rows = this.#read();
    const number = rows.get(id);
    if (number === undefined) return;
    this.#remove.run(number);
    rows.delete(id);
  }

  all(): PoolEntry[] {
    return this.#all.all().map(([id, signed]) => ({
      id: hexOf(id) as TransactionId,
      signed: decodeKept('a transaction of the pool', () => decodeSignedTransaction(signed)),
    }));
  }

  /** A commit was taken back, and with it what it wrote. */
  forget(): void {
    this.#rows = undefined;
  }

  #read(): Map<TransactionId, number> {
    if (this.#rows === undefined) {
      const kept = this.#ids.all();
      this.#rows = new Map(kept.map(([number, id]) => [hexOf(id) as TransactionId, number]));
      this.#next = (kept.at(-1)?.[0] ?? -1) + 1;
    }
    return this.#rows;
  }
}
