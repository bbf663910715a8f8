import { beforeEach, describe, expect, it } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import { Mempool } from '../../src/chain/mempool.ts';
import { PoolJournal } from '../../src/chain/pool-journal.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { faultyStore, SimulatedCrash } from '../support/faulty-store.ts';
import { BlockMaker, NOW_MS, payment, testKey, testNetwork } from '../support/ledger.ts';

const alice = testKey(1);
const bob = testKey(2);
const network = testNetwork({ allocations: [{ address: alice.publicKey, amount: 1_000_000n }] });
const pay = (sequence: number, fee = 1_000n) =>
  payment(network, { from: alice, to: bob.address, sequence, fee });

let faulty: ReturnType<typeof faultyStore>;
let chain: Chain;
let pool: Mempool;
let journal: PoolJournal;
let maker: BlockMaker;

beforeEach(() => {
  faulty = faultyStore(new MemoryStore());
  maker = new BlockMaker(network);
  restart();
});

function restart(): void {
  chain = Chain.open(network, faulty.store);
  pool = new Mempool(chain);
  journal = PoolJournal.open(faulty.store, pool);
}

const kept = () => faulty.store.pool.all().map(({ id }) => id);

describe('the pool over a restart', () => {
  it('has what was flushed, and nothing else', () => {
    pool.add(pay(0));
    pool.add(pay(1));
    expect(journal.pending).toBe(2);
    journal.flush();
    expect(journal.pending).toBe(0);
    pool.add(pay(2));
    restart();
    expect(pool.ids()).toEqual([pay(0).id, pay(1).id]);
    expect(pool.get(pay(1).id)).toEqual(pay(1));
  });

  it('writes a change of mind once', () => {
    pool.add(pay(0));
    pool.add(pay(0, 2_000n));
    faulty.arm(Number.POSITIVE_INFINITY);
    journal.flush();
    expect(faulty.writes()).toBe(2);
    expect(kept()).toEqual([pay(0, 2_000n).id]);
    faulty.arm(0);
    journal.flush();
  });

  it('forgets what was confirmed', () => {
    pool.add(pay(0));
    pool.add(pay(1));
    journal.flush();
    chain.addBlock(maker.block(maker.genesis, { transactions: [pay(0)] }), NOW_MS);
    journal.flush();
    expect(kept()).toEqual([pay(1).id]);
  });

  it('drops what is stale when it opens, in whatever order it was kept', () => {
    const store = faulty.store;
    store.atomically(() => {
      for (const sequence of [2, 1, 0]) store.pool.put(pay(sequence).id, pay(sequence).signed);
    });
    chain.addBlock(maker.block(maker.genesis, { transactions: [pay(0)] }), NOW_MS);
    restart();
    expect(pool.ids()).toEqual([pay(1).id, pay(2).id]);
    expect(kept()).toHaveLength(3);
    journal.flush();
    expect(kept()).toEqual([pay(2).id, pay(1).id]);
  });

  it('keeps what cannot be paid for the moment', () => {
    const spend = payment(network, { from: bob, to: alice.address, sequence: 0 });
    const gift = payment(network, { from: alice, to: bob.address, sequence: 0, amount: 5_000n });
    chain.addBlock(maker.block(maker.genesis, { transactions: [gift] }), NOW_MS);
    pool.add(spend);
    journal.flush();
    const [b1, b2] = maker.chain(maker.genesis, 2);
    if (b1 === undefined || b2 === undefined) throw new Error('two blocks');
    chain.addBlocks([b1, b2], NOW_MS);
    journal.flush();
    restart();
    expect(pool.ids()).toEqual([gift.id]);
    chain.addBlock(maker.block(b2, { transactions: [gift] }), NOW_MS);
    expect(pool.ids()).toEqual([spend.id]);
  });

  it('keeps what cannot be paid, though its removal was about to be written', () => {
    const gift = payment(network, { from: alice, to: bob.address, sequence: 0, amount: 5_000n });
    const spend = payment(network, { from: bob, to: alice.address, sequence: 0 });
    const a1 = maker.block(maker.genesis, { transactions: [gift] });
    chain.addBlock(a1, NOW_MS);
    pool.add(spend);
    journal.flush();
    chain.addBlock(maker.block(a1, { transactions: [spend] }), NOW_MS);
    chain.addBlocks(maker.chain(maker.genesis, 3), NOW_MS);
    journal.flush();
    expect(kept()).toContain(spend.id);
  });

  it('touches nothing of what cannot be paid for a payment that it cannot follow', () => {
    const gift = payment(network, { from: alice, to: bob.address, sequence: 0, amount: 900_000n });
    const spend = (sequence: number, amount: bigint) =>
      payment(network, { from: bob, to: alice.address, sequence, amount });
    chain.addBlock(maker.block(maker.genesis, { transactions: [gift] }), NOW_MS);
    for (let sequence = 0; sequence < 40; sequence++) pool.add(spend(sequence, 10_000n));
    // Another branch, on which bob has only the little that carol's reward is worth.
    const little = payment(network, { from: alice, to: bob.address, sequence: 0, amount: 5_000n });
    const [c1] = maker.chain(maker.genesis, 1);
    if (c1 === undefined) throw new Error('a block');
    chain.addBlocks([c1, maker.block(c1, { transactions: [little] })], NOW_MS);
    journal.flush();
    expect(pool.count).toBeLessThan(5);
    for (const sequence of [0, 1]) pool.add(spend(sequence, 1n));
    expect(journal.pending).toBeLessThan(5);
  });

  it('takes back all that follow a payment, each with its own sequence', () => {
    for (let sequence = 0; sequence < 40; sequence++) pool.add(pay(sequence));
    journal.flush();
    // What is kept behind a gap is parked when it is read back.
    faulty.store.atomically(() => faulty.store.pool.remove(pay(5).id));
    restart();
    expect(pool.count).toBe(5);
    pool.add(pay(5));
    expect(pool.ids()).toEqual(Array.from({ length: 40 }, (_, sequence) => pay(sequence).id));
  });

  it('a flush that fails is made up for by the next', () => {
    pool.add(pay(0));
    pool.add(pay(1));
    faulty.arm(1);
    expect(() => journal.flush()).toThrow(SimulatedCrash);
    expect(kept()).toEqual([]);
    faulty.arm(Number.POSITIVE_INFINITY);
    journal.flush();
    expect(kept()).toEqual([pay(0).id, pay(1).id]);
  });

  it('has what a reorganisation brought back, though a removal was about to be written', () => {
    pool.add(pay(0));
    journal.flush();
    chain.addBlock(maker.block(maker.genesis, { transactions: [pay(0)] }), NOW_MS);
    // Not flushed: the journal still means to remove it.
    chain.addBlocks(maker.chain(maker.genesis, 2), NOW_MS);
    expect(pool.ids()).toEqual([pay(0).id]);
    journal.flush();
    restart();
    expect(pool.ids()).toEqual([pay(0).id]);
  });

  it('writes what somebody waits for without the rest', () => {
    pool.add(pay(0));
    pool.add(pay(1));
    pool.add(pay(2));
    journal.promise(pay(1).id);
    journal.promise(pay(2).id);
    expect(journal.promised).toBe(2);
    journal.flushPromised('bulk', 1);
    expect(kept()).toEqual([pay(1).id]);
    journal.flushPromised();
    expect(kept()).toEqual([pay(1).id, pay(2).id]);
    expect([journal.promised, journal.pending]).toEqual([0, 1]);
    journal.flush();
    expect(kept()).toHaveLength(3);
  });

  it('has what was promised though its predecessor was not kept', () => {
    pool.add(pay(0));
    pool.add(pay(1));
    journal.promise(pay(1).id);
    journal.flushPromised();
    restart();
    expect(pool.ids()).toEqual([]);
    pool.add(pay(0));
    expect(pool.ids()).toEqual([pay(0).id, pay(1).id]);
  });

  it('writes at most as much as it is told, the oldest first', () => {
    for (const sequence of [0, 1, 2]) pool.add(pay(sequence));
    journal.flush('bulk', 2);
    expect(kept()).toEqual([pay(0).id, pay(1).id]);
    expect(journal.pending).toBe(1);
  });
});
