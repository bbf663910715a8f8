/**
 * How fast the miner is, beside the bare hasher on the same threads in the same run, and beside the loop
 * of the tutorial this project began from.
 *
 *     node scripts/bench-mining.ts [--json]
 *
 * Takes about 25 s. Exit status 1 if the miner reaches less than `RATIO_LIMIT` of the bare hasher.
 */
import '../src/native/hasher.ts';
import { createHash } from 'node:crypto';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { hasher } from '@chainsafe/persistent-merkle-tree';
import { createMiner } from '../src/mining/miner.ts';
import { MINING_NICENESS } from '../src/mining/thread.ts';
import { yieldToOtherThreads } from '../src/native/thread-priority.ts';

/** The miner must reach this share of the bare hasher's rate. */
const RATIO_LIMIT = 0.8;
const THREADS = [1, 2];
const BATCH_SIZES = [256, 512, 1_024, 2_048, 4_096, 8_192];
const RUNS = 9;
const RUN_MS = 450;
const BATCH_SIZE_MS = 250;
const WARM_UP_MS = 200;
/** Never met, so every hash is tried. */
const IMPOSSIBLE = 0n;

interface Row {
  readonly name: string;
  /** Median of the runs. */
  readonly value: number;
  readonly unit: string;
  /** The least `ratio` may be. */
  readonly limit: number | null;
  /** Of `value` to what it is compared with; null if with nothing. */
  readonly ratio: number | null;
  readonly runs: readonly number[];
}

interface RawRequest {
  readonly batchSize: number;
  readonly ms: number;
}

async function main(): Promise<void> {
  const rows: Row[] = [await measureTutorial()];
  const batchSize = await bestBatchSize();
  for (const threads of THREADS) rows.push(...(await compare(threads, batchSize)));
  rows.push(scaling(rows));
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify(rows, null, 2));
  } else {
    console.log(
      `hasher: ${hasher.name}, its best batch: ${batchSize} hashes; ${RUNS} runs of ${RUN_MS} ms each`,
    );
    for (const row of rows) console.log(asLine(row));
  }
  if (rows.some(({ ratio, limit }) => ratio !== null && limit !== null && ratio < limit))
    process.exitCode = 1;
}

/** Bare hasher and miner in turns, so that a slower moment of the machine meets both. */
async function compare(threads: number, batchSize: number): Promise<Row[]> {
  const raw = new RawThreads(threads);
  const miner = createMiner({ threads });
  try {
    await raw.rate({ batchSize, ms: WARM_UP_MS });
    await minerRate(miner, WARM_UP_MS);
    const rawRuns: number[] = [];
    const minerRuns: number[] = [];
    const ratios: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      const bare = await raw.rate({ batchSize, ms: RUN_MS });
      const mined = await minerRate(miner, RUN_MS);
      rawRuns.push(bare);
      minerRuns.push(mined);
      ratios.push(mined / bare);
    }
    const name = `${threads} thread${threads === 1 ? '' : 's'}`;
    return [
      row(`bare hasher, ${name}`, rawRuns),
      { ...row(`miner, ${name}`, minerRuns), limit: RATIO_LIMIT, ratio: median(ratios) },
    ];
  } finally {
    await Promise.all([raw.close(), miner.close()]);
  }
}

/** Hashes a second, by the miner's own count, from the first hash of a running search on. */
async function minerRate(miner: ReturnType<typeof createMiner>, ms: number): Promise<number> {
  const abort = new AbortController();
  const search = miner.search({ headerRoot: new Uint8Array(32), target: IMPOSSIBLE }, abort.signal);
  const before = miner.hashes();
  // Threads that are only starting do not count yet.
  while (miner.hashes() - before < 1_000_000) await pause(1);
  const [startMs, start] = [performance.now(), miner.hashes()];
  await pause(ms);
  const rate = ((miner.hashes() - start) / (performance.now() - startMs)) * 1_000;
  abort.abort();
  await search;
  return rate;
}

/** The largest rate over one thread decides what the miner is compared with. */
async function bestBatchSize(): Promise<number> {
  const raw = new RawThreads(1);
  let best = { batchSize: 0, rate: 0 };
  try {
    await raw.rate({ batchSize: 1_024, ms: WARM_UP_MS });
    for (const batchSize of BATCH_SIZES) {
      const rate = await raw.rate({ batchSize, ms: BATCH_SIZE_MS });
      if (rate > best.rate) best = { batchSize, rate };
    }
  } finally {
    await raw.close();
  }
  return best.batchSize;
}

/** Threads that do nothing but hash the same input again and again. */
class RawThreads {
  readonly #workers: Worker[];

  constructor(threads: number) {
    this.#workers = Array.from(
      { length: threads },
      () => new Worker(new URL(import.meta.url), { workerData: 'raw' }),
    );
  }

  /** Hashes a second of all together. */
  async rate(request: RawRequest): Promise<number> {
    const rates = await Promise.all(this.#workers.map((worker) => ask(worker, request)));
    return rates.reduce((sum, rate) => sum + rate, 0);
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

function ask(worker: Worker, request: RawRequest): Promise<number> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.postMessage(request);
  });
}

function hashWhenAsked(): void {
  // As the miner's threads do, or on a busy machine the priority would be compared, not the code.
  yieldToOtherThreads(MINING_NICENESS);
  parentPort?.on('message', ({ batchSize, ms }: RawRequest) => {
    const input = new Uint8Array(batchSize * 64);
    const output = new Uint8Array(batchSize * 32);
    const startMs = performance.now();
    let hashes = 0;
    let elapsedMs = 0;
    while (elapsedMs < ms) {
      for (let i = 0; i < 16; i++) hasher.hashInto(input, output);
      hashes += 16 * batchSize;
      elapsedMs = performance.now() - startMs;
    }
    parentPort?.postMessage((hashes / elapsedMs) * 1_000);
  });
}

/** The tutorial's proof of work: a loop that hashes one guess after the other as text. */
async function measureTutorial(): Promise<Row> {
  const runs: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const startMs = performance.now();
    let proof = 0;
    let found = 0;
    while (performance.now() - startMs < BATCH_SIZE_MS) {
      for (let i = 0; i < 1_000; i++) {
        const guess = createHash('sha256').update(`100${proof++}`).digest('hex');
        if (guess.startsWith('0000')) found++;
      }
    }
    runs.push((proof / (performance.now() - startMs)) * 1_000);
    if (found === 0) throw new Error(`no proof among ${proof} guesses: something is wrong with the loop`);
    await pause(0);
  }
  return row("the tutorial's loop, node:crypto", runs);
}

/** Two threads against twice one thread. 1 only where two cores are free. */
function scaling(rows: readonly Row[]): Row {
  const [one, two] = THREADS.map((threads) => rows.find(({ name }) => name.startsWith(`miner, ${threads} `)));
  const runs = (two?.runs ?? []).map((rate, run) => rate / (2 * (one?.runs[run] ?? Number.NaN)));
  return { ...row('miner, 2 threads / 2 × 1 thread', runs), unit: '' };
}

function row(name: string, runs: readonly number[]): Row {
  return { name, value: median(runs), unit: 'hashes/s', limit: null, ratio: null, runs };
}

function asLine({ name, value, unit, ratio, runs }: Row): string {
  const figure = (n: number) => (unit === '' ? n.toFixed(3) : `${(n / 1e6).toFixed(2)} M`);
  const range = `${figure(Math.min(...runs))} to ${figure(Math.max(...runs))}`;
  const share = ratio === null ? '' : `   ratio ${ratio.toFixed(3)} (at least ${RATIO_LIMIT})`;
  return `${name.padEnd(34)} ${figure(value)} ${unit} (${range})${share}`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

if (isMainThread) await main();
else if (workerData === 'raw') hashWhenAsked();
