/** A crash at any write: what opens afterwards is what was there before, and goes on as if nothing had been. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import { Mempool } from '../../src/chain/mempool.ts';
import { PoolJournal } from '../../src/chain/pool-journal.ts';
import type { CheckedBlock } from '../../src/chain/records.ts';
import { STEP_SIZES, type StepSizes } from '../../src/chain/step-sizes.ts';
import { RuleError } from '../../src/core/errors.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { SqliteStore } from '../../src/store/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { stateContents, TINY_STEPS } from '../support/chain-contents.ts';
import { faultyStore, SimulatedCrash } from '../support/faulty-store.ts';
import { BlockMaker, NOW_MS, payment, testKey, testNetwork } from '../support/ledger.ts';

const alice = testKey(1);
const bob = testKey(2);
const network = testNetwork({ allocations: [{ address: alice.publicKey, amount: 1_000_000n }] });
const pay = (sequence: number) => payment(network, { from: alice, to: bob.address, sequence });

const maker = new BlockMaker(network);
const a1 = maker.block(maker.genesis, { transactions: [pay(0), pay(1)], miner: bob.address });
const a2 = maker.block(a1, { transactions: [pay(2)] });
const b1 = maker.block(maker.genesis, { transactions: [pay(0)] });
const b2 = maker.block(b1, { miner: bob.address });
const b3 = maker.block(b2, { transactions: [pay(1)] });
const bad = maker.block(b1, { transactions: [pay(9)] });
const bad2 = maker.block(bad);

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A store that survives its process: `reopen` is what the next one finds. */
interface Disk {
  open(): Store;
  close(): void;
}

function memoryDisk(): Disk {
  const store = new MemoryStore();
  return { open: () => store, close: () => {} };
}

function sqliteDisk(): Disk {
  const folder = mkdtempSync(join(tmpdir(), 'tallystick-crash-'));
  folders.push(folder);
  let store: SqliteStore | undefined;
  return {
    open: () => {
      store = SqliteStore.open({ folder, network });
      return store;
    },
    close: () => store?.close(),
  };
}

type Step = (chain: Chain) => unknown;
const scenarios: [string, CheckedBlock[], Step][] = [
  ['a block that extends the tip', [a1], (chain) => chain.addBlock(a2, NOW_MS)],
  ['a block on a side branch', [a1], (chain) => chain.addBlock(b1, NOW_MS)],
  ['a reorganisation', [a1, a2, b1, b2], (chain) => chain.addBlock(b3, NOW_MS)],
  ['several blocks at once', [], (chain) => chain.addBlocks([b1, b2, b3], NOW_MS)],
  [
    'headers',
    [a1],
    (chain) =>
      chain.addHeaders(
        [b1, b2, b3].map(({ block }) => block.sealed),
        NOW_MS,
      ),
  ],
  [
    'a heavier branch that is invalid',
    [a1, a2, b1, bad],
    (chain) => {
      try {
        chain.addBlock(bad2, NOW_MS);
      } catch (error) {
        if (!(error instanceof RuleError)) throw error;
      }
    },
  ],
];

describe.each([
  ['on a MemoryStore', memoryDisk, STEP_SIZES],
  ['on a SqliteStore', sqliteDisk, STEP_SIZES],
  ['in small steps on a MemoryStore', memoryDisk, TINY_STEPS],
  ['in small steps on a SqliteStore', sqliteDisk, TINY_STEPS],
] as const)('%s, a crash during', (_, makeDisk, sizes) => {
  it.each(scenarios)('%s', (__, before, step) => {
    const expected = outcome(before, step, sizes);
    const writes = expected.writes;
    expect(writes).toBeGreaterThan(0);
    for (let crashAt = 0; crashAt < writes; crashAt++) {
      const disk = makeDisk();
      const faulty = faultyStore(disk.open());
      const chain = Chain.open(network, faulty.store, sizes);
      for (const block of before) chain.addBlock(block, NOW_MS);
      // Either as before or, if the tip had moved already, as afterwards.
      const tipBefore = chain.tip.id;
      const unmoved = stateContents(chain, faulty.store);
      const contentsAt = (tip: string) => (tip === tipBefore ? unmoved : expected.contents);
      faulty.arm(crashAt);
      expect(() => step(chain)).toThrow(SimulatedCrash);
      faulty.arm(Number.POSITIVE_INFINITY);
      // The process that goes on after a failed write sees no half of it either.
      expect(stateContents(chain, faulty.store)).toEqual(contentsAt(chain.tip.id));
      disk.close();

      const reopenedStore = disk.open();
      const reopened = Chain.open(network, reopenedStore, sizes);
      expect(stateContents(reopened, reopenedStore)).toEqual(contentsAt(chain.tip.id));
      step(reopened);
      expect(stateContents(reopened, reopenedStore)).toEqual(expected.contents);
      expect(reopened.bestHeader.id).toBe(expected.best);
      disk.close();
    }
  });

  it('the first opening', () => {
    for (let crashAt = 0; crashAt < 4; crashAt++) {
      const disk = makeDisk();
      const faulty = faultyStore(disk.open());
      faulty.arm(crashAt);
      expect(() => Chain.open(network, faulty.store)).toThrow(SimulatedCrash);
      disk.close();
      expect(Chain.open(network, disk.open()).tip.id).toBe(network.genesisId);
      disk.close();
    }
  });
});

/** What the step leads to when nothing fails. */
function outcome(
  before: CheckedBlock[],
  step: Step,
  sizes: StepSizes,
): { contents: unknown; best: string; writes: number } {
  const faulty = faultyStore(new MemoryStore());
  const chain = Chain.open(network, faulty.store, sizes);
  for (const block of before) chain.addBlock(block, NOW_MS);
  faulty.arm(Number.POSITIVE_INFINITY);
  step(chain);
  return { contents: stateContents(chain, faulty.store), best: chain.bestHeader.id, writes: faulty.writes() };
}

describe('an acknowledged transaction', () => {
  it.each([
    ['', STEP_SIZES],
    [' in small steps', TINY_STEPS],
  ])(
    'is in the pool or on the chain after a crash at any write of a reorganisation%s and of what follows',
    (_, sizes) => {
      const run = (crashAt: number): { crashed: boolean; store: Store } => {
        const inner = new MemoryStore();
        const faulty = faultyStore(inner);
        const chain = Chain.open(network, faulty.store, sizes);
        const pool = new Mempool(chain);
        const journal = PoolJournal.open(faulty.store, pool);
        for (const sequence of [0, 1, 2, 3]) pool.add(pay(sequence));
        journal.flush();
        faulty.arm(crashAt);
        try {
          for (const block of [a1, a2, b1, b2, b3]) {
            chain.addBlock(block, NOW_MS);
            journal.flush();
          }
          return { crashed: false, store: inner };
        } catch (error) {
          if (!(error instanceof SimulatedCrash)) throw error;
          return { crashed: true, store: inner };
        }
      };
      let crashAt = 0;
      for (; crashAt < 500; crashAt++) {
        const { crashed, store } = run(crashAt);
        const chain = Chain.open(network, store, sizes);
        const pool = new Mempool(chain);
        PoolJournal.open(store, pool).flush();
        for (const sequence of [0, 1, 2, 3]) {
          const { id } = pay(sequence);
          const place = pool.has(id) ? 'pool' : chain.transaction(id) ? 'chain' : 'lost';
          expect([crashAt, sequence, place]).not.toContain('lost');
          expect([crashAt, sequence, pool.has(id) && chain.transaction(id) !== undefined]).not.toContain(
            true,
          );
        }
        if (!crashed) break;
      }
      expect(crashAt).toBeGreaterThan(10);
    },
  );
});
