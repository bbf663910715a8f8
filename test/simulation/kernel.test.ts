/** What simulations stand on: time, chance, lines, miners, disks. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headerRoot } from '../../src/core/hashing.ts';
import { bytesToBigInt } from '../../src/core/hex.ts';
import { latencyModel } from '../../src/simulation/latency.ts';
import { createSite, Lines, PROCESSING_MS } from '../../src/simulation/lines.ts';
import { SeededRandom } from '../../src/simulation/random.ts';
import { Scheduler } from '../../src/simulation/scheduler.ts';
import { formatEntry, Trace, type TraceEntry } from '../../src/simulation/trace.ts';
import { VirtualClock } from '../../src/simulation/virtual-clock.ts';
import { findNonce, VirtualMiner } from '../../src/simulation/virtual-miner.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { testNetwork } from '../support/ledger.ts';

describe('virtual time', () => {
  it('brings everything about in the order of its time, and of its coming where times are equal', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(50), { maxLength: 60 }), async (delays) => {
        const scheduler = new Scheduler(1_000);
        const happened: [number, number][] = [];
        for (const [index, delay] of delays.entries()) {
          scheduler.after(delay, () => happened.push([scheduler.nowMs - 1_000, index]));
        }
        await scheduler.run(2_000);
        const expected = delays
          .map((delay, index): [number, number] => [delay, index])
          .sort(([a, i], [b, j]) => a - b || i - j);
        expect(happened).toEqual(expected);
        expect(scheduler.nowMs).toBe(2_000);
      }),
      { numRuns: 50 },
    );
  });

  it('lets every promise go on before anything else happens', async () => {
    const scheduler = new Scheduler(0);
    const order: string[] = [];
    scheduler.after(1, () => {
      (async () => {
        for (let i = 0; i < 50; i++) await undefined;
        order.push('promise');
      })();
    });
    scheduler.after(1, () => order.push('next'));
    await scheduler.run(10);
    expect(order).toEqual(['promise', 'next']);
  });

  it('leaves out what was cancelled, stops where it is told to, and passes on what is thrown', async () => {
    const scheduler = new Scheduler(0);
    const happened: number[] = [];
    for (const at of [1, 2, 3, 4]) scheduler.after(at, () => happened.push(at));
    scheduler.after(2, () => happened.push(99)).cancelled = true;
    await scheduler.run(10, () => happened.length === 3);
    expect([happened, scheduler.nowMs]).toEqual([[1, 2, 3], 3]);
    scheduler.after(5, () => {
      throw new Error('a bug');
    });
    await expect(scheduler.run(20)).rejects.toThrow('a bug');
  });

  it('is off on a machine whose clock is off, and ends for a process that died', async () => {
    const scheduler = new Scheduler(1_000.5);
    const clock = new VirtualClock(scheduler, () => 60_000);
    let rang = 0;
    clock.after(10, () => rang++);
    expect(clock.now()).toBe(61_000);
    await scheduler.run(1_100);
    clock.after(10, () => rang++);
    clock.end();
    await scheduler.run(1_200);
    expect(rang).toBe(1);
  });
});

describe('chance', () => {
  it('gives the same numbers for the same seed and purpose, and others for others', () => {
    const draw = (random: SeededRandom): number[] => Array.from({ length: 4 }, () => random.uint32());
    expect(draw(new SeededRandom('7'))).toEqual(draw(new SeededRandom('7')));
    expect(draw(new SeededRandom('7'))).not.toEqual(draw(new SeededRandom('8')));
    const used = new SeededRandom('7');
    draw(used);
    expect(draw(used.for('a'))).toEqual(draw(new SeededRandom('7').for('a')));
    expect(draw(used.for('a'))).not.toEqual(draw(used.for('b')));
  });

  it('is even, and exponential where it should be', () => {
    const random = new SeededRandom('even');
    const draws = Array.from({ length: 50_000 }, () => random.next());
    for (let part = 0; part < 10; part++) {
      const share = draws.filter((draw) => Math.floor(10 * draw) === part).length / draws.length;
      expect(Math.abs(share - 0.1)).toBeLessThan(0.01);
    }
    const waits = Array.from({ length: 50_000 }, () => random.exponential(100));
    expect(waits.reduce((sum, wait) => sum + wait) / waits.length).toBeCloseTo(100, -1);
    expect(waits.filter((wait) => wait > 100).length / waits.length).toBeCloseTo(Math.exp(-1), 1);
  });

  it('samples without repeating', () => {
    const taken = new SeededRandom('s').sample([1, 2, 3, 4, 5], 3);
    expect(new Set(taken).size).toBe(3);
    expect(new SeededRandom('s').sample([1, 2], 5).toSorted()).toEqual([1, 2]);
  });
});

describe('lines', () => {
  const lines = (): Lines => new Lines(() => 40, new SeededRandom('lines'));
  const [a, b] = [createSite(0), createSite(1)];

  it('take their latency, and more for a slow machine', () => {
    expect(lines().send(a, b, 1_000, 0)).toBe(40 + PROCESSING_MS);
    const slow = { ...createSite(2), slownessMs: 500 };
    expect(lines().send(a, slow, 1_000, 0)).toBe(540 + PROCESSING_MS);
  });

  it('send one message after the other where bandwidth is short', () => {
    const narrow = createSite(3, 10); // bytes a millisecond
    const network = lines();
    expect(network.send(narrow, b, 1_000, 0)).toBeCloseTo(100 + 40 + PROCESSING_MS);
    expect(network.send(narrow, b, 1_000, 0)).toBeCloseTo(200 + 40 + PROCESSING_MS);
    expect(network.send(narrow, b, 1_000, 150)).toBeCloseTo(150 + 40 + PROCESSING_MS);
  });

  it('lose, repeat and hold back as often as they are told to, and no longer', () => {
    const network = lines();
    const end = network.disturb({ loss: 0.2, duplication: 0.3, reordering: 0.1 });
    const sent = Array.from({ length: 10_000 }, () => network.send(a, b, 1, 0));
    const arrived = sent.filter((delay) => delay !== undefined);
    expect(arrived.length / sent.length).toBeCloseTo(0.8, 1);
    expect(arrived.filter((delay) => delay > 42).length / arrived.length).toBeCloseTo(0.1, 1);
    expect(Array.from({ length: 10_000 }, () => network.duplicates()).filter(Boolean).length).toBeGreaterThan(
      2_700,
    );
    end();
    expect(Array.from({ length: 100 }, () => network.send(a, b, 1, 0))).not.toContain(undefined);
  });

  it('are cut one way or both, and each cut heals by itself', () => {
    const network = lines();
    const healOneWay = network.cut((from) => from !== 0);
    expect([network.reaches(a, b), network.reaches(b, a)]).toEqual([false, true]);
    const healBoth = network.cut(() => false);
    healOneWay();
    expect([network.reaches(a, b), network.reaches(b, a)]).toEqual([false, false]);
    healBoth();
    expect(network.reaches(a, b)).toBe(true);
  });
});

describe('distances', () => {
  it('are the same both ways and every time', () => {
    for (const name of ['lan', 'planet', '30']) {
      const [model, again] = [latencyModel(name, 's'), latencyModel(name, 's')];
      for (let i = 0; i < 20; i++) {
        expect(model(i, i + 1)).toBe(model(i + 1, i));
        expect(model(i, i + 1)).toBe(again(i, i + 1));
      }
    }
    expect(latencyModel('30', 's')(1, 2)).toBe(30);
  });

  it('on a LAN are below a millisecond, over the planet as its regions are apart', () => {
    const [near, far] = [latencyModel('lan', 's'), latencyModel('planet', 's')];
    const pairs = Array.from({ length: 300 }, (_, i) => [i, (7 * i + 1) % 300] as const);
    expect(Math.max(...pairs.map(([i, j]) => near(i, j)))).toBeLessThan(1);
    const planet = pairs.map(([i, j]) => far(i, j));
    expect(Math.min(...planet)).toBe(11);
    expect(Math.max(...planet)).toBeGreaterThan(180);
  });

  it.each(['', 'moon', '-1', '70000'])('"%s" is none', (name) => {
    expect(() => latencyModel(name, 's')).toThrow(/latency: lan, planet or 0 to 60000 ms/);
  });
});

describe('a virtual miner', () => {
  const header = testNetwork().genesis.sealed.header;
  const target = 2n ** 252n - 1n; // sixteen hashes

  it('finds a real nonce after a time that its hash power makes, on average', async () => {
    const scheduler = new Scheduler(0);
    const miner = new VirtualMiner(new VirtualClock(scheduler), new SeededRandom('m'), () => 0.016);
    let total = 0;
    for (let i = 0; i < 400; i++) {
      const beganMs = scheduler.nowMs;
      let nonce: Uint8Array | undefined;
      miner.search({ headerRoot: headerRoot(header), target }, new AbortController().signal).then((found) => {
        nonce = found;
      });
      await scheduler.run(beganMs + 1e9, () => nonce !== undefined);
      total += scheduler.nowMs - beganMs;
    }
    expect(total / 400).toBeGreaterThan(850);
    expect(total / 400).toBeLessThan(1_150);
  });

  it('gives up when it is told to, and never finds anything without power', async () => {
    const scheduler = new Scheduler(0);
    const miner = new VirtualMiner(new VirtualClock(scheduler), new SeededRandom('m'), () => 0);
    const abort = new AbortController();
    const found = miner.search({ headerRoot: headerRoot(header), target }, abort.signal);
    await scheduler.run(1e9);
    abort.abort();
    expect(await found).toBeUndefined();
  });

  it('counts on until the proof of work holds', () => {
    const nonce = findNonce(headerRoot(header), target, new Uint8Array(32));
    expect(bytesToBigInt(nonce)).toBeGreaterThan(0n);
  });
});

describe('a power cut', () => {
  const write = (store: MemoryStore, address: string, durability: 'full' | 'bulk'): void =>
    store.atomically(() => store.peers.put({ address, lastSeenMs: 1 }), durability);
  const kept = (store: MemoryStore): string[] => store.peers.all().map(({ address }) => address);

  it('takes the last commits that need not be safe, never one that must be, never half of one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('full' as const, 'bulk' as const), { maxLength: 30 }),
        fc.nat(40),
        (durabilities, count) => {
          const store = new MemoryStore({ maxUnsynced: 32 });
          durabilities.forEach((durability, i) => {
            write(store, `peer-${String(i).padStart(2, '0')}`, durability);
          });
          const unsafe = durabilities.length - 1 - durabilities.lastIndexOf('full');
          const lost = store.loseUnsynced(count);
          expect(lost).toBe(Math.min(unsafe, count));
          expect(kept(store)).toHaveLength(durabilities.length - lost);
        },
      ),
    );
  });

  it('takes nothing where nothing is remembered', () => {
    const store = new MemoryStore();
    write(store, 'a', 'bulk');
    expect([store.loseUnsynced(9), kept(store)]).toEqual([0, ['a']]);
  });
});

describe('a trace', () => {
  const traced = (entries: number): Trace => {
    const trace = new Trace();
    for (let i = 0; i < entries; i++) trace.add(i, 'gossip', i % 7, -1, i);
    return trace;
  };

  it('has a digest that depends on every entry', () => {
    expect(traced(5_000).digest()).toBe(traced(5_000).digest());
    expect(traced(5_000).digest()).not.toBe(traced(4_999).digest());
    const other = traced(4_999);
    other.add(4_999, 'request', 4_999 % 7, -1, 4_999);
    expect(other.digest()).not.toBe(traced(5_000).digest());
  });

  it('can be read along, a line an entry', () => {
    const trace = new Trace();
    const entries: TraceEntry[] = [];
    trace.listener = (entry) => entries.push(entry);
    trace.add(1_234.5, 'mined', 3, -1, 42);
    expect(entries.map(formatEntry)).toEqual(['        1       1.2345 n3     mined               -      42']);
  });
});
