/**
 * Lives that begin with a folder of their own and end by SIGKILL somewhere in their first second: a daemon's first
 * start with its keys, an older file brought up to date, a chain file taken in. What is there afterwards is whole.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Chain } from '../../src/chain/chain.ts';
import { exportChain } from '../../src/chain/chain-export.ts';
import { idToBytes } from '../../src/core/identifiers.ts';
import { formatNetworkFile } from '../../src/core/network-file.ts';
import type { NetworkDefinition } from '../../src/core/network-params.ts';
import { verifySignature } from '../../src/native/signatures.ts';
import { importChain } from '../../src/node/chain-import.ts';
import { SCHEMA_VERSION } from '../../src/store/schema.ts';
import { ledgerPath, SqliteStore } from '../../src/store/sqlite-store.ts';
import { payment, testKey, testNetwork } from './ledger.ts';
import { ENTRY } from './run-tally.ts';
import { type StartOptions, TallyProcess } from './tally-process.ts';

export const FOLDER_LIVES = ['first start', 'migrating', 'importing'] as const;
export type FolderLife = (typeof FOLDER_LIVES)[number];

export interface FolderLifeOptions {
  /** Is emptied. */
  readonly folder: string;
  readonly definition: NetworkDefinition;
  /** Has blocks; for `importing`. */
  readonly chain: Chain;
  /** 0 to below 1. */
  readonly random: () => number;
}

const OLD_FILE = fileURLToPath(new URL('../store/fixtures/schema-1.sqlite', import.meta.url));
/** So that bringing them up to date takes a while: some 0.2 s. */
const OLD_ROWS = 100_000;
/** From the start of a process to well after what it is killed in. */
const START_MS = 1_200;
const AFTER_LOG_MS = 400;
const LOOK_MS = 2;
const LOOK_FOR_MS = 10_000;

/** One life. @returns what is wrong afterwards, in words */
export async function liveInFolder(kind: FolderLife, options: FolderLifeOptions): Promise<string[]> {
  await rm(options.folder, { recursive: true, force: true });
  await mkdir(options.folder);
  if (kind === 'first start') return firstStart(options);
  return kind === 'migrating' ? migrating(options) : importing(options);
}

async function firstStart({ definition, folder, random }: FolderLifeOptions): Promise<string[]> {
  const options = await startOptions(folder, definition);
  const first = new TallyProcess(options);
  await delay(START_MS * random());
  await first.kill('SIGKILL');
  const before = await Promise.all(['wallet.json', 'peer-key'].map((name) => contentOf(options.data, name)));
  const second = new TallyProcess(options);
  await second.started.catch(async (error: unknown) => {
    await second.kill('SIGKILL');
    throw error;
  });
  const exit = await second.kill('SIGTERM');
  const after = await Promise.all(['wallet.json', 'peer-key'].map((name) => contentOf(options.data, name)));
  const problems = exit.status === 0 ? [] : [`first start: the next one ended with ${exit.status}`];
  for (const [index, name] of ['wallet.json', 'peer-key'].entries()) {
    const kept = before[index];
    if (kept !== undefined && !kept.equals(after[index] ?? Buffer.alloc(0)))
      problems.push(`first start: the ${name} that was there is another now`);
  }
  return problems;
}

async function migrating({ folder, random }: FolderLifeOptions): Promise<string[]> {
  const network = testNetwork();
  const options = await startOptions(folder, network);
  await mkdir(options.data);
  const path = ledgerPath(options.data);
  await copyFile(OLD_FILE, path);
  const waiting = payment(network, { from: testKey(1), to: testKey(2).address, sequence: 1 });
  const old = new DatabaseSync(path);
  old.exec('BEGIN');
  const row = old.prepare('INSERT INTO history (address, location) VALUES (?, ?)');
  for (let number = 0; number < OLD_ROWS; number++) row.run(idToBytes(waiting.id), 9 * 65_536 - number);
  old.exec('COMMIT');
  const [rows, tip] = [countOf(old, 'history'), tipOf(old)];
  old.close();
  const daemon = new TallyProcess(options);
  await untilThere(`${path}-wal`);
  await delay(AFTER_LOG_MS * random());
  await daemon.kill('SIGKILL');
  SqliteStore.open({ folder: options.data, network }).close();
  const today = new DatabaseSync(path);
  try {
    const found = [countOf(today, 'history'), tipOf(today), version(today), integrity(today)];
    const expected = [rows, tip, SCHEMA_VERSION, 'ok'];
    return found.every((value, index) => value === expected[index])
      ? []
      : [`migrating: ${found}, not ${expected}`];
  } finally {
    today.close();
  }
}

async function importing({ chain, definition, folder, random }: FolderLifeOptions): Promise<string[]> {
  const { data, network } = await startOptions(folder, definition);
  const parts: Uint8Array[] = [];
  for await (const part of exportChain(chain, 1, { pause: async () => {} })) parts.push(part);
  const { id: tip } = chain.tip;
  const file = join(folder, 'chain');
  await writeFile(file, parts);
  const child = spawn(
    process.execPath,
    [ENTRY, 'chain', 'import', file, '--data', data, '--network', String(network)],
    { stdio: 'ignore' },
  );
  const exited = once(child, 'exit');
  await Promise.race([untilThere(`${ledgerPath(data)}-wal`), exited]);
  await delay(AFTER_LOG_MS * random());
  child.kill('SIGKILL');
  await exited;
  const store = SqliteStore.open({ folder: data, network: definition });
  try {
    const imported = Chain.open(definition, store);
    const options = {
      verifySignatures: async (checks: Parameters<typeof verifySignature>[0][]) =>
        checks.map(verifySignature),
      pause: async () => {},
    };
    const verdict = await imported.verify(options);
    if (!verdict.valid) return [`importing: ${JSON.stringify(verdict.error)}`];
    const verifier = {
      verify: async (checks: readonly Parameters<typeof verifySignature>[0][]) => checks.map(verifySignature),
    };
    await importChain(piecewise(parts), { chain: imported, verifier, now: () => Date.now() });
    return imported.tip.id === tip ? [] : [`importing: went on to ${imported.tip.id}, not ${tip}`];
  } finally {
    store.close();
  }
}

async function startOptions(
  folder: string,
  definition: NetworkDefinition,
): Promise<StartOptions & { network: string }> {
  const network = join(folder, 'network.json');
  await writeFile(network, JSON.stringify(formatNetworkFile(definition.params)));
  return { network, data: join(folder, 'data') };
}

async function* piecewise(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

async function contentOf(folder: string, name: string): Promise<Buffer | undefined> {
  return readFile(join(folder, name)).catch(() => undefined);
}

async function untilThere(path: string): Promise<void> {
  for (let waited = 0; waited < LOOK_FOR_MS; waited += LOOK_MS) {
    if ((await stat(path).catch(() => undefined)) !== undefined) return;
    await delay(LOOK_MS);
  }
}

function countOf(database: DatabaseSync, table: string): number {
  return Number(database.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count);
}

function tipOf(database: DatabaseSync): string {
  return String(database.prepare('SELECT max(height) AS height FROM main_chain').get()?.height);
}

function version(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version);
}

function integrity(database: DatabaseSync): string {
  return String(database.prepare('PRAGMA integrity_check').get()?.integrity_check);
}
