import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ConnectionState, LiveEvent } from '../../src/client/event-stream.ts';
import { MAX_EVENTS_KEPT } from '../../src/client/routes.ts';
import { TallyClient } from '../../src/client/tally-client.ts';
import { RestartedApi } from '../support/restarted-api.ts';
import { A_PEER, type ServedLedger, servedLedger } from '../support/served-ledger.ts';

let ledger: ServedLedger;
let api: RestartedApi;
let stop: AbortController;
let states: ConnectionState[];
let connected: PromiseWithResolvers<void>;
let disconnected: PromiseWithResolvers<void>;
let events: AsyncGenerator<LiveEvent>;

beforeEach(async () => {
  ledger = servedLedger();
  api = new RestartedApi(ledger);
  await api.start();
  stop = new AbortController();
  states = [];
  connected = Promise.withResolvers();
  disconnected = Promise.withResolvers();
  events = new TallyClient({ url: api.url }).events({
    signal: stop.signal,
    resume: true,
    onConnection: (state) => {
      states.push(state);
      (state.connected ? connected : disconnected).resolve();
    },
  });
});

afterEach(async () => {
  stop.abort();
  await api.stop();
});

function emit(score: number): void {
  ledger.emit({ event: 'peer.penalised', peer: A_PEER, offence: 'garbage', score });
}

async function next(): Promise<LiveEvent> {
  const { value, done } = await events.next();
  if (done === true) throw new Error('the feed ended');
  return value;
}

test('it goes on after a restart of the daemon, and says that something may be missing', async () => {
  const first = next();
  await connected.promise;
  emit(1);
  expect((await first).data).toMatchObject({ score: 1 });
  const after = next();
  await api.stop();
  await disconnected.promise;
  await api.start();
  expect((await after).type).toBe('missed');
  emit(2);
  expect((await next()).data).toMatchObject({ score: 2 });
  expect(states[0]).toEqual({ connected: true });
  expect(states[1]).toMatchObject({ connected: false, error: { name: 'ConnectionError' } });
  expect(states.at(-1)).toEqual({ connected: true });
});

test('a break before the first event is told as well', async () => {
  const first = next();
  await connected.promise;
  await api.stop();
  await disconnected.promise;
  await api.start();
  expect(await first).toEqual({ id: '', type: 'missed', data: {} });
});

test('a reader too slow for what the daemon keeps is told what it missed', async () => {
  const first = next();
  await connected.promise;
  emit(0);
  const { id } = await first;
  for (let score = 1; score <= MAX_EVENTS_KEPT + 5; score++) emit(score);
  const late = new TallyClient({ url: api.url }).events({ signal: stop.signal, resume: true, after: id });
  const { value } = await late.next();
  expect(value).toMatchObject({ type: 'missed', data: { after: Number(id) } });
});

test('a number of another clock is forgotten, and that is told', async () => {
  const later = new TallyClient({ url: api.url }).events({
    signal: stop.signal,
    resume: true,
    after: '999999999999999',
  });
  expect((await later.next()).value).toEqual({ id: '', type: 'missed', data: {} });
});

test('an abort ends it at once: connected, and between tries', async () => {
  const first = events.next();
  await connected.promise;
  stop.abort();
  expect((await first).done).toBe(true);

  await api.stop();
  const again = new AbortController();
  const waiting = new TallyClient({ url: api.url }).events({
    signal: again.signal,
    resume: true,
    onConnection: () => again.abort(),
  });
  expect((await waiting.next()).done).toBe(true);
});
