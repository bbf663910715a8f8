/** The tables on disk, how older files become today's, and how to tell that a file is ours. */
import type { DatabaseSync } from 'node:sqlite';
import type { BlockId } from '../core/identifiers.ts';
import type { NetworkDefinition } from '../core/network-params.ts';
import { hexOf, suffixColumn } from './columns.ts';
import { Database } from './database.ts';
import { StoreError } from './errors.ts';

/** `tall` in ASCII: what `PRAGMA application_id` says of our files. */
const APPLICATION_ID = 0x74616c6c;

/** SQL, or what takes more than that. */
type Migration = string | ((database: Database) => void);

/**
 * Each step brings a file from the version before to its place in this list, plus one. Steps are never
 * changed once released; new ones are added.
 *
 * All 64-bit amounts are signed integers, for the rules keep them within 63 bits. A location is
 * `height × 65,536 + index` in the first version, `block number × 65,536 + index` since the second.
 */
const MIGRATIONS: readonly Migration[] = [
  `
  CREATE TABLE network (id BLOB NOT NULL) STRICT;

  -- status: 0 header, 1 body, 2 invalid. work: 32 bytes, big-endian, so that it sorts.
  CREATE TABLE blocks (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    parent INTEGER NOT NULL,
    jump INTEGER NOT NULL,
    height INTEGER NOT NULL,
    work BLOB NOT NULL,
    status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 2),
    sealed BLOB NOT NULL
  ) STRICT;
  CREATE INDEX blocks_by_parent ON blocks (parent);
  CREATE INDEX blocks_by_work ON blocks (work DESC, number) WHERE status <> 2;

  CREATE TABLE bodies (number INTEGER PRIMARY KEY, transactions BLOB NOT NULL) STRICT;
  CREATE TABLE undo (number INTEGER PRIMARY KEY, accounts BLOB NOT NULL) STRICT;
  CREATE TABLE main_chain (height INTEGER PRIMARY KEY, number INTEGER NOT NULL) STRICT;

  CREATE TABLE accounts (
    address BLOB NOT NULL PRIMARY KEY,
    balance INTEGER NOT NULL CHECK (balance >= 0),
    sequence INTEGER NOT NULL CHECK (sequence >= 0)
  ) STRICT, WITHOUT ROWID;

  -- prefix: the first 48 bits of the transaction's id.
  CREATE TABLE transaction_index (
    prefix INTEGER NOT NULL,
    location INTEGER NOT NULL,
    PRIMARY KEY (prefix, location)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE history (
    address BLOB NOT NULL,
    location INTEGER NOT NULL,
    PRIMARY KEY (address, location)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE pool (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, signed BLOB NOT NULL) STRICT;
  CREATE TABLE peers (address TEXT NOT NULL PRIMARY KEY, last_seen_ms INTEGER NOT NULL) STRICT;
  `,
  // 2: blocks are found by 16 bytes of index instead of 90.
  (database) => {
    database.execute(`
      CREATE TABLE block_ids (
        suffix INTEGER NOT NULL,
        number INTEGER NOT NULL,
        PRIMARY KEY (suffix, number)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE blocks_2 (
        number INTEGER PRIMARY KEY,
        id BLOB NOT NULL,
        parent INTEGER NOT NULL,
        jump INTEGER NOT NULL,
        height INTEGER NOT NULL,
        work BLOB NOT NULL,
        status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 2),
        sealed BLOB NOT NULL
      ) STRICT;
      INSERT INTO blocks_2 SELECT * FROM blocks ORDER BY number;
      DROP TABLE blocks;
      ALTER TABLE blocks_2 RENAME TO blocks;
      CREATE INDEX blocks_by_work ON blocks (work DESC, number) WHERE status <> 2;`);
    const [count] = database.query<[number]>('SELECT count(*) FROM blocks').get() ?? [0];
    const read = database.query<[id: Uint8Array]>('SELECT id FROM blocks WHERE number = ?');
    const write = database.query('INSERT INTO block_ids (suffix, number) VALUES (?, ?)');
    for (let number = 0; number < count; number++) {
      const [id] = read.get(number) ?? [];
      if (id !== undefined) write.run(suffixColumn(hexOf(id) as BlockId), number);
    }
  },
  // 3: the pool without an index by id: rows at the end only.
  `
  CREATE TABLE waiting (number INTEGER PRIMARY KEY, id BLOB NOT NULL, signed BLOB NOT NULL) STRICT;
  INSERT INTO waiting SELECT number, id, signed FROM pool ORDER BY number;
  DROP TABLE pool;
  ALTER TABLE waiting RENAME TO pool;
  `,
  // 4: where a long move of the tip gathers its accounts; places by block number, so that they stay true over it.
  `
  CREATE TABLE staged_accounts (
    address BLOB NOT NULL PRIMARY KEY,
    balance INTEGER NOT NULL CHECK (balance >= 0),
    sequence INTEGER NOT NULL CHECK (sequence >= 0)
  ) STRICT, WITHOUT ROWID;
  -- One row: whether the staged accounts count.
  CREATE TABLE staging (counts INTEGER NOT NULL CHECK (counts IN (0, 1))) STRICT;
  INSERT INTO staging (counts) VALUES (0);

  CREATE TABLE transaction_index_2 (
    prefix INTEGER NOT NULL,
    location INTEGER NOT NULL,
    PRIMARY KEY (prefix, location)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO transaction_index_2
    SELECT prefix, number * 65536 + location % 65536
    FROM transaction_index JOIN main_chain ON height = location / 65536;
  DROP TABLE transaction_index;
  ALTER TABLE transaction_index_2 RENAME TO transaction_index;
  CREATE TABLE history_2 (
    address BLOB NOT NULL,
    location INTEGER NOT NULL,
    PRIMARY KEY (address, location)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO history_2
    SELECT address, number * 65536 + location % 65536
    FROM history JOIN main_chain ON height = location / 65536;
  DROP TABLE history;
  ALTER TABLE history_2 RENAME TO history;
  `,
  // 5: blocks beside the chain are found by height, and by their parent, whenever they came.
  'CREATE INDEX blocks_by_height ON blocks (height, parent);',
];

/** Indexes SQLite makes by itself have no text. */
const SCHEMA_SQL = "SELECT name, coalesce(sql, '') AS sql FROM sqlite_schema";

/** The version this code writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length;

/**
 * Makes sure the file is this network's ledger in today's schema; a new file becomes one.
 *
 * @throws StoreError `foreign`, `newer`, `damaged`
 */
export function prepareSchema(database: Database, network: NetworkDefinition): void {
  const version = pragma(database, 'user_version');
  requireOurs(database, version);
  if (version > SCHEMA_VERSION) {
    throw new StoreError(
      'newer',
      `${database.path} was written by a newer version (schema ${version}, this one knows ${SCHEMA_VERSION}); update, or choose another folder with --data`,
    );
  }
  // Only now, for this changes the file.
  database.execute('PRAGMA journal_mode = WAL');
  for (const [index, step] of MIGRATIONS.entries()) {
    if (index >= version) migrate(database, index, step, network.idBytes);
  }
  requireNetwork(database, network);
}

function requireOurs(database: Database, version: number): void {
  const application = pragma(database, 'application_id');
  if (application === APPLICATION_ID) return;
  const [objects] = database.query<[number]>('SELECT count(*) FROM sqlite_schema').get() ?? [0];
  const isNew = application === 0 && version === 0 && objects === 0;
  if (!isNew) {
    throw new StoreError(
      'foreign',
      `${database.path} is some other program's database; choose another folder with --data`,
    );
  }
}

/** One transaction a step: a crash leaves the file at one version or the other. */
function migrate(database: Database, index: number, step: Migration, networkId: Uint8Array): void {
  database.step(() => {
    if (typeof step === 'string') database.execute(step);
    else step(database);
    if (index === 0) database.query('INSERT INTO network (id) VALUES (?)').run(networkId);
    database.execute(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${index + 1}`);
  });
}

/** What each table and index is defined as, by its name. */
export function schemaOf(database: DatabaseSync): Map<string, string> {
  const rows = database.prepare(SCHEMA_SQL).all();
  return textsByName(rows.map(({ name, sql }) => [String(name), String(sql)]));
}

/** Which quotes a renamed table gets depends on SQLite's version. */
function textsByName(rows: readonly (readonly [name: string, sql: string])[]): Map<string, string> {
  return new Map(rows.map(([name, sql]) => [name, sql.replaceAll(/["'`]/g, '')]));
}

/** The same of a file that was made today. */
export function expectedSchema(): Map<string, string> {
  const database = new Database(':memory:', 0);
  try {
    for (const [index, step] of MIGRATIONS.entries()) migrate(database, index, step, new Uint8Array(1));
    return textsByName(database.query<[string, string]>(SCHEMA_SQL).all());
  } finally {
    database.close();
  }
}

function requireNetwork(database: Database, network: NetworkDefinition): void {
  const [kept] = database.query<[Uint8Array]>('SELECT id FROM network').get() ?? [new Uint8Array(0)];
  if (Buffer.from(kept).equals(network.idBytes)) return;
  throw new StoreError(
    'foreign',
    `${database.path} holds another network's ledger (${Buffer.from(kept).toString('hex')}), not that of ${network.name} (${network.id}); choose another folder with --data`,
  );
}

function pragma(database: Database, name: 'application_id' | 'user_version'): number {
  return database.query<[number]>(`PRAGMA ${name}`).get()?.[0] ?? 0;
}
