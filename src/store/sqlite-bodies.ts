/** Bodies, undo records and the main chain in SQLite. */
import {
  countTransactions,
  decodeTransactionAt,
  decodeTransactions,
  encodeTransactions,
} from '../core/encoding.ts';
import type { SignedTransaction } from '../core/types.ts';
import type { Database, Query } from './database.ts';
import { decodeKept } from './decode-kept.ts';
import type { BodyTable, MainChainTable, Undo, UndoTable } from './store.ts';
import { decodeUndo, encodeUndo } from './undo-encoding.ts';

/** What an encoded list of transactions begins with: how far it is to the first. */
const OFFSET_BYTES = 4;

export class SqliteBodies implements BodyTable {
  readonly #insert: Query<[]>;
  readonly #get: Query<[Uint8Array]>;
  readonly #size: Query<[number]>;
  readonly #part: Query<[Uint8Array]>;
  readonly #remove: Query<[]>;

  constructor(database: Database) {
    this.#insert = database.query('INSERT INTO bodies (number, transactions) VALUES (?, ?)');
    this.#get = database.query('SELECT transactions FROM bodies WHERE number = ?');
    this.#size = database.query('SELECT length(transactions) FROM bodies WHERE number = ?');
    this.#part = database.query('SELECT substr(transactions, ?, ?) FROM bodies WHERE number = ?');
    this.#remove = database.query('DELETE FROM bodies WHERE number = ?');
  }

  insert(number: number, transactions: SignedTransaction[]): void {
    this.#insert.run(number, encodeTransactions(transactions));
  }

  get(number: number): SignedTransaction[] | undefined {
    const bytes = this.bytes(number);
    return bytes && decodeKept(`the body of block number ${number}`, () => decodeTransactions(bytes));
  }

  bytes(number: number): Uint8Array | undefined {
    return this.#get.get(number)?.[0];
  }

  size(number: number): number | undefined {
    return this.#size.get(number)?.[0];
  }

  count(number: number): number | undefined {
    const row = this.#part.get(1, OFFSET_BYTES, number);
    // A part of an empty list is NULL.
    return row && countTransactions(row[0] ?? new Uint8Array(0));
  }

  transaction(number: number, index: number): SignedTransaction | undefined {
    const size = this.size(number);
    if (size === undefined) return undefined;
    // Counted from 1. Bytes that are not there are an empty answer, which does not decode.
    const read = (from: number, to: number) =>
      this.#part.get(from + 1, to - from, number)?.[0] ?? new Uint8Array(0);
    return decodeKept(`the body of block number ${number}`, () => decodeTransactionAt(read, size, index));
  }

  remove(number: number): void {
    this.#remove.run(number);
  }
}

export class SqliteUndo implements UndoTable {
  readonly #put: Query<[]>;
  readonly #get: Query<[Uint8Array]>;
  readonly #has: Query<[number]>;

  constructor(database: Database) {
    this.#has = database.query('SELECT 1 FROM undo WHERE number = ?');
    this.#put = database.query('INSERT OR REPLACE INTO undo (number, accounts) VALUES (?, ?)');
    this.#get = database.query('SELECT accounts FROM undo WHERE number = ?');
  }

  put(number: number, undo: Undo): void {
    this.#put.run(number, encodeUndo(undo));
  }

  get(number: number): Undo | undefined {
    const row = this.#get.get(number);
    return row && decodeUndo(row[0]);
  }

  has(number: number): boolean {
    return this.#has.get(number) !== undefined;
  }
}

export class SqliteMainChain implements MainChainTable {
  readonly #tip: Query<[number]>;
  readonly #at: Query<[number]>;
  readonly #from: Query<[number]>;
  readonly #headers: Query<[Uint8Array]>;
  readonly #append: Query<[]>;
  readonly #truncate: Query<[]>;

  constructor(database: Database) {
    this.#tip = database.query('SELECT number FROM main_chain ORDER BY height DESC LIMIT 1');
    this.#at = database.query('SELECT number FROM main_chain WHERE height = ?');
    this.#from = database.query('SELECT number FROM main_chain WHERE height >= ? ORDER BY height LIMIT ?');
    this.#headers = database.query(`
      SELECT blocks.sealed FROM main_chain JOIN blocks ON blocks.number = main_chain.number
      WHERE main_chain.height >= ? ORDER BY main_chain.height LIMIT ?`);
    this.#append = database.query('INSERT INTO main_chain (height, number) VALUES (?, ?)');
    this.#truncate = database.query('DELETE FROM main_chain WHERE height > ?');
  }

  tip(): number | undefined {
    return this.#tip.get()?.[0];
  }

  at(height: number): number | undefined {
    return this.#at.get(height)?.[0];
  }

  from(height: number, limit: number): number[] {
    return this.#from.all(height, limit).map(([number]) => number);
  }

  headers(height: number, limit: number): Uint8Array[] {
    return this.#headers.all(height, limit).map(([sealed]) => sealed);
  }

  append(height: number, number: number): void {
    this.#append.run(height, number);
  }

  truncate(height: number): void {
    this.#truncate.run(height);
  }
}
