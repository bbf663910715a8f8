/**
 * The miner: worker threads that search for a nonce.
 *
 * Each search has a number, and the number of the one that goes on stands in shared memory. Threads compare
 * it with theirs after every batch; changing it ends the search everywhere at once. A message only wakes a
 * thread up and brings its nonce back. Threads start with the first search that needs them, and sleep
 * between searches.
 */
import { WorkerThread } from '../native/worker-thread.ts';
import type { Miner, MiningJob } from '../node/ports.ts';
import { OperationError } from '../node/ports.ts';
import { HASHRATE_SAMPLE_MS, HashrateMeter } from './hashrate.ts';
import { NonceBatch } from './nonce-batch.ts';
import { type Found, type Search, THREAD_BATCH_HASHES, type ThreadData } from './thread.ts';

/** More than any machine has cores. */
export const MAX_THREADS = 1_024;
/**
 * Hashes tried on the calling thread before the others are woken: 0.02 ms (0.15 ms without a native
 * hasher). Where blocks come on demand, with a target this easy, a search costs no more than that.
 */
const FIRST_BATCH_HASHES = 256;
/** Threads that may die in one search before it fails: an accident is made good, a fault is reported. */
const MAX_DEATHS = 3;

export interface MinerOptions {
  /** How many threads; 1 to `MAX_THREADS`. */
  readonly threads: number;
  /** What a thread runs. Default: `worker.ts`. */
  readonly worker?: URL;
}

export interface ThreadedMiner extends Miner {
  /** Hashes since the miner was created. */
  hashes(): number;
}

/** @throws RangeError if `threads` is out of range */
export function createMiner(options: MinerOptions): ThreadedMiner {
  return new WorkerMiner(options);
}

type MiningThread = WorkerThread<Search, Found>;

/** The search that goes on. */
interface Running {
  readonly search: Search;
  readonly resolve: (nonce: Uint8Array | undefined) => void;
  readonly reject: (error: OperationError) => void;
  deaths: number;
}

class WorkerMiner implements ThreadedMiner {
  readonly threads: number;
  readonly #worker: URL;
  readonly #workers: (MiningThread | undefined)[];
  readonly #current = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  readonly #batches: Uint32Array;
  /** `#batches` as they were when last added to `#hashes`. */
  readonly #countedBatches: Uint32Array;
  readonly #firstBatch = new NonceBatch(FIRST_BATCH_HASHES);
  readonly #meter = new HashrateMeter();
  #hashes = 0;
  #running: Running | undefined;
  /** Fulfilled once every search asked for so far has ended. */
  #queue: Promise<unknown> = Promise.resolve();
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;

  constructor({ threads, worker = new URL('./worker.ts', import.meta.url) }: MinerOptions) {
    if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS) {
      throw new RangeError(`threads: ${threads}, expected 1 to ${MAX_THREADS}`);
    }
    this.threads = threads;
    this.#worker = worker;
    this.#workers = Array.from({ length: threads }, () => undefined);
    this.#batches = new Uint32Array(new SharedArrayBuffer(threads * Uint32Array.BYTES_PER_ELEMENT));
    this.#countedBatches = new Uint32Array(threads);
  }

  /**
   * Closing the miner ends the search that goes on, with undefined.
   *
   * @throws RangeError if the job is malformed
   * @throws OperationError if the miner is closed, or its threads keep dying
   */
  search(job: MiningJob, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const earlier = this.#queue;
    const result = settledOrAborted(earlier, signal).then(() => this.#search(job, signal));
    this.#queue = Promise.allSettled([earlier, result]);
    return result;
  }

  hashes(): number {
    for (let i = 0; i < this.threads; i++) {
      const batches = Atomics.load(this.#batches, i);
      this.#hashes += ((batches - (this.#countedBatches[i] as number)) >>> 0) * THREAD_BATCH_HASHES;
      this.#countedBatches[i] = batches;
    }
    return this.#hashes;
  }

  hashrate(): number {
    return this.#closing.signal.aborted ? 0 : this.#meter.rate(performance.now(), this.hashes());
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#workers.map((worker) => worker?.end()));
  }

  async #search(job: MiningJob, signal: AbortSignal): Promise<Uint8Array | undefined> {
    if (this.#closing.signal.aborted) throw new OperationError('the miner is closed');
    if (signal.aborted) return undefined;
    this.#meter.begin(performance.now());
    try {
      this.#firstBatch.start(job.headerRoot, job.target);
      const nonce = this.#firstBatch.next();
      this.#hashes += FIRST_BATCH_HASHES;
      return nonce ?? (await this.#searchOnThreads(job, signal));
    } finally {
      this.#meter.end(performance.now(), this.hashes());
    }
  }

  async #searchOnThreads(
    { headerRoot, target }: MiningJob,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | undefined>();
    const number = (Atomics.add(this.#current, 0, 1) + 1) | 0;
    this.#running = { search: { number, headerRoot, target }, resolve, reject, deaths: 0 };
    const sampling = setInterval(() => this.#sampleHashrate(), HASHRATE_SAMPLE_MS).unref();
    const stop = () => resolve(undefined);
    signal.addEventListener('abort', stop);
    this.#closing.signal.addEventListener('abort', stop);
    try {
      for (let index = 0; index < this.threads; index++) this.#wake(index, this.#running);
      return await promise;
    } finally {
      Atomics.add(this.#current, 0, 1);
      signal.removeEventListener('abort', stop);
      this.#closing.signal.removeEventListener('abort', stop);
      clearInterval(sampling);
      this.#running = undefined;
      // Threads that have nothing to do must not keep the process alive.
      for (const worker of this.#workers) worker?.idle();
    }
  }

  #sampleHashrate(): void {
    this.#meter.sample(performance.now(), this.hashes());
  }

  #wake(index: number, running: Running): void {
    let worker = this.#workers[index];
    if (worker === undefined) {
      worker = this.#startThread(index);
      this.#workers[index] = worker;
    }
    worker.post(running.search);
  }

  #startThread(index: number): MiningThread {
    const workerData: ThreadData = { current: this.#current, batches: this.#batches, index };
    return new WorkerThread(
      this.#worker,
      { name: `miner-${index}`, workerData },
      {
        message: ({ number, nonce }) => {
          if (this.#running?.search.number === number) this.#running.resolve(nonce);
        },
        exit: (failure) => {
          this.#workers[index] = undefined;
          this.#threadDied(index, failure);
        },
      },
    );
  }

  #threadDied(index: number, cause: unknown): void {
    const running = this.#running;
    if (running === undefined || this.#closing.signal.aborted) return;
    running.deaths++;
    if (running.deaths <= MAX_DEATHS) {
      this.#wake(index, running);
    } else {
      const message = `mining threads died ${running.deaths} times in one search; mine with fewer threads, or give the process more memory`;
      running.reject(new OperationError(message, { cause }));
    }
  }
}

/** Waits for its turn, unless it is not wanted any more. */
function settledOrAborted(earlier: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = () => {
    signal.removeEventListener('abort', done);
    resolve();
  };
  signal.addEventListener('abort', done);
  if (signal.aborted) done();
  earlier.then(done);
  return promise;
}
