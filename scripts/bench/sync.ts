/** Initial sync between two daemons, each a process of its own: blocks full of signed payments, and empty ones. */
import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TallyProcesses } from '../../test/support/tally-process.ts';
import { type BenchCase, type BenchContext, comparedWith, type Goal, type Row } from './case.ts';
import { benchKey, benchNetwork, type FilledLedger, fillFolder, writeNetworkFile } from './ledger.ts';
import { rawLibsodium } from './raw-libsodium.ts';

const SENDERS = 500;
const FULL: FilledLedger = { blocks: 200, transactionsPerBlock: 1_000 };
const EMPTY: FilledLedger = { blocks: 100_000, transactionsPerBlock: 0 };
const GROWTH = [10_000, 100_000, 1_000_000];
const RAW_MS = 1_500;
const LOOK_EVERY_MS = 20;
const DEADLINE_MS = 300_000;

export const sync: BenchCase = {
  name: 'sync',
  about: 'initial sync between two processes: full blocks beside raw libsodium, empty ones beside raw SQLite',
  async measure(context) {
    return [await measureFull(context), await measureEmpty(context)];
  },
};

async function measureFull(context: BenchContext): Promise<Row> {
  const libsodium = await rawLibsodium();
  try {
    const bound = () => libsodium.rate(RAW_MS);
    const transactions = FULL.blocks * FULL.transactionsPerBlock;
    return await measure(context, 'full', FULL, transactions, 'tx/s', bound, { of: 'ratio', atLeast: 0.6 });
  } finally {
    await libsodium.close();
  }
}

async function measureEmpty(context: BenchContext): Promise<Row> {
  const bound = async () => rawSqliteRate(join(context.folder, `raw-${performance.now()}.sqlite`));
  return measure(context, 'empty', EMPTY, EMPTY.blocks, 'blocks/s', bound, { of: 'value', atLeast: 20_000 });
}

/** How sync grows with what is to be fetched: each size beside the smallest, time an item. 1 is linear. */
export const growth: BenchCase = {
  name: 'growth',
  about: 'initial sync of 10 k, 100 k and 1 M blocks, and of as many transactions: is it linear?',
  async measure(context) {
    return [...(await grow(context, 'blocks')), ...(await grow(context, 'transactions'))];
  },
};

async function grow({ folder, tell }: BenchContext, what: 'blocks' | 'transactions'): Promise<Row[]> {
  const keys = Array.from({ length: SENDERS }, (_, i) => benchKey(i));
  const network = benchNetwork(keys);
  const networkFile = join(folder, `${what}.json`);
  await writeNetworkFile(networkFile, network);
  const rows: Row[] = [];
  let smallest: number | undefined;
  for (const items of GROWTH) {
    const source = join(folder, `${what}-${items}`);
    await mkdir(source);
    const ledger: FilledLedger =
      what === 'blocks'
        ? { blocks: items, transactionsPerBlock: 0 }
        : { blocks: items / 1_000, transactionsPerBlock: 1_000 };
    fillFolder(source, network, keys, ledger, tell);
    tell(`sync of ${items} ${what}`);
    const microseconds = ((await syncOnce(networkFile, source, ledger.blocks)) * 1_000) / items;
    smallest ??= microseconds;
    rows.push({
      name: `sync of ${items.toLocaleString('en')} ${what}`,
      value: microseconds,
      unit: 'µs each',
      limit: smallest,
      ratio: microseconds / smallest,
      runs: [microseconds],
    });
    await rm(source, { recursive: true });
  }
  return rows;
}

async function measure(
  { folder, runs, tell }: BenchContext,
  kind: string,
  ledger: FilledLedger,
  items: number,
  unit: string,
  bound: () => Promise<number>,
  goal: Goal,
): Promise<Row> {
  const keys = Array.from({ length: SENDERS }, (_, i) => benchKey(i));
  const network = benchNetwork(keys);
  const source = join(folder, `${kind}-source`);
  const networkFile = join(folder, `${kind}.json`);
  await mkdir(source);
  await writeNetworkFile(networkFile, network);
  fillFolder(source, network, keys, ledger, tell);
  const rates: number[] = [];
  const limits: number[] = [];
  for (let run = 0; run < runs; run++) {
    tell(`sync of ${kind} blocks, run ${run + 1} of ${runs}`);
    limits.push(await bound());
    rates.push((items / (await syncOnce(networkFile, source, ledger.blocks))) * 1_000);
  }
  return comparedWith(`initial sync, ${kind} blocks`, unit, rates, limits, goal);
}

/** @returns ms from the start of the connection until the last block is connected */
async function syncOnce(network: string, source: string, height: number): Promise<number> {
  const processes = await TallyProcesses.create();
  try {
    const data = join(processes.folder, 'source');
    await cp(source, data, { recursive: true });
    const giver = await processes.start({ network, data });
    const { addresses } = await giver.started;
    const taker = await processes.start({ network, data: join(processes.folder, 'taker'), peers: addresses });
    await taker.event('peer.connected');
    const connectedMs = taker.lines.find(({ event }) => event === 'peer.connected')?.time ?? Number.NaN;
    const endMs = performance.now() + DEADLINE_MS;
    while (performance.now() < endMs) {
      if ((await taker.client.call('status')).height === height) return Date.now() - connectedMs;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    throw new Error(`the sync did not end within ${DEADLINE_MS} ms`);
  } finally {
    await processes.close();
  }
}

/**
 * Rows of the size an empty block leaves, written by bare statements and nothing else: header, place on the chain,
 * the miner's account, undo record and body. Blocks a second.
 */
function rawSqliteRate(path: string): number {
  const database = new DatabaseSync(path);
  database.exec(`
    PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE blocks (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, header BLOB NOT NULL) STRICT;
    CREATE TABLE main_chain (height INTEGER PRIMARY KEY, number INTEGER NOT NULL) STRICT;
    CREATE TABLE records (number INTEGER PRIMARY KEY, undo BLOB NOT NULL) STRICT;`);
  const insert = database.prepare('INSERT INTO blocks VALUES (?, ?, ?)');
  const place = database.prepare('INSERT INTO main_chain VALUES (?, ?)');
  const record = database.prepare('INSERT INTO records VALUES (?, ?)');
  const header = new Uint8Array(256);
  const undo = new Uint8Array(50);
  const startMs = performance.now();
  for (let number = 0; number < EMPTY.blocks; ) {
    database.exec('BEGIN');
    for (const end = number + 64; number < end; number++) {
      const id = crypto.getRandomValues(new Uint8Array(32));
      insert.run(number, id, header);
      place.run(number, number);
      record.run(number, undo);
    }
    database.exec('COMMIT');
  }
  const rate = (EMPTY.blocks / (performance.now() - startMs)) * 1_000;
  database.close();
  return rate;
}
