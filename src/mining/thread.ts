/** What the miner and its threads tell each other. */

/**
 * Hashes a batch. Fewer cost more in calls, more do not fit the caches; and between two batches a thread
 * notices that it must stop: within 0.05 ms (0.5 ms without a native hasher).
 */
export const THREAD_BATCH_HASHES = 1_024;

/** Given to a thread at its start; all shared memory. */
export interface ThreadData {
  /** Element 0: the number of the search that goes on. Any other number means the one you have is over. */
  readonly current: Int32Array;
  /** For each thread, batches it has hashed so far, modulo 2^32. */
  readonly batches: Uint32Array;
  /** Which element of `batches` is this thread's. */
  readonly index: number;
}

/** To a thread. */
export interface Search {
  readonly number: number;
  readonly headerRoot: Uint8Array;
  readonly target: bigint;
}

/** From the thread that found a nonce. */
export interface Found {
  readonly number: number;
  readonly nonce: Uint8Array;
}

/** A mining thread gets what the others leave: peers wait for the daemon's, nobody for a miner's. */
export const MINING_NICENESS = 10;
