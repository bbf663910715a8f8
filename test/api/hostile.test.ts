/** Callers that hold places, do not read, or send what is dear to look at: others are served all the same. */
import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { App } from '../../src/api/app.ts';
import { Places } from '../../src/api/callers/places.ts';
import {
  ANSWER_STALL_MS,
  BODY_STALL_MS,
  HEAD_TIMEOUT_MS,
  MAX_ANSWERS,
  MAX_CONNECTIONS,
  MAX_FIELDS,
  MAX_PIPELINED,
  SWEEP_MS,
  YIELD_MS,
} from '../../src/api/limits.ts';
import { buildApi } from '../../src/api/server.ts';
import { Submission } from '../../src/api/submission.ts';
import { transactionToJson } from '../../src/client/json.ts';
import { MAX_BATCH_BYTES, MAX_BATCH_TRANSACTIONS, MAX_BODY_BYTES } from '../../src/client/routes.ts';
import { ApiError, TallyClient } from '../../src/client/tally-client.ts';
import { formatAddress } from '../../src/core/address.ts';
import { payment } from '../support/ledger.ts';
import { POOR, RICH, type ServedLedger, SILENT, servedLedger } from '../support/served-ledger.ts';

const HOST = 'Host: 127.0.0.1\r\n';

let ledger: ServedLedger;
let app: App;
let port: number;
let client: TallyClient;
const sockets: Socket[] = [];

beforeEach(async () => {
  // Sockets are real; how long they stand still is not.
  vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] });
  ledger = servedLedger();
  app = await buildApi(ledger.daemon, { host: '127.0.0.1', port: 0, log: SILENT });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  port = Number(new URL(url).port);
  client = new TallyClient({ url, retry: false });
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await app.close();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

async function open(text = ''): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  if (text !== '') socket.write(text);
  return socket;
}

/** All that comes until the other side ends it. */
async function wholeOf(socket: Socket): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

/** Every answer the server begins. */
function answers(): ServerResponse[] {
  const begun: ServerResponse[] = [];
  (app.server as Server).on('request', (_request, response) => begun.push(response));
  return begun;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await setTimeout(5);
}

/** As if the chain were long: the same header over and over, and how many of them were read. */
function longChain(height: number): { id: string; read: () => number } {
  const { id } = payment(ledger.network, { from: RICH, to: POOR.address, sequence: 0 });
  ledger.pool.add(payment(ledger.network, { from: RICH, to: POOR.address, sequence: 0 }));
  ledger.mine(1);
  const { chain } = ledger;
  const { tip } = chain;
  let read = 0;
  vi.spyOn(chain, 'tip', 'get').mockReturnValue({ ...tip, height });
  vi.spyOn(chain, 'atHeight').mockReturnValue(tip);
  vi.spyOn(chain, 'blocksFrom').mockImplementation((_from, limit) => ({
    *[Symbol.iterator]() {
      for (let count = 0; count < limit; count++) {
        read++;
        yield tip;
      }
    },
  }));
  return { id, read: () => read };
}

describe('connections', () => {
  test('that never speak give their places to those that do', async () => {
    const events = await open(`GET /v1/events HTTP/1.1\r\n${HOST}\r\n`);
    await once(events, 'data');
    for (let count = 0; count < MAX_CONNECTIONS + 20; count++) await open();
    expect((await client.status()).height).toBe(0);
    expect(events.destroyed).toBe(false);
    ledger.emit({ event: 'peer.penalised', peer: 'x' as never, offence: 'garbage', score: 0 });
    await once(events, 'data');
  });

  test('whose body stands still are told so and end', async () => {
    const begun = answers();
    const socket = await open(
      `POST /v1/transactions HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"`,
    );
    await until(() => begun.length === 1);
    vi.advanceTimersByTime(2 * SWEEP_MS);
    expect(socket.destroyed).toBe(false);
    vi.advanceTimersByTime(BODY_STALL_MS + SWEEP_MS);
    const answer = await wholeOf(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"request-timeout"');
  });

  test('whose body comes a byte now and then are told so and end, too', async () => {
    const begun = answers();
    const socket = await open(
      `POST /v1/transactions HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"`,
    );
    await until(() => begun.length === 1);
    const theirs = begun[0]?.req.socket as Socket;
    for (let passedMs = 0; passedMs <= BODY_STALL_MS + SWEEP_MS && !theirs.destroyed; passedMs += SWEEP_MS) {
      const before = theirs.bytesRead;
      socket.write('x');
      await until(() => theirs.bytesRead > before || theirs.destroyed);
      vi.advanceTimersByTime(SWEEP_MS);
    }
    expect(await wholeOf(socket)).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('have seconds for their head', () => {
    expect((app.server as Server).headersTimeout).toBe(HEAD_TIMEOUT_MS);
  });

  test('that speak something else are told so, in the words of the API', async () => {
    const answer = await wholeOf(await open('HELO example.org\r\n\r\n'));
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"code":"malformed-request"');
    const long = await wholeOf(await open(`GET /${'x'.repeat(20_000)} HTTP/1.1\r\n${HOST}\r\n`));
    expect(long).toMatch(/^HTTP\/1\.1 431 /);
    const many = await wholeOf(await open(`GET / HTTP/1.1\r\n${HOST}${'a: b\r\n'.repeat(5_000)}\r\n`));
    expect(many).toMatch(/^HTTP\/1\.1 431 /);
  });

  test('that ask without waiting for answers are closed', async () => {
    const begun = answers();
    const turns = vi.spyOn(ledger.pool, 'transactions');
    const socket = await open(`GET /v1/pool HTTP/1.1\r\n${HOST}\r\n`.repeat(500));
    await once(socket, 'close');
    // Of what came with the one too many, nothing is even parsed; and what came before it is not answered any more.
    expect(begun.length).toBe(MAX_PIPELINED + 1);
    expect(turns).not.toHaveBeenCalled();
    // And no place is left with them.
    for (let count = 0; count < 2 * MAX_ANSWERS; count++) await client.call('pool');
  });
});

describe('an answer that is not read', () => {
  test('is not made further than its caller takes it', async () => {
    const { id, read } = longChain(10_000);
    const begun = answers();
    const socket = await open(
      `GET /v1/transactions/${id}/receipt?confirmations=10000 HTTP/1.1\r\n${HOST}\r\n`,
    );
    socket.pause();
    await until(() => begun[0]?.writableNeedDrain === true);
    // Each part takes one; all of them would be made by then.
    for (let turn = 0; turn < 300; turn++) await setImmediate();
    expect(read()).toBeLessThan(9_999);
    expect(begun[0]?.writableLength).toBeLessThan(1_000_000);
  });

  test('gives its place to others after two seconds, and ends after some more', async () => {
    const { id } = longChain(10_000);
    const begun = answers();
    for (let count = 0; count < MAX_ANSWERS; count++) {
      const socket = await open(
        `GET /v1/transactions/${id}/receipt?confirmations=10000 HTTP/1.1\r\n${HOST}\r\n`,
      );
      socket.pause();
    }
    await until(() => begun.filter((one) => one.writableNeedDrain).length === MAX_ANSWERS);
    vi.advanceTimersByTime(SWEEP_MS);
    const refusal = await client.call('block', { params: { block: 'tip' } }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ status: 429, code: 'too-many-requests', retryAfterMs: 1_000 });
    expect(refusal).toBeInstanceOf(ApiError);
    // What is not dear is answered at any time.
    await client.status();
    vi.advanceTimersByTime(YIELD_MS + SWEEP_MS);
    expect((await client.block('tip')).transactions).toHaveLength(1);
    const unread = begun.slice(0, MAX_ANSWERS);
    expect(unread.filter(({ destroyed }) => destroyed)).toHaveLength(1);
    vi.advanceTimersByTime(ANSWER_STALL_MS + SWEEP_MS);
    await until(() => unread.every(({ destroyed }) => destroyed));
  });
});

describe('a body', () => {
  const post = (payload: string, url = '/v1/transactions') =>
    app.inject({ method: 'POST', url, payload, headers: { 'content-type': 'application/json' } });
  const unknown = (count: number) => Array.from({ length: count }, (_, index) => `"k${index}":1`).join(',');

  test.each([
    ['unknown fields', `{${unknown(200_000)}}`],
    ['unknown fields of a transaction', `{"transactions":[{${unknown(200_000)}}]}`],
    ['items', `{"transactions":[${'1,'.repeat(1_000_000)}1]}`],
    ['depth', '['.repeat(1_000_000)],
    ['objects', '{"a":'.repeat(400_000)],
  ])('of many %s is refused before it is parsed', async (_what, payload) => {
    expect(payload.length).toBeLessThanOrEqual(MAX_BATCH_BYTES);
    const parsing = vi.spyOn(JSON, 'parse');
    const answer = await post(payload);
    expect(parsing.mock.calls.filter(([text]) => text === payload)).toEqual([]);
    expect([answer.statusCode, answer.json().error.code]).toEqual([400, 'invalid-request']);
  });

  test.each([
    ['unknown fields', `{${unknown(9_000)}}`, `9000 fields, at most ${MAX_FIELDS}`],
    ['fields beside the batch', `{"transactions":[],${unknown(9_000)}}`, '9001 fields'],
    ['fields of one item', `{"transactions":[{${unknown(9_000)}}]}`, 'body/transactions/0 has 9000 fields'],
    ['items', `{"transactions":[${'1,'.repeat(9_999)}1]}`, `1 to ${MAX_BATCH_TRANSACTIONS} transactions`],
    ['items that are none', `{"transactions":[${'1,'.repeat(998)}1]}`, 'body/transactions/0 must be object'],
  ])('of fewer %s is refused at the first', async (_what, payload, words) => {
    const answer = await post(payload);
    expect([answer.statusCode, answer.json().error.code]).toEqual([400, 'invalid-request']);
    expect(answer.json().error.message).toContain(words);
  });

  test('of a hundred thousand addresses is not taken', async () => {
    const answer = await post(
      JSON.stringify({ addresses: Array(100_000).fill('/ip4/127.0.0.1') }),
      '/v1/peers',
    );
    expect([answer.statusCode, answer.json().error.code]).toEqual([413, 'body-too-large']);
    expect(16 * 260).toBeLessThan(MAX_BODY_BYTES);
  });

  test('of a thousand good transactions lets others have their turn seven times', async () => {
    const { id, signed } = payment(ledger.network, { from: RICH, to: POOR.address, sequence: 0 });
    const json = transactionToJson(id, signed);
    const turn = vi.fn(async () => {});
    const text = JSON.stringify({ transactions: Array(MAX_BATCH_TRANSACTIONS).fill(json) });
    expect((await Submission.fromJson(text, turn)).transactions).toHaveLength(MAX_BATCH_TRANSACTIONS);
    expect(turn).toHaveBeenCalledTimes(7);
  });

  test('as long as it may be is read in turns', async () => {
    const { signed } = payment(ledger.network, { from: RICH, to: POOR.address, sequence: 0 });
    expect(signed.signature.length).toBe(64);
    const json = { sender: 'x', note: 'y' };
    const answer = await post(JSON.stringify({ transactions: Array(MAX_BATCH_TRANSACTIONS).fill(json) }));
    expect(answer.json().error.message).toMatch(/^body\/transactions\/0/);
  });
});

describe('what is dear', () => {
  test('takes a place as what it is: of long submissions a stranger has two at once, of short ones more', async () => {
    const post = (count: number) =>
      app.inject({
        ...{ method: 'POST', url: '/v1/transactions' },
        headers: { 'content-type': 'application/json', host: '127.0.0.1', 'x-forwarded-for': '203.0.113.7' },
        payload: JSON.stringify({ transactions: Array(count).fill({ note: 'x'.repeat(300) }) }),
      });
    const statuses = async (count: number) =>
      (await Promise.all([1, 2, 3].map(() => post(count)))).map(({ statusCode }) => statusCode).sort();
    expect(await statuses(100)).toEqual([400, 400, 429]);
    expect(await statuses(1)).toEqual([400, 400, 400]);
  });

  test.each([
    '/v1/chain',
    '/v1/chain/tree',
    '/v1/chain/forks',
    `/v1/chain/forks/${'ab'.repeat(32)}`,
    '/v1/chain/validity',
    '/v1/pool',
    `/v1/accounts/${formatAddress(RICH.address)}/transactions`,
  ])('takes a place: %s', async (url) => {
    const take = vi.spyOn(Places.prototype, 'take');
    await app.inject({ url });
    expect(take).toHaveBeenCalledOnce();
  });
});
