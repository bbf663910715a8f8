/**
 * Opening a ledger: `tally start` on chains of several lengths and on many accounts, beside one on an empty
 * folder, which costs what Node and the libp2p stack alone cost.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Chain } from '../../src/chain/chain.ts';
import { formatAddress } from '../../src/core/address.ts';
import { idFromBytes } from '../../src/core/identifiers.ts';
import type { NetworkDefinition } from '../../src/core/network-params.ts';
import type { SealedHeader, SignedTransaction } from '../../src/core/types.ts';
import { SqliteStore } from '../../src/store/sqlite-store.ts';
import { TallyProcess } from '../../test/support/tally-process.ts';
import { type BenchCase, type BenchContext, comparedWith, figure, type Row } from './case.ts';
import { LOOP_WATCH } from './event-loop.ts';
import { benchKey, benchNetwork, blockAfter, fillFolder, type Key, writeNetworkFile } from './ledger.ts';

const run = promisify(execFile);
const LENGTHS = [10_000, 100_000, 1_000_000];
const ACCOUNTS = 1_000_000;
const ACCOUNTS_PER_BLOCK = 2_000;
const SENDERS = 500;
/** By then what the start left behind has been collected. */
const SETTLED_MS = 4_000;
/** A start of a million blocks on a slow disk. */
const DEADLINE_MS = 120_000;

interface Ledger {
  readonly name: string;
  readonly folder: string;
  readonly networkFile: string;
  readonly length: number;
  /** Somebody with a history. */
  readonly address: string;
}

interface Opened {
  readonly startMs: number;
  /** Once settled, and after it was asked for its status, a page of blocks and an account's history. MB */
  readonly memory: number;
  readonly memoryAfterwards: number;
  /** The longest delay of the event loop while it answered. */
  readonly longestDelayMs: number;
}

export const opening: BenchCase = {
  name: 'opening',
  about: 'start and memory with 10 k to 1 M blocks and 1 M accounts, beside an empty folder',
  async measure(context) {
    const rows: Row[] = [];
    const atLengths = new Map<number, number>();
    for (const length of LENGTHS) {
      const ledger = await makeChain(context, length);
      const { memory, rows: found } = await openings(context, ledger);
      atLengths.set(length, memory);
      rows.push(...found);
      await rm(ledger.folder, { recursive: true, force: true });
    }
    const accounts = await makeAccounts(context);
    const { memory, rows: found } = await openings(context, accounts);
    rows.push(...found);
    const least = atLengths.get(LENGTHS[0] ?? 0) ?? Number.NaN;
    const largest = atLengths.get(LENGTHS.at(-1) ?? 0) ?? Number.NaN;
    rows.push(
      figure('memory with 1 M blocks to that with 10 k', 'x', [largest / least], {
        of: 'value',
        atMost: 1.1,
      }),
      figure('memory with 1 M accounts to that with 10 k blocks', 'x', [memory / least], {
        of: 'value',
        atMost: 1.1,
      }),
    );
    return rows;
  },
};

async function openings(
  { folder, runs, tell }: BenchContext,
  ledger: Ledger,
): Promise<{ memory: number; rows: Row[] }> {
  const results: Opened[] = [];
  const empty: Opened[] = [];
  const emptyFolder = join(folder, 'empty');
  for (let i = 0; i < runs; i++) {
    tell(`opening ${ledger.name}, run ${i + 1} of ${runs}`);
    results.push(await opened(ledger, join(ledger.folder, 'data')));
    await rm(emptyFolder, { recursive: true, force: true });
    empty.push(await opened({ ...ledger, length: 0 }, emptyFolder));
  }
  const of = (field: keyof Opened, from: readonly Opened[]) => from.map((one) => one[field]);
  const after = comparedWith(
    `${ledger.name}: memory after a status, a page of blocks, a history`,
    'MB',
    of('memoryAfterwards', results),
    of('memoryAfterwards', empty),
    { of: 'value', atMost: 160 },
  );
  const rows = [
    comparedWith(
      `${ledger.name}: from spawn to ready, beside an empty folder`,
      'ms',
      of('startMs', results),
      of('startMs', empty),
    ),
    figure(
      `${ledger.name}: opening, beyond what an empty folder takes`,
      'ms',
      results.map(({ startMs }, i) => startMs - (empty[i]?.startMs ?? Number.NaN)),
      { of: 'value', atMost: 1_000 },
    ),
    comparedWith(
      `${ledger.name}: memory once settled, beside an empty folder`,
      'MB',
      of('memory', results),
      of('memory', empty),
      { of: 'value', atMost: 160 },
    ),
    after,
    figure(`${ledger.name}: longest event-loop delay meanwhile`, 'ms', of('longestDelayMs', results)),
  ];
  return { memory: after.value, rows };
}

async function opened(ledger: Ledger, data: string): Promise<Opened> {
  const loopFile = `${data}.loop`;
  process.env.TALLY_LOOP_FILE = loopFile;
  const start = performance.now();
  const daemon = new TallyProcess({
    network: ledger.networkFile,
    data,
    nodeArguments: ['--import', LOOP_WATCH],
  });
  try {
    await daemon.event('daemon.started', { deadlineMs: DEADLINE_MS });
    const startMs = performance.now() - start;
    await sleep(SETTLED_MS);
    const memory = await residentMb(daemon.pid);
    process.kill(daemon.pid, 'SIGUSR2');
    const { client } = daemon;
    const { height } = await client.call('status');
    if (height !== ledger.length) throw new Error(`height ${height}, not ${ledger.length}`);
    await client.call('chain', { query: { from: Math.max(0, height - 100), limit: 100 } });
    await client.call('accountTransactions', { params: { address: ledger.address } });
    await sleep(SETTLED_MS / 4);
    const memoryAfterwards = await residentMb(daemon.pid);
    await daemon.kill();
    return { startMs, memory, memoryAfterwards, longestDelayMs: Number(await readFile(loopFile, 'utf8')) };
  } finally {
    await daemon.kill('SIGKILL');
  }
}

async function residentMb(pid: number): Promise<number> {
  const { stdout } = await run('ps', ['-o', 'rss=', '-p', `${pid}`]);
  return (Number(stdout) * 1_024) / 1e6;
}

async function makeChain({ folder, tell }: BenchContext, blocks: number): Promise<Ledger> {
  const key = benchKey(1);
  const network = benchNetwork([key], 'opening');
  const ledger = await place(folder, `${blocks.toLocaleString('en')} blocks`, network, key, blocks);
  fillFolder(join(ledger.folder, 'data'), network, [key], { blocks, transactionsPerBlock: 0 }, tell);
  return ledger;
}

/** Each account has been paid once. Signatures are left out: nothing here looks at them. */
async function makeAccounts({ folder, tell }: BenchContext): Promise<Ledger> {
  const keys = Array.from({ length: SENDERS }, (_, number) => benchKey(number));
  const network = benchNetwork(keys, 'accounts');
  const blocks = ACCOUNTS / ACCOUNTS_PER_BLOCK;
  const ledger = await place(folder, '1 M accounts', network, keys[0] as Key, blocks);
  const store = SqliteStore.open({ folder: join(ledger.folder, 'data'), network });
  try {
    const chain = Chain.open(network, store);
    let grandparent: SealedHeader | undefined;
    let parent = network.genesis.sealed;
    for (let made = 0; made < ACCOUNTS; made += ACCOUNTS_PER_BLOCK) {
      const transactions = Array.from({ length: ACCOUNTS_PER_BLOCK }, (_, i) => giftTo(keys, made + i));
      const block = blockAfter(network, parent, grandparent, transactions);
      chain.addBlock(block, Date.now(), 'bulk');
      grandparent = parent;
      parent = block.block.sealed;
      tell(`making accounts: ${made} of ${ACCOUNTS}`);
    }
  } finally {
    store.close();
  }
  return ledger;
}

function giftTo(keys: readonly Key[], number: number): SignedTransaction {
  return {
    transaction: {
      sender: (keys[number % keys.length] as Key).publicKey,
      sequence: BigInt(Math.floor(number / keys.length)),
      recipient: Uint8Array.from(createHash('sha256').update(`account ${number}`).digest()),
      amount: 1n,
      fee: 1_000n,
      data: new Uint8Array(0),
    },
    signature: new Uint8Array(64),
  };
}

async function place(
  base: string,
  name: string,
  network: NetworkDefinition,
  { publicKey }: Key,
  length: number,
): Promise<Ledger> {
  const folder = join(base, name.replaceAll(/[ ,]/g, '-'));
  await mkdir(folder);
  const networkFile = join(folder, 'network.json');
  await writeNetworkFile(networkFile, network);
  return { name, folder, networkFile, length, address: formatAddress(idFromBytes(publicKey)) };
}
