import { setPriority } from 'node:os';

/**
 * Lets other threads go before the calling one.
 *
 * Linux only, where a priority belongs to a thread; elsewhere it would slow down the whole daemon.
 *
 * @param niceness 0 is everybody's; each step up is a fifth less of a core that others want too. A core nobody else
 *   wants is had whole.
 */
export function yieldToOtherThreads(niceness: number): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, niceness);
  } catch {
    // A sandbox may forbid it. It works as well without.
  }
}
