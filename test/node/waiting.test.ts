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
  const paid = (sequence: number) => payment(network, { from: key, to: testKey(2).address, sequence });

  it('come out once, by sender and sequence', () => {
    const waiting = new WaitingTransactions();
    const checked = paid(3);
    waiting.add(checked, peer, 0);
    expect(waiting.take(key.address, 2n, 0)).toBeUndefined();
    expect(waiting.take(testKey(2).address, 3n, 0)).toBeUndefined();
    expect(waiting.take(key.address, 3n, 0)).toMatchObject({ checked, from: peer });
    expect(waiting.take(key.address, 3n, 0)).toBeUndefined();
  });

  it('wait half a minute', () => {
    const waiting = new WaitingTransactions();
    waiting.add(paid(1), peer, 1_000);
    waiting.add(paid(2), peer, 1_000);
    expect(waiting.take(key.address, 1n, 31_000)).toBeDefined();
    expect(waiting.take(key.address, 2n, 31_001)).toBeUndefined();
  });

  it('are 4,096 at most; the longest waiting make room', () => {
    const waiting = new WaitingTransactions();
    for (let sequence = 0; sequence < 4_102; sequence++) waiting.add(paid(sequence), peer, 0);
    expect(waiting.size).toBe(4_096);
    expect(waiting.take(key.address, 5n, 0)).toBeUndefined();
    expect(waiting.take(key.address, 6n, 0)).toBeDefined();
  });
});
