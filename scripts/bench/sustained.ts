/**
 * Four daemons on this machine, each connected to each, transactions coming in at all four, one of them mining at a
 * steady pace: how many transactions a second get onto the chain of all four, once it is steady. A transaction
 * counts when the last of the four has its block on its chain.
 */

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatAddress } from '../../src/core/address.ts';
import { idFromBytes } from '../../src/core/identifiers.ts';
import { type LogLine, type TallyProcess, TallyProcesses } from '../../test/support/tally-process.ts';
import {
  type BenchCase,
  type BenchContext,
  comparedWith,
  figure,
  type Goal,
  median,
  type Row,
} from './case.ts';
import { benchKey, benchNetwork, writeNetworkFile } from './ledger.ts';
import { Load } from './load.ts';
import { rawLibsodium } from './raw-libsodium.ts';
import { WATCH_ARGUMENTS, type Watched, watched } from './watched.ts';

const DAEMONS = 4;
const KEYS = 960;
/** Transactions of a request, and connections to each daemon. */
const BATCH = 200;
const LANES = 4;
/** Between two blocks asked for. */
const BLOCK_MS = 1_000;
/** Sent and not yet on the chain of all: two to three blocks' worth. */
const UNDER_WAY = 12_000;
/** Blocks on all before a run begins to count: pools are full then. */
const SETTLING_BLOCKS = 5;
/** Then it counts for so long. */
const WINDOW_MS = 10_000;
/** Transactions signed for a run: more than are sent in it. */
const SIGNED = 240_000;
const LIMIT_MS = 1_000;
/** For a block to be everywhere, or for the pools to be emptied. */
const DEADLINE_MS = 60_000;

interface Measured {
  /** Confirmed on all, a second. */
  readonly rate: number;
  /** What libsodium alone could do, for each daemon. */
  readonly limit: number;
  readonly blockIntervalMs: number;
  readonly transactionsPerBlock: number;
  /** Waiting in a pool when a block was asked for. */
  readonly poolDepth: number;
  readonly watched: readonly Watched[];
  /** Transactions confirmed in the window. */
  readonly counted: number;
  /** From the first to the last. */
  readonly confirmed: number;
}

export const sustained: BenchCase = {
  name: 'sustained',
  about: 'transactions confirmed on all of four daemons, a block a second',
  measure,
};

async function measure({ folder, runs, tell }: BenchContext): Promise<Row[]> {
  const keys = Array.from({ length: KEYS }, (_, number) => benchKey(number));
  const networkFile = join(folder, 'network.json');
  await writeNetworkFile(networkFile, benchNetwork(keys, 'sustained'));
  const processes = await TallyProcesses.create();
  const libsodium = await rawLibsodium();
  const load = new Load();
  try {
    const daemons = await startMesh(processes, networkFile);
    const measured: Measured[] = [];
    for (let run = 0; run < runs; run++) {
      tell(`sustained: run ${run + 1} of ${runs}`);
      const limit = (await libsodium.rate(LIMIT_MS)) / DAEMONS;
      await load.prepare({
        networkFile,
        firstKey: 0,
        keys: KEYS,
        lanes: DAEMONS * LANES,
        transactionsPerLane: SIGNED / (DAEMONS * LANES),
        batch: BATCH,
        encoding: 'ssz',
      });
      measured.push({ ...(await measureOnce(daemons, load)), limit });
    }
    return rowsOf(measured);
  } finally {
    load.close();
    await libsodium.close();
    await processes.close();
  }
}

async function startMesh(processes: TallyProcesses, networkFile: string): Promise<TallyProcess[]> {
  const daemons: TallyProcess[] = [];
  const addresses: string[] = [];
  for (let number = 0; number < DAEMONS; number++) {
    const daemon = await processes.start({
      network: networkFile,
      data: join(processes.folder, `data-${number}`),
      peers: addresses,
      nodeArguments: WATCH_ARGUMENTS,
    });
    daemons.push(daemon);
    addresses.push(...(await daemon.started).addresses.slice(0, 1));
  }
  for (const daemon of daemons) {
    await eventually('every daemon has three peers', async () => {
      const { peers } = await daemon.client.call('status');
      return peers === DAEMONS - 1;
    });
  }
  return daemons;
}

async function measureOnce(daemons: readonly TallyProcess[], load: Load): Promise<Omit<Measured, 'limit'>> {
  const chain = new CommonChain(daemons);
  const urls = await Promise.all(daemons.map(async ({ started }) => (await started).api));
  const miner = new SteadyMiner(daemons[0] as TallyProcess);
  const follower = chain.follow((transactions) => load.confirmed(transactions));
  const sending = load.send({ urls, lanesPerServer: LANES, underWay: UNDER_WAY });
  try {
    const begin = await chain.until(({ length }) => length >= SETTLING_BLOCKS);
    await Promise.all(daemons.map(watched));
    miner.poolDepths.length = 0;
    const end = await chain.until((blocks) => (blocks.at(-1)?.onAllAt ?? 0) >= begin.onAllAt + WINDOW_MS);
    const during = await Promise.all(daemons.map(watched));
    const poolDepth = median(miner.poolDepths);
    load.stop();
    const { accepted } = await sending;
    await eventually('all that was accepted is on the chain of all', () => chain.transactions === accepted);
    await requireSequences(daemons, accepted);
    const blocks = chain.between(begin, end);
    const counted = sum(blocks.map(({ transactions }) => transactions));
    const elapsedMs = end.onAllAt - begin.onAllAt;
    return {
      rate: (counted / elapsedMs) * 1_000,
      counted,
      blockIntervalMs: median(blocks.map(({ intervalMs }) => intervalMs)),
      transactionsPerBlock: median(blocks.map(({ transactions }) => transactions)),
      poolDepth,
      watched: during,
      confirmed: accepted,
    };
  } finally {
    load.stop();
    await miner.stop();
    follower.stop();
  }
}

/** Asks one daemon for a block at a time, at a pace, whatever the others do. */
class SteadyMiner {
  readonly poolDepths: number[] = [];
  readonly #daemon: TallyProcess;
  readonly #done: Promise<void>;
  #stopped = false;

  constructor(daemon: TallyProcess) {
    this.#daemon = daemon;
    this.#done = this.#mine();
  }

  async #mine(): Promise<void> {
    const { client } = this.#daemon;
    for (let dueAt = performance.now(); !this.#stopped; dueAt += BLOCK_MS) {
      await sleep(Math.max(0, dueAt - performance.now()));
      const { pool } = await client.call('status');
      this.poolDepths.push(pool.count);
      await client.call('mine', { body: { blocks: 1 } });
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }
}

interface CommonBlock {
  readonly height: number;
  readonly transactions: number;
  /** When the last daemon connected it: ms since 1970. */
  readonly onAllAt: number;
  /** Between it and the one before, where it was mined. */
  readonly intervalMs: number;
}

interface AcceptedLine extends LogLine {
  readonly height: number;
  readonly id: string;
  readonly transactions: number;
}

/** What the chains of all daemons have in common, as their logs tell it, from now on. */
class CommonChain {
  readonly #daemons: readonly TallyProcess[];
  /** Lines read of each. */
  readonly #read: number[];
  readonly #accepted = new Map<string, AcceptedLine[]>();
  readonly #blocks: CommonBlock[] = [];
  #minedBefore: number | undefined;

  constructor(daemons: readonly TallyProcess[]) {
    this.#daemons = daemons;
    this.#read = daemons.map(({ lines }) => lines.length);
  }

  /** In all blocks in common. */
  get transactions(): number {
    return sum(this.#blocks.map(({ transactions }) => transactions));
  }

  between(begin: CommonBlock, end: CommonBlock): CommonBlock[] {
    return this.#blocks.filter(({ height }) => height > begin.height && height <= end.height);
  }

  /** Reads what is new again and again. @param onTransactions told how many more are confirmed on all */
  follow(onTransactions: (count: number) => void): { stop: () => void } {
    const timer = setInterval(() => {
      const before = this.transactions;
      this.#update();
      const more = this.transactions - before;
      if (more > 0) onTransactions(more);
    }, 5);
    return { stop: () => clearInterval(timer) };
  }

  /** @returns the last block in common once they are as asked */
  async until(asked: (blocks: readonly CommonBlock[]) => boolean): Promise<CommonBlock> {
    await eventually('the chain of all has grown', () => asked(this.#blocks));
    return this.#blocks.at(-1) as CommonBlock;
  }

  #update(): void {
    for (const [number, { lines }] of this.#daemons.entries()) {
      for (const line of lines.slice(this.#read[number])) if (isOnChain(line)) this.#add(line);
      this.#read[number] = lines.length;
    }
  }

  #add(line: AcceptedLine): void {
    const same = [...(this.#accepted.get(line.id) ?? []), line];
    this.#accepted.set(line.id, same);
    if (same.length < this.#daemons.length) return;
    const onAllAt = Math.max(...same.map(({ time }) => time));
    const minedAt = Math.min(...same.map(({ time }) => time));
    const intervalMs = minedAt - (this.#minedBefore ?? minedAt);
    this.#minedBefore = minedAt;
    this.#blocks.push({ height: line.height, transactions: line.transactions, onAllAt, intervalMs });
  }
}

function isOnChain(line: LogLine): line is AcceptedLine {
  return line.event === 'block.accepted' && line.onChain === true;
}

/** Transactions confirmed in earlier runs. */
let confirmedBefore = 0;

/** Every daemon's accounts say that so many transactions were sent: counted one by one, not in a log. */
async function requireSequences(daemons: readonly TallyProcess[], accepted: number): Promise<void> {
  const expected = confirmedBefore + accepted;
  for (const [number, { client }] of daemons.entries()) {
    let confirmed = 0;
    for (let key = 0; key < KEYS; key++) {
      const address = formatAddress(idFromBytes(benchKey(key).publicKey));
      confirmed += (await client.call('account', { params: { address } })).sequence;
    }
    if (confirmed !== expected)
      throw new Error(`daemon ${number} has ${confirmed} transactions confirmed, not ${expected}`);
  }
  confirmedBefore = expected;
}

async function eventually(what: string, is: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await is())) {
    if (performance.now() > deadline) throw new Error(`not within ${DEADLINE_MS} ms: ${what}`);
    await sleep(5);
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function rowsOf(measured: readonly Measured[]): Row[] {
  const row = (what: string, unit: string, of: (one: Measured) => number, goal?: Goal): Row =>
    figure(`  ${what}`, unit, measured.map(of), goal);
  return [
    comparedWith(
      '4 daemons on this machine, sustained and confirmed on all (limit: libsodium on both cores / 4)',
      'tx/s',
      measured.map(({ rate }) => rate),
      measured.map(({ limit }) => limit),
      { of: 'ratio', atLeast: 0.4 },
    ),
    row('between two blocks', 'ms', ({ blockIntervalMs }) => blockIntervalMs),
    row('transactions of a block', '', ({ transactionsPerBlock }) => transactionsPerBlock),
    row('pool of the miner before a block', 'transactions', ({ poolDepth }) => poolDepth),
    row('counted on all four, run by run', 'transactions', ({ confirmed }) => confirmed),
    row(
      'processor time of all daemons, a transaction',
      'µs',
      ({ counted, watched: all }) => (sum(all.map(({ cpuMs }) => cpuMs)) * 1_000) / counted,
    ),
    row('event loop held up, 99 of 100 within, worst daemon', 'ms', ({ watched: all }) =>
      Math.max(...all.map(({ loopP99Ms }) => loopP99Ms)),
    ),
    row('event loop held up, longest, worst daemon', 'ms', ({ watched: all }) =>
      Math.max(...all.map(({ loopMaxMs }) => loopMaxMs)),
    ),
    row('longest turn of the event loop, processor time, worst daemon', 'ms', ({ watched: all }) =>
      Math.max(...all.map(({ longestTurnMs }) => longestTurnMs)),
    ),
  ];
}
