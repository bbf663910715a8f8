/**
 * One mining thread. It sleeps until it is given a search, and looks between batches whether the search
 * still goes on: one number in shared memory, so neither side waits for a message to stop.
 */
import '../native/hasher.ts';
import { workerData } from 'node:worker_threads';
import { yieldToOtherThreads } from '../native/thread-priority.ts';
import { serveThread } from '../native/worker-thread.ts';
import { NonceBatch } from './nonce-batch.ts';
import { type Found, MINING_NICENESS, type Search, THREAD_BATCH_HASHES, type ThreadData } from './thread.ts';

const { current, batches, index }: ThreadData = workerData;
const batch = new NonceBatch(THREAD_BATCH_HASHES);

yieldToOtherThreads(MINING_NICENESS);
serveThread(({ number, headerRoot, target }: Search): Found | undefined => {
  batch.start(headerRoot, target);
  while (Atomics.load(current, 0) === number) {
    const nonce = batch.next();
    Atomics.add(batches, index, 1);
    // Only the first to find one ends the search; the others see that it is over.
    if (nonce !== undefined && Atomics.compareExchange(current, 0, number, number + 1) === number) {
      return { number, nonce };
    }
  }
  return undefined;
});
