/**
 * Looks for what was changed in a ledger's file behind the daemon's back: pages and indexes by SQLite's own check, then
 * what the tables say of each other. What the rows mean (headers, state, undo records) is the chain's to check.
 * Everything is read in one transaction, so the ledger may grow meanwhile.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { decodeTransactions } from '../core/encoding.ts';
import { type Address, type BlockId, idFromBytes, type TransactionId } from '../core/identifiers.ts';
import { partOf } from '../core/merkle.ts';
import { hashTransactions } from '../core/transaction-hashes.ts';
import { hexOf, LOCATIONS_PER_BLOCK, locationColumn, prefixColumn, suffixColumn } from './columns.ts';
import { asStoreError } from './database.ts';
import { decodeKept } from './decode-kept.ts';
import { StoreError } from './errors.ts';
import type { Flaw } from './flaw.ts';
import { expectedSchema, schemaOf } from './schema.ts';

/** Of SQLite's findings: the first says where, and a damaged page has thousands. */
const MAX_FINDINGS = 10;

/** @param networkId whose ledger it is @returns the first things wrong; empty if nothing is */
export function inspectLedger(path: string, networkId: Uint8Array): Flaw[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    database.exec('BEGIN');
    for (const look of [pages, schema, singleRows, mainChain, blockIds, bodies, undoRecords, places]) {
      const flaws = look(new Reader(database), networkId);
      if (flaws.length > 0) return flaws;
    }
    return [];
  } catch (error) {
    const failure = asStoreError(error, path);
    if (!(failure instanceof StoreError) || failure.failure !== 'damaged') throw failure;
    return [{ what: failure.message }];
  } finally {
    database.close();
  }
}

type Row = readonly unknown[];

class Reader {
  readonly database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.database = database;
  }

  prepare(sql: string): StatementSync {
    const statement = this.database.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  }

  rows(sql: string): Iterable<Row> {
    return this.prepare(sql).iterate() as unknown as Iterable<Row>;
  }

  row(sql: string): Row {
    for (const row of this.rows(sql)) return row;
    return [];
  }

  /** Undefined: there is no such block. */
  heightOf(number: number): number | undefined {
    return (this.prepare('SELECT height FROM blocks WHERE number = ?').get(number) as Row | undefined)?.[0] as
      | number
      | undefined;
  }

  flaw(number: number, what: string): Flaw {
    const height = this.heightOf(number);
    return height === undefined ? { what } : { height, what };
  }

  /** A flaw for the first row, which is a block's number. */
  first(sql: string, what: (number: number) => string): Flaw[] {
    const [number] = this.row(sql);
    return typeof number === 'number' ? [this.flaw(number, what(number))] : [];
  }
}

function pages(reader: Reader): Flaw[] {
  const found = [...reader.rows(`PRAGMA integrity_check(${MAX_FINDINGS})`)].map(([text]) => String(text));
  if (found.length === 1 && found[0] === 'ok') return [];
  return found.map((text) => ({ what: withTableName(reader, text) }));
}

/** SQLite names a table by the page its tree begins at. */
function withTableName(reader: Reader, text: string): string {
  const root = /Tree (\d+)/.exec(text)?.[1];
  if (root === undefined) return text;
  try {
    const [name] = reader.row(`SELECT name FROM sqlite_schema WHERE rootpage = ${root}`);
    return name === undefined ? text : `table or index ${name}: ${text}`;
  } catch {
    return text;
  }
}

function schema({ database }: Reader): Flaw[] {
  const found = schemaOf(database);
  const expected = expectedSchema();
  const names = new Set([...found.keys(), ...expected.keys()]);
  for (const name of names) {
    if (found.get(name) !== expected.get(name)) return [{ what: `the definition of ${name} was changed` }];
  }
  return [];
}

function singleRows(reader: Reader, networkId: Uint8Array): Flaw[] {
  const networks = [...reader.rows('SELECT id FROM network')];
  const isOurs = networks.length === 1 && Buffer.from(networks[0]?.[0] as Uint8Array).equals(networkId);
  if (!isOurs) return [{ what: "table network does not hold this network's id alone" }];
  const staging = [...reader.rows('SELECT counts FROM staging')];
  return staging.length === 1 ? [] : [{ what: `table staging has ${staging.length} rows, not one` }];
}

function mainChain(reader: Reader): Flaw[] {
  const [count, lowest, highest] = reader.row('SELECT count(*), min(height), max(height) FROM main_chain');
  if (lowest !== 0 || highest !== Number(count) - 1)
    return [{ what: `table main_chain has ${count} rows for the heights ${lowest} to ${highest}` }];
  const sql = `
    SELECT chain.height FROM main_chain AS chain
    LEFT JOIN blocks ON blocks.number = chain.number
    LEFT JOIN main_chain AS below ON below.height = chain.height - 1
    WHERE blocks.height IS NOT chain.height OR blocks.status <> 1 OR blocks.parent IS NOT coalesce(below.number, -1)
    LIMIT 1`;
  const [height] = reader.row(sql) as [number?];
  if (height === undefined) return [];
  return [{ height, what: `table main_chain names a block at height ${height} that does not belong there` }];
}

function blockIds(reader: Reader): Flaw[] {
  const [count, lowest, highest] = reader.row('SELECT count(*), min(number), max(number) FROM blocks');
  if (lowest !== 0 || highest !== Number(count) - 1)
    return [{ what: `table blocks has ${count} rows for the numbers ${lowest} to ${highest}` }];
  const find = reader.prepare('SELECT 1 FROM block_ids WHERE suffix = ? AND number = ?');
  for (const [number, id] of reader.rows('SELECT number, id FROM blocks')) {
    const suffix = suffixColumn(hexOf(id as Uint8Array) as BlockId);
    if (find.get(suffix, number as number) === undefined)
      return [reader.flaw(number as number, `table block_ids does not lead to block number ${number}`)];
  }
  const [ids] = reader.row('SELECT count(*) FROM block_ids');
  return ids === count ? [] : [{ what: `table block_ids has ${ids} rows for ${count} blocks` }];
}

function bodies(reader: Reader): Flaw[] {
  return [
    ...reader.first(
      `SELECT bodies.number FROM bodies LEFT JOIN blocks USING (number) WHERE blocks.status IS NOT 1 LIMIT 1`,
      (number) => `table bodies has the body of block number ${number}, which has none`,
    ),
    ...reader.first(
      `SELECT main_chain.number FROM main_chain LEFT JOIN bodies USING (number) WHERE bodies.number IS NULL LIMIT 1`,
      (number) => `table bodies lacks the body of block number ${number}`,
    ),
  ];
}

function undoRecords(reader: Reader): Flaw[] {
  return [
    ...reader.first(
      `SELECT undo.number FROM undo LEFT JOIN blocks USING (number) WHERE blocks.number IS NULL LIMIT 1`,
      (number) => `table undo has a record of block number ${number}, which is not there`,
    ),
    ...reader.first(
      `SELECT main_chain.number FROM main_chain LEFT JOIN undo USING (number)
       WHERE undo.number IS NULL AND main_chain.height > 0 LIMIT 1`,
      (number) => `table undo lacks the record of block number ${number}`,
    ),
  ];
}

/** Each transaction of the chain is found by its id and its two addresses, and nothing else is. */
function places(reader: Reader): Flaw[] {
  const tables = [
    new PlaceTable(reader, 'transaction_index', 'prefix'),
    new PlaceTable(reader, 'history', 'address'),
  ] as const;
  const sql = `
    SELECT bodies.number, bodies.transactions, main_chain.number IS NOT NULL
    FROM bodies LEFT JOIN main_chain ON main_chain.number = bodies.number ORDER BY bodies.number`;
  for (const [number, bytes, isOnChain] of reader.rows(sql) as Iterable<[number, Uint8Array, number]>) {
    for (const [index, keys] of keysOf(bytes).entries()) {
      const location = locationColumn({ block: number, index });
      for (const [which, table] of tables.entries()) {
        for (const key of keys[which] ?? []) {
          if (table.has(key, location) || isOnChain === 0) continue;
          return [
            reader.flaw(number, `table ${table.name} lacks transaction ${index} of block number ${number}`),
          ];
        }
      }
    }
  }
  return tables.flatMap((table) => table.surplus());
}

type Key = number | Uint8Array;

/** Of each transaction: its key in `transaction_index`, and those in `history`. */
function keysOf(bytes: Uint8Array): (readonly [readonly Key[], readonly Key[]])[] {
  const transactions = decodeKept('a body', () => decodeTransactions(bytes));
  const { ids } = hashTransactions(transactions);
  return transactions.map(({ transaction: { recipient, sender } }, index) => {
    const prefix = prefixColumn(idFromBytes<TransactionId>(partOf(ids, index)));
    const isOneAddress = idFromBytes<Address>(sender) === idFromBytes<Address>(recipient);
    return [[prefix], isOneAddress ? [sender] : [sender, recipient]];
  });
}

class PlaceTable {
  readonly name: string;
  readonly #keyName: string;
  readonly #reader: Reader;
  readonly #find: StatementSync;
  #found = 0;

  constructor(reader: Reader, name: string, keyName: string) {
    this.name = name;
    this.#keyName = keyName;
    this.#reader = reader;
    this.#find = reader.prepare(`SELECT 1 FROM ${name} WHERE ${keyName} = ? AND location = ?`);
  }

  has(key: Key, location: number): boolean {
    const isThere = this.#find.get(key, location) !== undefined;
    if (isThere) this.#found++;
    return isThere;
  }

  /** Rows that lead to no transaction. Of a block whose body was let go they may stay. */
  surplus(): Flaw[] {
    const block = `location / ${LOCATIONS_PER_BLOCK}`;
    const [stray] = this.#reader.row(
      `SELECT ${block} FROM ${this.name} WHERE ${block} NOT IN (SELECT number FROM blocks) OR location < 0 LIMIT 1`,
    );
    if (stray !== undefined)
      return [{ what: `table ${this.name} names block number ${stray}, which is not there` }];
    const [count] = this.#reader.row(
      `SELECT count(*) FROM ${this.name} WHERE ${block} IN (SELECT number FROM bodies)`,
    );
    return count === this.#found ? [] : [this.#firstSurplus()];
  }

  #firstSurplus(): Flaw {
    const body = this.#reader.prepare('SELECT transactions FROM bodies WHERE number = ?');
    const sql = `SELECT ${this.#keyName}, location FROM ${this.name} ORDER BY location`;
    let current = -1;
    let keys: ReturnType<typeof keysOf> = [];
    for (const [key, location] of this.#reader.rows(sql) as Iterable<[Key, number]>) {
      const index = location % LOCATIONS_PER_BLOCK;
      const block = (location - index) / LOCATIONS_PER_BLOCK;
      if (block !== current) {
        const row = body.get(block) as [Uint8Array] | undefined;
        current = block;
        if (row === undefined) continue;
        keys = keysOf(row[0]);
      }
      const rightful = keys[index]?.[typeof key === 'number' ? 0 : 1] ?? [];
      const isRight = rightful.some((other) =>
        typeof key === 'number' ? other === key : isSame(other, key),
      );
      if (!isRight)
        return this.#reader.flaw(
          block,
          `table ${this.name} names transaction ${index} of block number ${block} by a wrong ${this.#keyName}`,
        );
    }
    return { what: `table ${this.name} has rows that lead to no transaction` };
  }
}

function isSame(a: Key, b: Key): boolean {
  return typeof a !== 'number' && typeof b !== 'number' && Buffer.from(a).equals(b);
}
