/**
 * Timers of any length. The machine's own hold a signed 32-bit number of milliseconds: a longer one goes off at once,
 * and what was to wait a month is tried a thousand times a second.
 */

/** The longest a timer of the machine can be, ms: 24.8 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Calls once, after `delayMs`.
 *
 * @param delayMs from 0 on; `Infinity`: never
 * @returns what cancels it
 * @throws RangeError if it is negative or no number
 */
export function after(delayMs: number, call: () => void): () => void {
  requireDuration('a delay', delayMs);
  let leftMs = delayMs;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = (): void => {
    const partMs = Math.min(leftMs, LONGEST_TIMER_MS);
    leftMs -= partMs;
    timer = setTimeout(leftMs > 0 ? wait : call, partMs);
  };
  if (delayMs !== Number.POSITIVE_INFINITY) wait();
  return () => clearTimeout(timer);
}

/** A time within which something is to be over. */
export interface TimeLimit {
  /** Aborts with a `TimeoutError` once the time is over. */
  readonly signal: AbortSignal;
  /** It was over in time. */
  end(): void;
}

/** @param ms from 0 on; `Infinity`: without a limit @throws RangeError if it is negative or no number */
export function timeLimit(ms: number): TimeLimit {
  const controller = new AbortController();
  const end = after(ms, () => controller.abort(new DOMException(`not within ${ms} ms`, 'TimeoutError')));
  return { signal: controller.signal, end };
}

/** @param name of what the caller gave @throws RangeError */
export function requireDuration(name: string, ms: number): void {
  if (typeof ms === 'number' && ms >= 0) return;
  throw new RangeError(`${name}: milliseconds from 0 on, or Infinity, not ${ms}`);
}
