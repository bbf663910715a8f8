import { beforeEach, describe, expect, it } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import { Mempool } from '../../src/chain/mempool.ts';
import { PoolJournal } from '../../src/chain/pool-journal.ts';
import type { TransactionId } from '../../src/core/identifiers.ts';
import { PoolKeeping } from '../../src/node/pool-keeping.ts';
import { OperationError } from '../../src/node/ports.ts';
import { Turns } from '../../src/node/turns.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { faultyStore } from '../support/faulty-store.ts';
import { BlockMaker, NOW_MS, payment, testKey, testNetwork } from '../support/ledger.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const alice = testKey(1);
const network = testNetwork({ allocations: [{ address: alice.publicKey, amount: 10n ** 9n }] });
const pay = (sequence: number) => payment(network, { from: alice, to: testKey(2).address, sequence });

let clock: VirtualClock;
let faulty: ReturnType<typeof faultyStore>;
let chain: Chain;
let pool: Mempool;
let keeping: PoolKeeping;
let failures: unknown[];
/** Waits for the disk that have begun; each ends when its turn comes here. */
let waits: PromiseWithResolvers<void>[];

beforeEach(() => {
  clock = new VirtualClock();
  faulty = faultyStore(new MemoryStore());
  waits = [];
  failures = [];
  const store = {
    ...faulty.store,
    synced: () => {
      const wait = Promise.withResolvers<void>();
      waits.push(wait);
      return wait.promise;
    },
  };
  chain = Chain.open(network, store);
  pool = new Mempool(chain);
  keeping = new PoolKeeping({
    clock,
    journal: PoolJournal.open(store, pool),
    turns: new Turns((call) => clock.after(0, call)),
    background: (work) => void work.catch((error: unknown) => failures.push(error)),
  });
});

function admit(sequence: number): TransactionId {
  pool.add(pay(sequence));
  return pay(sequence).id;
}

const written = (): TransactionId[] => faulty.store.pool.all().map(({ id }) => id);

/** @returns what says whether it has resolved */
function watch(kept: Promise<void>): () => boolean {
  let isKept = false;
  kept.then(
    () => {
      isKept = true;
    },
    () => {},
  );
  return () => isKept;
}

describe('what somebody waits for', () => {
  it('is refused, and the store left alone, once the node has stopped: it is closed then', async () => {
    const kept = keeping.kept([admit(0)]);
    keeping.close();
    const refused = expect(kept).rejects.toThrow(/stopping/);
    await clock.advance(0);
    await refused;
    expect([written(), waits, failures]).toEqual([[], [], []]);
    await expect(Promise.all([keeping.kept([admit(1)]), clock.advance(0)])).rejects.toThrow(OperationError);
  });

  it('is kept once it is written and the disk has it, and not before', async () => {
    const isKept = watch(keeping.kept([admit(0)]));
    await clock.advance(1_000);
    expect(written()).toEqual([pay(0).id]);
    expect(isKept()).toBe(false);
    waits[0]?.resolve();
    await clock.advance(0);
    expect(isKept()).toBe(true);
  });

  it('shares a wait with what comes in the same moment', async () => {
    const all = [0, 1, 2].map((sequence) => watch(keeping.kept([admit(sequence)])));
    await clock.advance(1);
    expect(waits).toHaveLength(1);
    waits[0]?.resolve();
    await clock.advance(0);
    expect(all.map((isKept) => isKept())).toEqual([true, true, true]);
  });

  it('shares the next wait if one is under way, which may have begun too early', async () => {
    keeping.kept([admit(0)]);
    await clock.advance(1);
    const later = [1, 2].map((sequence) => watch(keeping.kept([admit(sequence)])));
    await clock.advance(1_000);
    expect(waits).toHaveLength(1);
    waits[0]?.resolve();
    await clock.advance(1);
    expect(later.map((isKept) => isKept())).toEqual([false, false]);
    expect(waits).toHaveLength(2);
    waits[1]?.resolve();
    await clock.advance(0);
    expect(later.map((isKept) => isKept())).toEqual([true, true]);
  });

  it('is all written, however much it is', async () => {
    const ids = Array.from({ length: 1_000 }, (_, sequence) => admit(sequence));
    keeping.kept(ids);
    await clock.advance(1);
    expect(written()).toHaveLength(1_000);
    expect(waits).toHaveLength(1);
  });

  it('is not kept if the disk fails, and everybody hears of it', async () => {
    const kept = keeping.kept([admit(0)]);
    await clock.advance(1);
    waits[0]?.reject(new Error('no disk'));
    await expect(kept).rejects.toThrow('no disk');
    expect(failures).toHaveLength(1);
  });

  it('is written without what nobody waits for', async () => {
    admit(0);
    keeping.later();
    keeping.kept([admit(1)]);
    await clock.advance(1);
    expect(written()).toEqual([pay(1).id]);
  });
});

describe('what nobody waits for', () => {
  it('is written some seconds later', async () => {
    admit(0);
    keeping.later();
    await clock.advance(4_999);
    expect(written()).toEqual([]);
    await clock.advance(1);
    expect(written()).toEqual([pay(0).id]);
    expect(waits).toEqual([]);
  });

  it('is never written if it is confirmed by then', async () => {
    admit(0);
    keeping.later();
    const maker = new BlockMaker(network);
    chain.addBlock(maker.block(maker.genesis, { transactions: [pay(0)] }), NOW_MS);
    faulty.arm(Number.POSITIVE_INFINITY);
    await clock.advance(10_000);
    expect(written()).toEqual([]);
  });

  it('is not written after the end', async () => {
    admit(0);
    keeping.later();
    keeping.stop();
    await clock.advance(60_000);
    expect(written()).toEqual([]);
  });
});
