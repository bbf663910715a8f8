import { beforeEach, expect, it } from 'vitest';
import {
  FairQueue,
  type Lane,
  MAX_WAITING_BYTES_OF_PEER,
  MAX_WAITING_PIECES_OF_PEER,
} from '../../src/node/fair-queue.ts';
import type { PeerId } from '../../src/node/ports.ts';

const peer = (name: string | number): PeerId => `peer-${name}` as PeerId;

let waste: Map<PeerId, number>;
let queue: FairQueue;
/** Pieces that have begun, and what ends each. */
let begun: { readonly name: string; readonly lane: Lane; readonly end: () => void }[];

beforeEach(() => {
  waste = new Map();
  begun = [];
  queue = new FairQueue((of) => waste.get(of) ?? 0);
});

function add(of: PeerId, name: string, bytes = 1): Promise<string> {
  const work = (lane: Lane): Promise<string> => {
    const { promise, resolve } = Promise.withResolvers<string>();
    begun.push({ name, lane, end: () => resolve('done') });
    return promise;
  };
  return queue.run(of, bytes, work, 'dropped');
}

const names = (): string[] => begun.map(({ name }) => name);

async function end(index: number): Promise<void> {
  begun[index]?.end();
  await new Promise((resolve) => setImmediate(resolve));
}

it('one piece of a peer is under way at a time, two of all', async () => {
  for (const name of ['a1', 'a2']) void add(peer('a'), name);
  for (const name of ['b1', 'b2']) void add(peer('b'), name);
  void add(peer('c'), 'c1');
  expect(names()).toEqual(['a1', 'b1']);
  await end(0);
  expect(names()).toEqual(['a1', 'b1', 'c1']);
  await end(1);
  expect(names()).toEqual(['a1', 'b1', 'c1', 'a2']);
});

it('whose work has come to nothing least comes first', async () => {
  waste.set(peer('a'), 5).set(peer('b'), 3);
  void add(peer('x'), 'x');
  void add(peer('y'), 'y');
  for (const name of ['a', 'b', 'c']) void add(peer(name), name);
  await end(0);
  await end(1);
  expect(names()).toEqual(['x', 'y', 'c', 'b']);
});

it('what a peer that is gone had waiting is dropped, and what is under way is told', async () => {
  const [first, second] = [add(peer('a'), 'a1'), add(peer('a'), 'a2')];
  queue.drop(peer('a'));
  expect(begun[0]?.lane.isDropped).toBe(true);
  expect(await second).toBe('dropped');
  await end(0);
  expect(await first).toBe('done');
  expect(names()).toEqual(['a1']);
  expect(queue.size).toBe(0);
});

it('a peer has so many waiting, and so many bytes', async () => {
  void add(peer('a'), 'under way');
  const waiting = Array.from({ length: MAX_WAITING_PIECES_OF_PEER }, (_, n) => add(peer('a'), String(n)));
  expect(await add(peer('a'), 'one too many')).toBe('dropped');
  queue.drop(peer('a'));
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['dropped']));
  void add(peer('b'), 'under way');
  void add(peer('b'), 'large', MAX_WAITING_BYTES_OF_PEER);
  expect(await add(peer('b'), 'one byte too many')).toBe('dropped');
});

it('of all that wait, the peer with the most loses what came last of it', async () => {
  for (const name of ['x', 'y']) void add(peer(name), name);
  const small = add(peer('small'), 'small', 1_000);
  // Seventeen times 2 MiB are more than 32.
  const large = Array.from({ length: 17 }, (_, n) => add(peer(n), String(n), MAX_WAITING_BYTES_OF_PEER));
  const dropped = await Promise.race(large);
  expect(dropped).toBe('dropped');
  expect(queue.size).toBe(1 + 15);
  await end(0);
  await end(1);
  expect(names()).toContain('small');
  await end(names().indexOf('small'));
  expect(await small).toBe('done');
});

it('work that fails fails for who asked, and the next has its turn', async () => {
  const failed = queue.run(peer('a'), 1, () => Promise.reject(new Error('on purpose')), undefined);
  await expect(failed).rejects.toThrow('on purpose');
  void add(peer('a'), 'next');
  expect(names()).toEqual(['next']);
});
