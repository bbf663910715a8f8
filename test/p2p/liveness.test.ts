import type { Connection } from '@libp2p/interface';
import { afterEach, expect, it, vi } from 'vitest';
import { Liveness, PING_DEADLINE_MS, PING_INTERVAL_MS, ping } from '../../src/p2p/liveness.ts';
import { createPlainNode, type PlainNode } from '../support/libp2p-peers.ts';

const nodes: PlainNode[] = [];
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()));
});

async function connection(): Promise<Connection> {
  const [a, b] = await Promise.all([createPlainNode(), createPlainNode()]);
  nodes.push(a, b);
  return a.dial(b.getMultiaddrs());
}

const soon = () => AbortSignal.timeout(10_000);

it('a connection that lives answers, again and again', async () => {
  const alive = await connection();
  for (let pings = 0; pings < 3; pings++) await ping(alive, soon());
  expect(alive.streams.filter(({ protocol }) => protocol.includes('ping'))).toEqual([]);
});

it('an answer that comes too late is a failure, and harms nothing', async () => {
  const slow = await connection();
  // Yamux pings once by itself, and one ping is under way at a time.
  await ping(slow, soon());
  const tooSoon = new AbortController();
  const pinged = ping(slow, tooSoon.signal);
  tooSoon.abort(new Error('too late'));
  await expect(pinged).rejects.toThrow('too late');
  for (let pings = 0; pings < 3; pings++) await ping(slow, soon());
  expect(slow.status).toBe('open');
});

it('a connection that is closed does not answer', async () => {
  const closed = await connection();
  await closed.close();
  await expect(ping(closed, AbortSignal.timeout(500))).rejects.toThrow();
});

it('a connection is silent from the first ping that is not answered to the next that is', async () => {
  vi.useFakeTimers();
  try {
    const line = {} as Connection;
    let isCut = false;
    const liveness = new Liveness({
      connections: () => [line],
      ping: (_, signal) =>
        isCut
          ? new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
          : Promise.resolve(),
      silent: () => {},
    });
    liveness.start();
    await vi.advanceTimersByTimeAsync(PING_INTERVAL_MS);
    expect(liveness.isSilent(line)).toBe(false);
    isCut = true;
    await vi.advanceTimersByTimeAsync(PING_INTERVAL_MS + PING_DEADLINE_MS);
    expect(liveness.isSilent(line)).toBe(true);
    isCut = false;
    await vi.advanceTimersByTimeAsync(PING_INTERVAL_MS);
    expect(liveness.isSilent(line)).toBe(false);
    liveness.stop();
  } finally {
    vi.useRealTimers();
  }
});
