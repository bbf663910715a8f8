/** What only the store on disk can meet: other files, other processes, damage. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InvariantError } from '../../src/core/errors.ts';
import type { Address, BlockId, TransactionId } from '../../src/core/identifiers.ts';
import { Database } from '../../src/store/database.ts';
import { StoreError, type StoreFailure } from '../../src/store/errors.ts';
import { SCHEMA_VERSION } from '../../src/store/schema.ts';
import { SqliteStore } from '../../src/store/sqlite-store.ts';
import { decodeUndo } from '../../src/store/undo-encoding.ts';
import { testNetwork } from '../support/ledger.ts';

const network = testNetwork();
const address = '11'.repeat(32) as Address;
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tallystick-sqlite-'));
  file = join(folder, 'ledger.sqlite');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(): SqliteStore {
  return SqliteStore.open({ folder, network });
}

function edit(sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}

function failure(work: () => unknown): StoreError {
  try {
    work();
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error('expected a StoreError');
}

function expectFailure(work: () => unknown, kind: StoreFailure, message: RegExp): void {
  const error = failure(work);
  expect(error.failure).toBe(kind);
  expect(error.message).toMatch(message);
}

describe('opening', () => {
  it('brings an older file up to date: places by height become places by block', () => {
    const store = open();
    const sealed = network.genesis.sealed;
    const record = (number: number, height: number) => ({
      number,
      id: String(number).padStart(64, '0') as BlockId,
      parent: number - 1,
      height,
      work: 1n,
      sealed,
      status: 'body' as const,
    });
    store.atomically(() => {
      // Block 1 stands beside the chain.
      for (const [number, height] of [
        [0, 0],
        [1, 1],
        [2, 1],
        [3, 2],
      ] as const)
        store.blocks.insert(record(number, height), 0);
      for (const [height, number] of [
        [0, 0],
        [1, 2],
        [2, 3],
      ] as const)
        store.mainChain.append(height, number);
    });
    store.close();
    edit(`
      DROP TABLE staged_accounts; DROP TABLE staging; DROP INDEX blocks_by_height;
      INSERT INTO history (address, location) VALUES (x'${address}', 65536 + 3), (x'${address}', 2 * 65536);
      INSERT INTO transaction_index (prefix, location) VALUES (${Number.parseInt(address.slice(0, 12), 16)}, 65536 + 3);
      PRAGMA user_version = 3`);
    const today = open();
    expect(today.history.find(address, 9)).toEqual([
      { block: 3, index: 0 },
      { block: 2, index: 3 },
    ]);
    expect(today.transactions.find(address as string as TransactionId, 9)).toEqual([{ block: 2, index: 3 }]);
    expect([today.staged.counts(), today.staged.first(1)]).toEqual([false, []]);
    today.close();
  });

  it('makes the folder, for its owner only', () => {
    const deep = join(folder, 'a', 'b');
    SqliteStore.open({ folder: deep, network }).close();
    expect(statSync(deep).mode & 0o077).toBe(0);
    expect(readFileSync(join(deep, 'ledger.sqlite')).subarray(0, 15).toString()).toBe('SQLite format 3');
  });

  it('says that a folder cannot be made, and what to try', () => {
    writeFileSync(join(folder, 'plain'), '');
    const error = failure(() => SqliteStore.open({ folder: join(folder, 'plain', 'data'), network }));
    expect(error.failure).toBe('unwritable');
    expect(error.message).toMatch(/--data/);
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('says that a file cannot be opened', () => {
    SqliteStore.open({ folder, network }).close();
    expectFailure(() => new Database(join(folder, 'missing', 'ledger.sqlite'), 0), 'unwritable', /writable/);
  });

  it('refuses the ledger of another network', () => {
    open().close();
    const other = testNetwork({ subsidy: 1n });
    expectFailure(() => SqliteStore.open({ folder, network: other }), 'foreign', /another network/);
    open().close();
  });

  it('refuses a newer schema', () => {
    open().close();
    edit(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    expectFailure(open, 'newer', /update/);
  });

  it("refuses another program's database, and leaves it as it is", () => {
    edit('CREATE TABLE theirs (a INTEGER) STRICT');
    const before = readFileSync(file);
    expectFailure(open, 'foreign', /other program/);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('refuses what is no database', () => {
    writeFileSync(file, 'x'.repeat(8_192));
    expectFailure(open, 'damaged', /damaged/);
  });

  it('refuses a file without its tables', () => {
    open().close();
    edit('DROP TABLE network');
    expect(failure(open)).toBeInstanceOf(StoreError);
  });

  it('holds nothing after it failed', () => {
    writeFileSync(file, 'x'.repeat(8_192));
    failure(open);
    rmSync(file);
    open().close();
  });

  it('starts again after a crash while the tables were made', () => {
    edit('PRAGMA journal_mode = WAL');
    open().close();
  });
});

describe('one process at a time', () => {
  const children: ChildProcess[] = [];

  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  async function hold(): Promise<{ child: ChildProcess; lines: AsyncIterator<string> }> {
    const script = fileURLToPath(new URL('../support/hold-store.ts', import.meta.url));
    const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    if (child.stdout === null) throw new Error('stdout is a pipe');
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('open');
    return { child, lines };
  }

  it('keeps a second opener out, in this process too', () => {
    const store = open();
    expectFailure(open, 'in-use', /another daemon uses this folder/);
    store.close();
    open().close();
  });

  it('keeps another process out until it is killed, and has all up to its last full commit', async () => {
    const { child, lines } = await hold();
    expectFailure(open, 'in-use', /another daemon uses this folder/);
    let committed = 0;
    while (committed < 20) committed = Number((await lines.next()).value);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const store = open();
    const { balance } = store.accounts.get(address);
    // `full` every tenth time, `bulk` in between: none is lost from before the last full one.
    expect(balance).toBeGreaterThanOrEqual(BigInt(committed - (committed % 10)));
    expect(store.peers.all()).toEqual([{ address: '/peer', lastSeenMs: Number(balance) }]);
    store.close();
  });

  it('lets other programs read meanwhile', () => {
    const store = open();
    store.atomically(() => store.peers.put({ address: '/a', lastSeenMs: 1 }));
    const reader = new DatabaseSync(file, { readOnly: true });
    expect(reader.prepare('SELECT count(*) AS n FROM peers').get()).toEqual({ n: 1 });
    reader.close();
    store.close();
  });
});

describe('damage is found when it is read', () => {
  const block = {
    number: 0,
    id: network.genesisId,
    parent: -1,
    height: 0,
    work: 1n,
    sealed: network.genesis.sealed,
    status: 'body',
  } as const;

  function damagedBy(sql: string): SqliteStore {
    const store = open();
    store.atomically(() => {
      store.blocks.insert(block, 0);
      store.bodies.insert(0, []);
      store.undo.put(0, new Map());
    });
    store.close();
    edit(sql);
    return open();
  }

  it.each<[string, string, (store: SqliteStore) => unknown]>([
    ['a header', "UPDATE blocks SET sealed = x'00'", (store) => store.blocks.get(0)],
    ['a body', "UPDATE bodies SET transactions = x'0011'", (store) => store.bodies.get(0)],
    [
      'an offset in a body',
      "UPDATE bodies SET transactions = x'08000000'",
      (store) => store.bodies.transaction(0, 1),
    ],
    ['an undo record', "UPDATE undo SET accounts = x'00'", (store) => store.undo.get(0)],
    [
      'a transaction of the pool',
      "INSERT INTO pool (number, id, signed) VALUES (0, x'00', x'00')",
      (store) => store.pool.all(),
    ],
  ])('in %s', (_, sql, read) => {
    const store = damagedBy(sql);
    expectFailure(() => read(store), 'damaged', /move its folder away/);
    store.close();
  });

  it('in a status', () => {
    const store = damagedBy('PRAGMA ignore_check_constraints = 1; UPDATE blocks SET status = 7');
    expectFailure(() => store.blocks.get(0), 'damaged', /status/);
    store.close();
  });

  it('in the pages of the file', () => {
    const store = open();
    store.atomically(() => {
      for (let number = 0; number < 2_000; number++) {
        const id = number.toString(16).padStart(64, '0') as BlockId;
        store.blocks.insert({ ...block, number, id }, 0);
      }
    });
    store.close();
    truncateSync(file, 64 * 1_024);
    expectFailure(
      () => {
        const reopened = open();
        try {
          for (let number = 0; number < 2_000; number++) reopened.blocks.get(number);
        } finally {
          reopened.close();
        }
      },
      'damaged',
      /damaged/,
    );
  });

  it('an undo record of a wrong length does not decode', () => {
    expectFailure(() => decodeUndo(new Uint8Array(47)), 'damaged', /47 bytes/);
  });
});

describe('bulk commits', () => {
  const put = (address: string) => (store: SqliteStore) =>
    store.atomically(() => store.peers.put({ address, lastSeenMs: 1 }), 'bulk');
  const onDisk = (): unknown => {
    const reader = new DatabaseSync(file, { readOnly: true });
    try {
      return reader.prepare('SELECT count(*) AS n FROM peers').get()?.n;
    } finally {
      reader.close();
    }
  };

  it('are seen at once, and on disk a moment later', async () => {
    const store = open();
    put('/a')(store);
    put('/b')(store);
    expect(store.peers.all()).toHaveLength(2);
    expect(onDisk()).toBe(0);
    await expect.poll(onDisk).toBe(2);
    store.close();
  });

  it('are on disk before a full one is, and when the store is closed', () => {
    const store = open();
    put('/a')(store);
    store.atomically(() => store.peers.put({ address: '/b', lastSeenMs: 1 }));
    expect(onDisk()).toBe(2);
    put('/c')(store);
    store.close();
    expect(onDisk()).toBe(3);
  });

  it('that throw take back themselves only', () => {
    const store = open();
    put('/a')(store);
    const failing = () =>
      store.atomically(() => {
        store.peers.put({ address: '/b', lastSeenMs: 1 });
        throw new Error('on purpose');
      }, 'bulk');
    expect(failing).toThrow('on purpose');
    expect(store.peers.all().map((peer) => peer.address)).toEqual(['/a']);
    store.close();
    expect(onDisk()).toBe(1);
  });

  it('that cannot be written although they were seen stop whoever uses the store', () => {
    const failures: unknown[] = [];
    const store = SqliteStore.open({ folder, network, onFailure: (error) => failures.push(error) });
    store.close();
    edit(
      "CREATE TRIGGER refuse BEFORE INSERT ON peers WHEN NEW.address = '/full' BEGIN SELECT RAISE(ROLLBACK, 'as a full disk does'); END",
    );
    const again = SqliteStore.open({ folder, network, onFailure: (error) => failures.push(error) });
    put('/a')(again);
    expect(() => put('/full')(again)).toThrow();
    expect(failures).toHaveLength(1);
    expect(() => put('/b')(again)).toThrow();
    expect(() => again.atomically(() => again.peers.put({ address: '/c', lastSeenMs: 1 }))).toThrow();
    expect(() => again.close()).toThrow();
    expect(onDisk()).toBe(0);
  });
});

describe('a full disk', () => {
  it('takes the commit back and says so; the next one works', () => {
    const database = new Database(join(folder, 'small.sqlite'), 0);
    database.execute('CREATE TABLE t (a BLOB NOT NULL) STRICT; PRAGMA max_page_count = 10');
    const insert = database.query('INSERT INTO t VALUES (?)');
    const rows = database.query<[number]>('SELECT count(*) FROM t');
    const write = (bytes: number) => () => {
      insert.run(new Uint8Array(10));
      insert.run(new Uint8Array(bytes));
    };
    expectFailure(() => database.step(write(1_000_000)), 'full', /no room/);
    expect(rows.get()).toEqual([0]);
    database.step(write(10));
    expect(rows.get()).toEqual([2]);
    database.close();
  });
});

describe('what is bound', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1.5, 2 ** 53])('is never the number %s', (number) => {
    const store = open();
    const put = () => store.peers.put({ address: '/a', lastSeenMs: number });
    expect(() => store.atomically(put)).toThrow(InvariantError);
    expect(store.peers.all()).toEqual([]);
    store.close();
  });

  it('is never a balance beyond 63 bits or below nothing', () => {
    const store = open();
    for (const balance of [2n ** 63n, -1n]) {
      expect(() => store.atomically(() => store.accounts.set(address, { balance, sequence: 0n }))).toThrow();
    }
    expect(store.accounts.get(address).balance).toBe(0n);
    store.close();
  });
});

describe('the query plans', () => {
  it('never go through what grows with the chain', () => {
    open().close(); // what makes the tables is not looked at
    const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare');
    open().close();
    const statements = prepare.mock.calls
      .map(([sql]) => sql)
      .filter((sql) => !/^(PRAGMA|INSERT)/.test(sql.trim()));
    prepare.mockRestore();
    expect(statements.length).toBeGreaterThan(20);
    const database = new DatabaseSync(file);
    const scans = statements.flatMap((sql) => {
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
      return plan.map(({ detail }) => String(detail)).filter((detail) => /SCAN|TEMP B-TREE/.test(detail));
    });
    database.close();
    // In the order of an index, up to a limit; and what has a bound of its own.
    const harmless = [
      'SCAN blocks USING INDEX blocks_by_work',
      'SCAN blocks',
      'SCAN main_chain',
      'SCAN staged_accounts',
      'SCAN staging',
      'SCAN network',
      'SCAN pool',
      'SCAN peers',
      'SCAN descendants',
      'SCAN sqlite_master',
      'USE TEMP B-TREE FOR ORDER BY',
    ];
    expect(scans.filter((detail) => !harmless.includes(detail))).toEqual([]);
    // A scan of a whole table is one statement's only: the last block, the tip.
    expect(scans.filter((detail) => detail === 'SCAN blocks')).toHaveLength(1);
    expect(scans.filter((detail) => detail === 'SCAN main_chain')).toHaveLength(1);
  });
});
