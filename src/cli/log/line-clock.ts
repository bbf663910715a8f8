/** The times of the log's lines, and their waiting for each other. Tests plug in a virtual one. */

export interface LineClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds since some beginning; never runs back. */
  elapsed(): number;
  /** Calls once, after `delayMs`. @returns what cancels it */
  after(delayMs: number, call: () => void): () => void;
}

/** When something was heard of: what is shown, and what lengths of time are measured by. */
export interface Moment {
  /** Milliseconds since 1970, by a clock that may be set back. */
  readonly timeMs: number;
  /** As `LineClock.elapsed`. */
  readonly elapsedMs: number;
}

export const systemClock: LineClock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after: (delayMs, call) => {
    const timer = setTimeout(call, delayMs).unref();
    return () => clearTimeout(timer);
  },
};
