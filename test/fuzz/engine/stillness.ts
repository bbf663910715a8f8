/** How long an input holds the event loop, in processor time of this thread: other programs do not count. */

/** What one input may take of a daemon's: DESIGN and docs/performance.md promise no longer pause. */
export const STILL_MS = 20;

export function processorMs(): number {
  const { system, user } = process.threadCpuUsage();
  return (system + user) / 1_000;
}

/** The longest turn of the event loop while `work` runs. */
export async function longestTurn(work: () => void | Promise<void>): Promise<number> {
  let last = processorMs();
  let longest = 0;
  let isOver = false;
  const beat = (): void => {
    const now = processorMs();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isOver) setImmediate(beat);
  };
  setImmediate(beat);
  try {
    await work();
  } finally {
    beat();
    isOver = true;
  }
  return longest;
}
