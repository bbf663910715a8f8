/** An answer that stands still in the middle, or does not end, is given up. */
import { ReadableStream, type UnderlyingSource } from 'node:stream/web';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MAX_ANSWER_BYTES, STALL_MS } from '../../src/client/steady.ts';
import { ConnectionError, TallyClient } from '../../src/client/tally-client.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A daemon whose answers are what this stream says. */
function clientOf(source: UnderlyingSource<Uint8Array>, status = 200): TallyClient {
  const fetch = async () =>
    new Response(new ReadableStream(source) as globalThis.ReadableStream<Uint8Array<ArrayBuffer>>, {
      status,
    });
  return new TallyClient({ retry: false, timeoutMs: Number.POSITIVE_INFINITY, fetch });
}

test.each([200, 500])(
  'an answer of status %d that stops is given up, and its connection let go',
  async (status) => {
    const cancel = vi.fn();
    const client = clientOf({ start: (stream) => stream.enqueue(Buffer.from('{')), cancel }, status);
    const failure = client.status().catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(STALL_MS);
    expect(await failure).toBeInstanceOf(ConnectionError);
    expect(await failure).toMatchObject({ message: expect.stringContaining('stopped in the middle') });
    expect(cancel).toHaveBeenCalled();
  },
);

test('one that goes on slowly is waited for', async () => {
  const parts = ['{"he', 'ight', '":1}'];
  const client = clientOf({
    pull: (stream) =>
      new Promise<void>((resolve) => {
        setTimeout(() => {
          const part = parts.shift();
          if (part === undefined) stream.close();
          else stream.enqueue(Buffer.from(part));
          resolve();
        }, STALL_MS - 1);
      }),
  });
  const answer = client.status();
  await vi.advanceTimersByTimeAsync(5 * STALL_MS);
  expect(await answer).toEqual({ height: 1 });
});

test('one that does not end is not kept', async () => {
  let sent = 0;
  const piece = new Uint8Array(2 ** 20);
  const client = clientOf({
    pull: (stream) => {
      sent += piece.length;
      stream.enqueue(piece);
    },
  });
  await expect(client.status()).rejects.toThrow('does not end');
  expect(sent).toBeLessThan(MAX_ANSWER_BYTES + 4 * piece.length);
});
