import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { delayAfter } from '../../src/client/back-off.ts';
import { ApiError, ConnectionError } from '../../src/client/errors.ts';
import { TallyClient } from '../../src/client/tally-client.ts';

const QUICK = { firstDelayMs: 1, longestDelayMs: 5 };
const BUSY = { status: 503, body: { error: { code: 'operation-failed', message: 'busy' } } };

interface Answer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Record<string, string>;
}

let server: Server;
let client: TallyClient;
/** What is answered, in order; the last for good. `undefined`: the connection is broken off. */
let answers: (Answer | undefined)[];
let requests: string[];
let heard: (() => void) | undefined;

beforeEach(async () => {
  requests = [];
  heard = undefined;
  server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    heard?.();
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer === undefined) request.socket.destroy();
    else response.writeHead(answer.status, answer.headers).end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  client = new TallyClient({ url: `http://127.0.0.1:${port}`, retry: QUICK });
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const OK = { status: 200, body: { status: 'ok' } };

describe('what may be done twice', () => {
  test('is tried again after a broken connection, a busy daemon and too many calls', async () => {
    answers = [undefined, BUSY, { ...BUSY, status: 429 }, OK];
    expect(await client.call('health')).toEqual({ status: 'ok' });
    expect(requests).toHaveLength(4);
  });

  test('includes submitting a signed transaction, as JSON and as bytes', async () => {
    answers = [undefined, { status: 202, body: { id: 'ab' } }];
    expect(await client.submitBytes(new Uint8Array(1))).toBe('ab');
    answers = [BUSY, { status: 202, body: { id: 'cd' } }];
    expect(await client.call('submit', { body: { transactions: [] } })).toEqual({ id: 'cd' });
    expect(requests).toEqual(Array(4).fill('POST /v1/transactions'));
  });

  test('is not tried again after any other refusal', async () => {
    answers = [{ status: 404, body: { error: { code: 'not-found', message: 'no' } } }];
    await expect(client.block('tip')).rejects.toBeInstanceOf(ApiError);
    expect(requests).toHaveLength(1);
  });

  test('is given up after the time for it, with the last reason', async () => {
    answers = [BUSY];
    await expect(client.call('health', {}, { retry: { ...QUICK, forMs: 40 } })).rejects.toMatchObject({
      status: 503,
    });
    expect(requests.length).toBeGreaterThan(2);
  });

  test("is given up with the call's own deadline", async () => {
    answers = [undefined];
    await expect(client.call('health', {}, { timeoutMs: 40 })).rejects.toBeInstanceOf(ConnectionError);
  });

  test('is not tried again if nobody wants it', async () => {
    answers = [BUSY];
    await expect(client.call('health', {}, { retry: false })).rejects.toMatchObject({ status: 503 });
    expect(requests).toHaveLength(1);
  });

  test('waits as long as the daemon asks for, and not at all if that is too long', async () => {
    answers = [{ ...BUSY, headers: { 'retry-after': '3600' } }];
    await expect(client.call('health')).rejects.toMatchObject({ status: 503, retryAfterMs: 3_600_000 });
    expect(requests).toHaveLength(1);
  });

  test('an abort ends the wait for the next try at once', async () => {
    answers = [BUSY];
    const stop = new AbortController();
    heard = () => setImmediate(() => stop.abort());
    const slow = { firstDelayMs: 1e6, longestDelayMs: 1e6, forMs: 1e7 };
    const call = client.call('health', {}, { signal: stop.signal, timeoutMs: Infinity, retry: slow });
    await expect(call).rejects.toBeInstanceOf(ConnectionError);
  });
});

describe('what must not be done twice', () => {
  test('mining and peers are tried once', async () => {
    answers = [BUSY];
    await expect(client.call('mine', { body: { blocks: 1 } })).rejects.toMatchObject({ status: 503 });
    await expect(client.call('addPeers', { body: { addresses: ['x'] } })).rejects.toBeInstanceOf(ApiError);
    answers = [undefined];
    await expect(client.call('mine', { body: { blocks: 1 } })).rejects.toBeInstanceOf(ConnectionError);
    await expect(client.call('chainResolve')).rejects.toBeInstanceOf(ConnectionError);
    expect(requests).toHaveLength(4);
  });
});

describe('the delay', () => {
  const backOff = { firstDelayMs: 100, longestDelayMs: 1_000 };

  test.each([
    [1, 100],
    [2, 200],
    [4, 800],
    [5, 1_000],
    [60, 1_000],
  ])('after failure %i is up to %i ms, at least half of it', (failures, mostMs) => {
    for (let i = 0; i < 50; i++) {
      const delayMs = delayAfter(failures, new Error(), backOff);
      expect(delayMs).toBeGreaterThanOrEqual(mostMs / 2);
      expect(delayMs).toBeLessThanOrEqual(mostMs);
    }
  });

  test('is what the daemon asks for if that is longer', () => {
    expect(delayAfter(1, new ApiError(503, 'busy', '', 5_000), backOff)).toBe(5_000);
  });
});

describe('a daemon that does not answer at the beginning', () => {
  const IMPATIENT = { ...QUICK, forMs: 0 };
  const genesis = { id: 'ab', header: { height: 0, parent: 'cd' }, transactions: [], confirmations: 1 };
  const PAGE = { status: 200, body: { length: 1, blocks: [genesis] } };

  function impatient(): TallyClient {
    return new TallyClient({ url: client.url, retry: IMPATIENT });
  }

  test('is told of by blocks(), with what to do', async () => {
    answers = [undefined];
    const error = await impatient()
      .blocks()
      .next()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(String(error)).toMatch(/does not answer \(.*\): start it, or wait for it with waitForDaemon/);
  });

  test('is tried for as long as any call is', async () => {
    answers = [undefined, undefined, undefined, undefined, PAGE];
    const { value } = await client.blocks().next();
    expect(value).toEqual({ type: 'connected', block: genesis });
  });

  test('is waited for if blocks() is told so, and the caller hears of it', async () => {
    answers = [undefined];
    const states: boolean[] = [];
    heard = () => {
      if (requests.filter((request) => request.includes('/v1/chain')).length >= 2) answers = [PAGE];
    };
    const onConnection = ({ connected }: { connected: boolean }) => states.push(connected);
    const blocks = impatient().blocks({ waitForDaemon: true, onConnection });
    expect((await blocks.next()).value).toEqual({ type: 'connected', block: genesis });
    await blocks.return(undefined);
    expect(states[0]).toBe(false);
  });

  test('is told of by confirmed()', async () => {
    answers = [undefined];
    const waiting = impatient().confirmed('ab'.repeat(32), { timeoutMs: Number.POSITIVE_INFINITY });
    await expect(waiting).rejects.toBeInstanceOf(ConnectionError);
  });
});
