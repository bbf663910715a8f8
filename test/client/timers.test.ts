import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { delayAfter } from '../../src/client/back-off.ts';
import { ApiError } from '../../src/client/errors.ts';
import { TallyClient } from '../../src/client/tally-client.ts';
import * as timers from '../../src/client/timers.ts';

const DAY_MS = 86_400_000;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('a timer', () => {
  test.each([0, 1, 2 ** 31 - 1, 2 ** 31, 30 * DAY_MS, 2 ** 32, 400 * DAY_MS])(
    'of %d ms goes off then, not before, and once',
    (delayMs) => {
      const call = vi.fn();
      timers.after(delayMs, call);
      vi.advanceTimersByTime(Math.max(0, delayMs - 1));
      expect(call).toHaveBeenCalledTimes(delayMs === 0 ? 1 : 0);
      vi.advanceTimersByTime(1);
      expect(call).toHaveBeenCalledOnce();
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  test('of no end never goes off', () => {
    timers.after(Number.POSITIVE_INFINITY, () => expect.unreachable());
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is cancelled in any part of it', () => {
    const cancel = timers.after(100 * DAY_MS, () => expect.unreachable());
    vi.advanceTimersByTime(60 * DAY_MS);
    cancel();
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([-1, Number.NaN, undefined as never])('of %s ms is refused', (delayMs) => {
    expect(() => timers.after(delayMs, () => {})).toThrow(RangeError);
  });
});

describe('a time limit', () => {
  test('of a month aborts after a month, as a timeout', () => {
    const { signal } = timers.timeLimit(30 * DAY_MS);
    vi.advanceTimersByTime(30 * DAY_MS - 1);
    expect(signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
  });

  test('leaves no timer once it is over', () => {
    timers.timeLimit(30 * DAY_MS).end();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a client', () => {
  const refused = (retryAfterMs: number) => new ApiError(429, 'too-many', 'later', retryAfterMs);
  const clientThat = (answer: () => Promise<Response>) =>
    new TallyClient({ url: 'http://127.0.0.1:1', fetch: vi.fn(answer) });

  test('is not silenced by a daemon that asks for years', () => {
    expect(delayAfter(1, refused(9_000))).toBe(9_000);
    expect(delayAfter(1, refused(30 * DAY_MS))).toBe(3_600_000);
  });

  test('waits a month for an answer if it is told to', async () => {
    const answer = Promise.withResolvers<Response>();
    const call = clientThat(() => answer.promise).call('health', {}, { timeoutMs: 30 * DAY_MS });
    await vi.advanceTimersByTimeAsync(29 * DAY_MS);
    answer.resolve(Response.json({ status: 'ok' }));
    expect(await call).toEqual({ status: 'ok' });
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([
    ['timeoutMs', { timeoutMs: Number.NaN }],
    ['timeoutMs', { timeoutMs: -1 }],
    ['retry.forMs', { retry: { forMs: Number.NaN } }],
    ['retry.firstDelayMs', { retry: { firstDelayMs: -5 } }],
    ['retry.longestDelayMs', { retry: { longestDelayMs: Number.NaN } }],
  ])('refuses a %s that is no length of time', async (name, options) => {
    const client = clientThat(() => expect.unreachable());
    await expect(client.call('health', {}, options)).rejects.toThrow(`${name}: milliseconds from 0 on`);
  });
});
