import type { Connection } from '@libp2p/interface';
import { afterEach, expect, it } from 'vitest';
import { ping } from '../../src/p2p/liveness.ts';
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
