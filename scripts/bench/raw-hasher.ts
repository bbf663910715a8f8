/** The limit of mining: the hasher in batches and nothing else, on threads of the miner's priority. */
import '../../src/native/hasher.ts';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { hasher } from '@chainsafe/persistent-merkle-tree';
import { MINING_NICENESS } from '../../src/mining/thread.ts';
import { yieldToOtherThreads } from '../../src/native/thread-priority.ts';

const BATCH_SIZES = [512, 1_024, 2_048, 4_096, 8_192];
const BATCH_SIZE_MS = 250;
/** Between two counts. */
const BATCHES_A_COUNT = 16;

/** All shared memory. */
interface ThreadData {
  /** Element 0: 1 while the threads shall hash. */
  readonly running: Int32Array;
  /** For each thread, `BATCHES_A_COUNT` batches each. */
  readonly counts: Int32Array;
  readonly index: number;
}

/** Threads that do nothing but hash the same input again and again. */
export class RawHasher {
  readonly #running = sharedInts(1);
  readonly #counts: Int32Array;
  readonly #workers: Worker[];

  constructor(threads: number) {
    this.#counts = sharedInts(threads);
    this.#workers = Array.from({ length: threads }, (_, index) => {
      const data: ThreadData = { running: this.#running, counts: this.#counts, index };
      return new Worker(new URL(import.meta.url), { workerData: data });
    });
  }

  /** Hashes a second of all threads together, counted from here, as the miner's are. */
  async rate(batchSize: number, ms: number): Promise<number> {
    this.#counts.fill(0);
    Atomics.store(this.#running, 0, 1);
    const stopped = this.#workers.map((worker) => once(worker, 'message'));
    for (const worker of this.#workers) worker.postMessage(batchSize);
    while (this.#counts.includes(0)) await pause(1);
    const [startMs, start] = [performance.now(), this.#count()];
    await pause(ms);
    const rate = (this.#count() - start) / (performance.now() - startMs);
    Atomics.store(this.#running, 0, 0);
    await Promise.all(stopped);
    return rate * BATCHES_A_COUNT * batchSize * 1_000;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #count(): number {
    return this.#counts.reduce((sum, _, index) => sum + Atomics.load(this.#counts, index), 0);
  }
}

/** The hashes a batch that are fastest on one thread: the miner is held against the best there is. */
export async function bestBatchSize(): Promise<number> {
  const raw = new RawHasher(1);
  let best = { batchSize: 0, rate: 0 };
  try {
    await raw.rate(1_024, BATCH_SIZE_MS);
    for (const batchSize of BATCH_SIZES) {
      const rate = await raw.rate(batchSize, BATCH_SIZE_MS);
      if (rate > best.rate) best = { batchSize, rate };
    }
  } finally {
    await raw.close();
  }
  return best.batchSize;
}

function sharedInts(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT));
}

function hashWhenAsked({ counts, index, running }: ThreadData): void {
  // As the miner's threads do, or on a busy machine the priority would be compared, not the code.
  yieldToOtherThreads(MINING_NICENESS);
  parentPort?.on('message', (batchSize: number) => {
    const input = new Uint8Array(batchSize * 64);
    const output = new Uint8Array(batchSize * 32);
    while (Atomics.load(running, 0) === 1) {
      for (let i = 0; i < BATCHES_A_COUNT; i++) hasher.hashInto(input, output);
      Atomics.add(counts, index, 1);
    }
    parentPort?.postMessage('stopped');
  });
}

if (parentPort !== null) hashWhenAsked(workerData);
