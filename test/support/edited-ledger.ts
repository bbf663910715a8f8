/**
 * A ledger with something of every kind in it, whose file is edited a byte at a time. An edit is either named (the
 * ledger does not open, or its check says what is wrong) or in a place that means nothing: then every row is as it was.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Chain } from '../../src/chain/chain.ts';
import type { CheckedBlock, CheckedTransaction } from '../../src/chain/records.ts';
import type { Validity } from '../../src/chain/validity.ts';
import { RuleError } from '../../src/core/errors.ts';
import { verifySignature } from '../../src/native/signatures.ts';
import { StoreError } from '../../src/store/errors.ts';
import { inspectLedger } from '../../src/store/inspection.ts';
import { ledgerPath, SqliteStore } from '../../src/store/sqlite-store.ts';
import { BlockMaker, NOW_MS, payment, testKey, testNetwork } from './ledger.ts';

const [alice, bob, miner] = [testKey(1), testKey(2), testKey(3)];
export const network = testNetwork({ allocations: [{ address: alice.publicKey, amount: 1_000_000_000n }] });
/** Beyond a page: part of the body lies on overflow pages. */
const LARGE_DATA = new Uint8Array(1_000).fill(7);
/**
 * What means nothing to the ledger: hints of where peers were, accounts staged by a move that came to nothing, and what
 * takes back a block that is not on the chain.
 */
const HINTS: Readonly<Record<string, string>> = {
  peers: 'SELECT 0',
  staged_accounts: 'SELECT * FROM staged_accounts WHERE (SELECT counts FROM staging) = 1 ORDER BY address',
  undo: 'SELECT * FROM undo WHERE number IN (SELECT number FROM main_chain) ORDER BY number',
};

/** From a key that has money. */
export function pay(sequence: number, data = new Uint8Array(0)): CheckedTransaction {
  return payment(network, { from: alice, to: bob.address, sequence, data, fee: 5_000n });
}

/** Makes one in a folder, and closes it. */
export function makeLedger(folder: string): void {
  const store = SqliteStore.open({ folder, network });
  const chain = Chain.open(network, store);
  const maker = new BlockMaker(network);
  const large = Array.from({ length: 8 }, (_, sequence) => pay(sequence, LARGE_DATA));
  const grow = (
    parent: CheckedBlock,
    sequences: readonly number[],
    address = miner.address,
  ): CheckedBlock[] => {
    const grown: CheckedBlock[] = [];
    for (const sequence of sequences) {
      const fields = { transactions: [pay(sequence)], miner: address };
      grown.push(maker.block(grown.at(-1) ?? parent, fields));
    }
    return grown;
  };
  const first = maker.block(maker.genesis, { transactions: large, miner: miner.address });
  const fork = grow(first, [8, 9, 10, 11]);
  const end = fork.at(-1) ?? first;
  chain.addBlocks([first, ...fork, ...grow(end, [12, 13])], NOW_MS);
  // The two are left again: their undo records and places stay.
  const better = grow(end, [12, 13, 14], bob.address);
  const tip = better.at(-1) ?? end;
  chain.addBlocks(better, NOW_MS);
  // One that breaks a rule, and headers without bodies.
  const bad = maker.block(end, { transactions: [pay(40)] });
  const worse = maker.chain(bad, 4);
  try {
    chain.addBlocks([bad, ...worse], NOW_MS);
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
  }
  chain.addHeaders(
    maker.chain(tip, 2).map(({ block }) => block.sealed),
    NOW_MS,
  );
  store.atomically(() => {
    // Freed pages.
    for (let number = 90; number < 94; number++)
      store.bodies.insert(
        number,
        large.map(({ signed }) => signed),
      );
    for (let number = 90; number < 94; number++) store.bodies.remove(number);
    for (const sequence of [30, 31]) store.pool.put(pay(sequence).id, pay(sequence).signed);
    store.peers.put({ address: '/ip4/127.0.0.1/tcp/1', lastSeenMs: 1 });
    store.staged.put(bob.address, { balance: 5n, sequence: 0n });
  });
  store.close();
}

export interface Verdict {
  /** What the daemon or its check says; undefined: nothing is wrong. */
  readonly named: string | undefined;
  readonly height?: number | undefined;
}

/** What opening and checking a ledger says. @throws what is neither an answer nor a verdict */
export async function judge(folder: string): Promise<Verdict> {
  let store: SqliteStore | undefined;
  try {
    store = SqliteStore.open({ folder, network });
    const path = ledgerPath(folder);
    // The same look as on a thread, without its start.
    store.inspect = async () => inspectLedger(path, network.idBytes);
    const { error }: Validity = await Chain.open(network, store).verify({
      verifySignatures: async (checks) => checks.map(verifySignature),
      pause: async () => {},
    });
    return { named: error && `${error.code}: ${error.message}`, height: error?.height };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { named: `${error.failure}: ${error.message}` };
  } finally {
    closeAnyway(store);
  }
}

function closeAnyway(store: SqliteStore | undefined): void {
  try {
    store?.close();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
  }
}

/** Every row of every table that means something, by table. */
function rowsOf(folder: string): Record<string, string> {
  const database = new DatabaseSync(ledgerPath(folder), { readOnly: true });
  try {
    const tables = database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
      .all();
    return Object.fromEntries(
      tables.map(({ name }) => {
        const statement = database.prepare(HINTS[String(name)] ?? `SELECT * FROM ${name} ORDER BY 1`);
        statement.setReadBigInts(true);
        return [String(name), JSON.stringify(statement.all(), textOf)];
      }),
    );
  } finally {
    database.close();
  }
}

function textOf(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}`;
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}

export interface EditReport {
  readonly edits: number;
  /** The ledger did not open. */
  readonly refused: number;
  /** Its check said what is wrong. */
  readonly found: number;
  /** Nothing was said, and every row was as before. */
  readonly unused: number;
  /** Nothing was said, and a row had changed; or something failed that is neither: in words. */
  readonly missed: readonly string[];
}

/**
 * Turns one bit of every `every`-th byte, beginning at `from`, each on a fresh copy.
 *
 * @param folder for the copies; is left empty
 */
export async function editBytes(folder: string, every: number, from: number): Promise<EditReport> {
  const [whole, copy] = [join(folder, 'whole'), join(folder, 'copy')];
  mkdirSync(whole, { recursive: true });
  makeLedger(whole);
  const before = rowsOf(whole);
  const bytes = readFileSync(ledgerPath(whole));
  const missed: string[] = [];
  let [edits, refused, found, unused] = [0, 0, 0, 0];
  for (let at = from; at < bytes.length; at += every) {
    edits++;
    rmSync(copy, { recursive: true, force: true });
    cpSync(whole, copy, { recursive: true });
    const edited = Buffer.from(bytes);
    edited[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
    writeFileSync(ledgerPath(copy), edited);
    const said = await judgeEdit(copy, before);
    if (said === 'refused') refused++;
    else if (said === 'found') found++;
    else if (said === 'unused') unused++;
    else missed.push(`byte ${at}: ${said}`);
  }
  rmSync(folder, { recursive: true, force: true });
  return { edits, refused, found, unused, missed };
}

async function judgeEdit(copy: string, before: Record<string, string>): Promise<string> {
  try {
    const { height, named } = await judge(copy);
    if (named !== undefined) return height === undefined ? 'refused' : 'found';
    const after = rowsOf(copy);
    const changed = Object.keys(before).filter((table) => before[table] !== after[table]);
    return changed.length === 0 ? 'unused' : `not named, though ${changed} changed`;
  } catch (error) {
    return `no verdict: ${error instanceof Error ? (error.stack ?? error.message) : error}`;
  }
}
