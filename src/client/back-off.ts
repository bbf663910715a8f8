/** Trying again: each time later, and never all callers at the same moment. */
import { ApiError } from './errors.ts';
import { after } from './timers.ts';

export interface BackOff {
  /** Before the second try, in ms. */
  readonly firstDelayMs: number;
  /** No delay is longer, in ms. */
  readonly longestDelayMs: number;
}

/** A daemon that restarts is back after a second or two: five tries fall into that. */
export const DEFAULT_BACK_OFF: BackOff = { firstDelayMs: 100, longestDelayMs: 5_000 };

/** No daemon's `Retry-After` is obeyed for longer, ms: one that asks for years would silence its caller for good. */
const LONGEST_RETRY_AFTER_MS = 3_600_000;

/**
 * How long to wait after a failure: double each time, of which up to half is left to chance; longer if the daemon
 * asks for it.
 *
 * @param failures so far, 1 after the first
 */
export function delayAfter(failures: number, error: unknown, backOff: BackOff = DEFAULT_BACK_OFF): number {
  const full = Math.min(backOff.longestDelayMs, backOff.firstDelayMs * 2 ** (failures - 1));
  const delayMs = full * (0.5 + Math.random() / 2);
  return error instanceof ApiError
    ? Math.max(delayMs, Math.min(error.retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS))
    : delayMs;
}

/** @returns after so long, or at once when the signal aborts; whoever waits looks at the signal then */
export function pause(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const end = (): void => {
      cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const cancel = after(delayMs, end);
    signal?.addEventListener('abort', end);
  });
}
