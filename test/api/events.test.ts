import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EventHistory } from '../../src/api/event-history.ts';
import { MAX_EVENT_STREAMS } from '../../src/api/limits.ts';
import { type Api, createApi } from '../../src/api/server.ts';
import { MAX_EVENTS_KEPT } from '../../src/client/routes.ts';
import { ApiError, type LiveEvent, TallyClient } from '../../src/client/tally-client.ts';
import { formatAddress } from '../../src/core/address.ts';
import type { BlockId, TransactionId } from '../../src/core/identifiers.ts';
import { NOW_MS } from '../support/ledger.ts';
import { A_PEER, POOR, RICH, type ServedLedger, SILENT, servedLedger } from '../support/served-ledger.ts';

let ledger: ServedLedger;
let api: Api;
let client: TallyClient;
let stop: AbortController;

beforeEach(async () => {
  ledger = servedLedger();
  api = await createApi(ledger.daemon, { host: '127.0.0.1', port: 0, log: SILENT });
  client = new TallyClient({ url: api.url });
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  await api.close();
});

function emitPenalty(score: number): void {
  ledger.emit({ event: 'peer.penalised', peer: A_PEER, offence: 'garbage', score });
}

/** A stream that is open: what is emitted from now on arrives. */
async function open(after?: string): Promise<AsyncGenerator<LiveEvent>> {
  const events = client.events({ signal: stop.signal, ...(after === undefined ? {} : { after }) });
  return events;
}

async function take(events: AsyncGenerator<LiveEvent>, count: number): Promise<LiveEvent[]> {
  const taken: LiveEvent[] = [];
  while (taken.length < count) {
    const next = await events.next();
    if (next.done === true) break;
    taken.push(next.value);
  }
  return taken;
}

test('every kind of event arrives under its type, with the fields of the log', async () => {
  emitPenalty(0);
  const events = await open(`${NOW_MS - 1}`);
  const id = 'ab'.repeat(32);
  ledger.emit({
    event: 'transaction.accepted',
    id: id as TransactionId,
    sender: RICH.address,
    recipient: POOR.address,
    amount: 2n ** 62n,
    fee: 1n,
  });
  ledger.emit({
    event: 'block.accepted',
    height: 1,
    id: id as BlockId,
    parent: id as BlockId,
    miner: RICH.address,
    timestamp: 0,
    transactions: 2,
    source: 'gossip',
    from: A_PEER,
    latencyMs: 3,
    onChain: true,
  });
  ledger.emit({
    event: 'chain.reorganised',
    depth: 1,
    height: 2,
    oldTip: id as BlockId,
    newTip: id as BlockId,
    forkHeight: 1,
    returned: 0,
  });
  ledger.emit({ event: 'sync.progress', state: 'blocks', height: 1, targetHeight: 5 });
  const [peer, transaction, block, reorganisation, sync] = await take(events, 5);
  expect(peer).toMatchObject({
    type: 'peer',
    data: { event: 'peer.penalised', at: expect.stringMatching(/Z$/) },
  });
  expect(transaction).toMatchObject({
    type: 'transaction',
    data: {
      amount: `${2n ** 62n}`,
      fee: '1',
      sender: formatAddress(RICH.address),
      recipient: formatAddress(POOR.address),
    },
  });
  expect(block).toMatchObject({
    type: 'block',
    data: {
      event: 'block.accepted',
      miner: formatAddress(RICH.address),
      timestamp: '1970-01-01T00:00:00.000Z',
      latencyMs: 3,
    },
  });
  expect(reorganisation).toMatchObject({ type: 'reorganisation', data: { depth: 1 } });
  expect(sync).toMatchObject({ type: 'sync', data: { targetHeight: 5 } });
});

test('numbers rise by one, and a stream resumes behind the last event seen', async () => {
  for (let score = 0; score < 5; score++) emitPenalty(score);
  const first = await take(await open(`${NOW_MS - 1}`), 2);
  expect(first.map(({ id }) => Number(id))).toEqual([NOW_MS, NOW_MS + 1]);
  const rest = await take(await open(first[1]?.id), 3);
  expect(rest.map(({ data }) => 'score' in data && data.score)).toEqual([2, 3, 4]);
});

test('who was away too long is told that it missed some', async () => {
  for (let score = 0; score < MAX_EVENTS_KEPT + 10; score++) emitPenalty(score);
  const [missed, next] = await take(await open(`${NOW_MS + 3}`), 2);
  expect(missed).toMatchObject({ type: 'missed', data: { after: NOW_MS + 3 } });
  expect(next).toMatchObject({ data: { score: 10 } });
  expect(Number(next?.id)).toBe(Number(missed?.id) + 1);
});

test('a number of an earlier run is one that missed some; one never given out is refused', async () => {
  emitPenalty(7);
  const [missed, next] = await take(await open('5'), 2);
  expect(missed?.type).toBe('missed');
  expect(next).toMatchObject({ data: { score: 7 } });
  for (const wrong of [`${NOW_MS + 50}`, 'x', '-1', '9'.repeat(30)]) {
    await expect((await open(wrong)).next()).rejects.toMatchObject({ name: 'ApiError', status: 400 });
  }
});

test('there are only so many streams, and a closed one makes room', async () => {
  emitPenalty(0);
  const aborts = Array.from({ length: MAX_EVENT_STREAMS }, () => new AbortController());
  const streams = aborts.map(({ signal }) => client.events({ signal, after: `${NOW_MS - 1}` }));
  await Promise.all(streams.map((stream) => stream.next()));
  const refused = (await open(`${NOW_MS - 1}`)).next();
  await expect(refused).rejects.toMatchObject({ code: 'too-many-streams', status: 429 });
  for (const abort of aborts) abort.abort();
  await expect
    .poll(async () => {
      try {
        return (await take(await open(`${NOW_MS - 1}`), 1)).length;
      } catch (error) {
        return error instanceof ApiError ? error.code : error;
      }
    })
    .toBe(1);
});

test('what many resume with is written once', () => {
  const write = vi.fn((event: string, number: number) => `${number} ${event}\n`);
  const history = new EventHistory<string>(10, 3, write);
  for (const event of ['a', 'b', 'c']) history.add(event);
  const told = [history.last(), history.since('9'), history.since('9'), history.since('10'), history.all()];
  expect(told).toEqual([
    '12 c\n',
    '10 a\n11 b\n12 c\n',
    '10 a\n11 b\n12 c\n',
    '11 b\n12 c\n',
    '10 a\n11 b\n12 c\n',
  ]);
  expect(write).toHaveBeenCalledTimes(3);
});

test('nothing is written for a stream that gets no place', async () => {
  emitPenalty(0);
  const aborts = Array.from({ length: MAX_EVENT_STREAMS }, () => new AbortController());
  await Promise.all(aborts.map(({ signal }) => client.events({ signal, after: `${NOW_MS - 1}` }).next()));
  const resumed = vi.spyOn(EventHistory.prototype, 'since');
  await expect((await open('0')).next()).rejects.toMatchObject({ code: 'too-many-streams' });
  expect(resumed).not.toHaveBeenCalled();
  resumed.mockRestore();
  for (const abort of aborts) abort.abort();
});

test('a client that does not read is cut off; the others go on', async () => {
  emitPenalty(0);
  const { port } = new URL(api.url);
  const deaf = connect({ port: Number(port), host: '127.0.0.1' });
  deaf.on('error', () => {});
  await once(deaf, 'connect');
  deaf.write('GET /v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await once(deaf, 'readable');
  const events = await open(`${NOW_MS - 1}`);
  await take(events, 1);
  // More than the kernel and the limit together hold; the other reads along.
  const offence = 'x'.repeat(60_000);
  for (let i = 0; i < 300; i++) {
    ledger.emit({ event: 'peer.penalised', peer: A_PEER, offence, score: i });
    expect(await take(events, 1)).toHaveLength(1);
  }
  const closed = once(deaf, 'close');
  deaf.resume();
  await closed;
  emitPenalty(1);
  expect(await take(events, 1)).toMatchObject([{ data: { score: 1 } }]);
});

test('closing the server ends streams at once', async () => {
  emitPenalty(0);
  const events = await open(`${NOW_MS - 1}`);
  await take(events, 1);
  const ended = expect(events.next()).rejects.toMatchObject({ name: 'ConnectionError' });
  const start = performance.now();
  await api.close();
  await ended;
  expect(performance.now() - start).toBeLessThan(1_000);
});

test('HEAD does not open a stream', async () => {
  const response = await fetch(`${api.url}/v1/events`, { method: 'HEAD' });
  expect(response.status).toBe(405);
});
