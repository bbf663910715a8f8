import { setPriority } from 'node:os';

/** Nice value of a mining thread: it gets what the others leave, and all of a core nobody else wants. */
const MINING_NICENESS = 10;

/**
 * Lets every other thread go before the calling one: peers wait for the daemon's, nobody for a miner's.
 * Linux only, where a priority belongs to a thread; elsewhere it would slow down the whole daemon.
 */
export function yieldToOtherThreads(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, MINING_NICENESS);
  } catch {
    // A sandbox may forbid it. It mines as well without.
  }
}
