/** Waiting for a transaction to be buried. */
import { delayAfter, pause } from './back-off.ts';
import type { ChainNews } from './chain-news.ts';
import type { LookupJson } from './contract.ts';
import { ApiError, ConnectionError, isPassing, WaitError } from './errors.ts';
import type { TallyClient } from './tally-client.ts';
import { requireDuration, timeLimit } from './timers.ts';

/** A hundred blocks of the built-in network: what is not in one of them hardly will be. */
const DEFAULT_TIMEOUT_MS = 500_000;

export interface ConfirmedOptions {
  /** How many: 1 (default) for being in the tip, 6 for being in a block that five others bury. */
  readonly confirmations?: number;
  /** Default: 500,000. `Infinity`: as long as it takes. */
  readonly timeoutMs?: number;
  /** Ends the wait at once, with a `ConnectionError`. */
  readonly signal?: AbortSignal;
}

export async function waitConfirmed(
  client: TallyClient,
  news: ChainNews,
  id: string,
  { confirmations = 1, signal, timeoutMs = DEFAULT_TIMEOUT_MS }: ConfirmedOptions,
): Promise<LookupJson> {
  requireDuration('timeoutMs', timeoutMs);
  const limit = timeLimit(timeoutMs);
  const deadline = signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]);
  let seen = 'not known to the daemon';
  let failures = 0;
  /** Why there has been no answer; undefined once there was one. */
  let unanswered: unknown = new ConnectionError(`the daemon at ${client.url} does not answer`);
  try {
    while (await news.next(deadline)) {
      try {
        const found = await client.transaction(id, { signal: deadline });
        failures = 0;
        unanswered = undefined;
        if (found.confirmations >= confirmations) return found;
        seen = found.status === 'pending' ? 'waiting in the pool' : `confirmed ${found.confirmations} times`;
      } catch (error) {
        if (deadline.aborted) break;
        if (error instanceof ApiError && error.status === 404) {
          unanswered = undefined;
          continue;
        }
        if (!isPassing(error) || unanswered !== undefined) throw error;
        await pause(delayAfter(++failures, error), deadline);
        news.again();
      }
    }
  } finally {
    limit.end();
    await news.stop();
  }
  if (signal?.aborted === true) {
    throw new ConnectionError(`the wait for transaction ${id} was ended`, { cause: signal.reason });
  }
  if (unanswered !== undefined) throw unanswered;
  throw new WaitError(`transaction ${id} is ${seen} after ${timeoutMs} ms`);
}
