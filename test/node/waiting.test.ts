import { describe, expect, it } from 'vitest';
import { idFromBytes } from '../../src/core/identifiers.ts';
import { type ArrivedBlock, WaitingBlocks } from '../../src/node/block-waiting.ts';
import type { PeerId } from '../../src/node/ports.ts';
import { WaitingTransactions } from '../../src/node/transaction-waiting.ts';
import { BlockMaker, payment, testKey, testNetwork } from '../support/ledger.ts';

const network = testNetwork();
const maker = new BlockMaker(network);

function arrived(from: string, byteLength = 1_000): ArrivedBlock {
  const { id, block } = maker.block(maker.genesis);
  return {
    id,
    parent: idFromBytes(block.sealed.header.parent),
    height: 1,
    compact: { publishedAt: 0, sealed: block.sealed, shortIds: new Uint8Array(0), prefilled: [] },
    byteLength,
    from: from as PeerId,
  };
}

describe('waiting blocks', () => {
  it('come out once, by their id or with their siblings by their parent', () => {
    const waiting = new WaitingBlocks();
    const [a, b, c] = [arrived('a'), arrived('b'), arrived('c')];
    for (const block of [a, b, c]) waiting.add(block);
    expect(waiting.take(a.id)).toBe(a);
    expect(waiting.take(a.id)).toBeUndefined();
    expect(waiting.takeChildren(maker.genesis.id)).toEqual([b, c]);
    expect([waiting.size, waiting.bytes]).toEqual([0, 0]);
  });

  it('are 64 at most; the longest waiting make room', () => {
    const waiting = new WaitingBlocks();
    const blocks = Array.from({ length: 70 }, (_, i) => arrived(`peer${i}`));
    const gone = blocks.flatMap((block) => waiting.add(block));
    expect(waiting.size).toBe(64);
    expect(gone).toEqual(blocks.slice(0, 6));
  });

  it('are 16 MiB at most', () => {
    const waiting = new WaitingBlocks();
    for (let i = 0; i < 20; i++) waiting.add(arrived(`peer${i}`, 2 * 1_024 * 1_024));
    expect(waiting.size).toBe(8);
    expect(waiting.bytes).toBe(16 * 1_024 * 1_024);
  });

  it('of one peer do not push out those of others', () => {
    const waiting = new WaitingBlocks();
    const honest = arrived('honest');
    waiting.add(honest);
    for (let i = 0; i < 200; i++) waiting.add(arrived('hostile'));
    expect(waiting.has(honest.id)).toBe(true);
    expect(waiting.size).toBe(17);
  });

  it('are kept once', () => {
    const waiting = new WaitingBlocks();
    const block = arrived('a');
    waiting.add(block);
    expect(waiting.add(block)).toEqual([]);
    expect(waiting.bytes).toBe(block.byteLength);
  });
});

describe('waiting transactions', () => {
  const [key, peer] = [testKey(1), 'peer' as PeerId];
  const weighed = (sequence: number) => ({
    ...payment(network, { from: key, to: testKey(2).address, sequence }),
    key: String(sequence),
  });

  it('come out once, by sender and sequence', () => {
    const waiting = new WaitingTransactions();
    const third = weighed(3);
    waiting.add(third, peer, 0);
    expect(waiting.take(key.address, 2n, 0, 9)).toBeUndefined();
    expect(waiting.take(testKey(2).address, 3n, 0, 9)).toBeUndefined();
    expect(waiting.take(key.address, 3n, 0, 9)).toEqual({ row: [third], from: peer });
    expect(waiting.take(key.address, 3n, 0, 9)).toBeUndefined();
    expect(waiting.size).toBe(0);
  });

  it('come out in rows of one peer', () => {
    const waiting = new WaitingTransactions();
    for (const sequence of [1, 2, 3, 5]) waiting.add(weighed(sequence), peer, 0);
    waiting.add(weighed(4), 'other' as PeerId, 0);
    expect(waiting.take(key.address, 1n, 0, 2)).toEqual({ row: [weighed(1), weighed(2)], from: peer });
    expect(waiting.take(key.address, 3n, 0, 9)).toEqual({ row: [weighed(3)], from: peer });
    expect(waiting.take(key.address, 4n, 0, 9)).toMatchObject({ from: 'other' });
    expect(waiting.senders()).toEqual(new Set([key.address]));
  });

  it('of one place are kept of each peer: a wrong one does not drive out the right one', () => {
    const waiting = new WaitingTransactions();
    const forged = { ...weighed(1), key: 'forged' };
    waiting.add(weighed(1), peer, 0);
    waiting.add(forged, 'mallory' as PeerId, 0);
    expect(waiting.take(key.address, 1n, 0, 9)).toEqual({ row: [weighed(1)], from: peer });
    expect(waiting.take(key.address, 1n, 0, 9)).toEqual({ row: [forged], from: 'mallory' });
  });

  it('of a peer that is gone are let go', () => {
    const waiting = new WaitingTransactions();
    waiting.add(weighed(1), peer, 0);
    waiting.add(weighed(2), 'other' as PeerId, 0);
    waiting.drop(peer);
    expect(waiting.size).toBe(1);
    expect(waiting.take(key.address, 1n, 0, 9)).toBeUndefined();
  });

  it('wait half a minute', () => {
    const waiting = new WaitingTransactions();
    waiting.add(weighed(1), peer, 1_000);
    waiting.add(weighed(3), peer, 1_000);
    expect(waiting.take(key.address, 1n, 31_000, 9)).toBeDefined();
    expect(waiting.take(key.address, 3n, 31_001, 9)).toBeUndefined();
  });

  it('are 1,024 of a peer at most; its longest waiting make room', () => {
    const waiting = new WaitingTransactions();
    for (let sequence = 0; sequence < 1_030; sequence++) waiting.add(weighed(sequence), peer, 0);
    expect(waiting.size).toBe(1_024);
    expect(waiting.take(key.address, 5n, 0, 1)).toBeUndefined();
    expect(waiting.take(key.address, 6n, 0, 1)).toBeDefined();
  });

  it('are 4,096 in all; the peer with the most makes room', () => {
    const waiting = new WaitingTransactions();
    const flood = (from: number, count: number) => {
      for (let sequence = 0; sequence < count; sequence++)
        waiting.add(weighed(sequence), `m${from}` as PeerId, 0);
    };
    waiting.add(weighed(7), peer, 0);
    for (let from = 0; from < 5; from++) flood(from, 1_024);
    expect(waiting.size).toBe(4_096);
    waiting.drop('m0' as PeerId);
    for (let from = 1; from < 5; from++) waiting.drop(`m${from}` as PeerId);
    expect(waiting.take(key.address, 7n, 0, 9)).toMatchObject({ from: peer });
  });
});
