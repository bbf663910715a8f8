/** The time of the log's lines, and their waiting for each other. Tests plug in a virtual one. */

export interface LineClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls once, after `delayMs`. @returns what cancels it */
  after(delayMs: number, call: () => void): () => void;
}

export const systemClock: LineClock = {
  now: () => Date.now(),
  after: (delayMs, call) => {
    const timer = setTimeout(call, delayMs).unref();
    return () => clearTimeout(timer);
  },
};
