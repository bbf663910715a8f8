/** A disk that fails at any statement: one clear line, no half of a step, and a consistent tip afterwards. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import { Mempool } from '../../src/chain/mempool.ts';
import { PoolJournal } from '../../src/chain/pool-journal.ts';
import type { CheckedBlock } from '../../src/chain/records.ts';
import { STEP_SIZES, type StepSizes } from '../../src/chain/step-sizes.ts';
import { StoreError } from '../../src/store/errors.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { SqliteStore } from '../../src/store/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { stateContents, TINY_STEPS } from '../support/chain-contents.ts';
import { type DiskFailure, type Failing, failingDisk } from '../support/failing-disk.ts';
import { BlockMaker, NOW_MS, payment, testKey, testNetwork } from '../support/ledger.ts';

const [alice, bob] = [testKey(1), testKey(2)];
const network = testNetwork({ allocations: [{ address: alice.publicKey, amount: 1_000_000n }] });
const pay = (sequence: number) => payment(network, { from: alice, to: bob.address, sequence });
const maker = new BlockMaker(network);
const a1 = maker.block(maker.genesis, { transactions: [pay(0)] });
const a2 = maker.block(a1, { transactions: [pay(1)] });
const b1 = maker.block(maker.genesis, { transactions: [pay(0)], miner: bob.address });
const b2 = maker.block(b1);
const b3 = maker.block(b2, { transactions: [pay(1)] });

const WORDS: Readonly<Record<DiskFailure, RegExp>> = {
  SQLITE_FULL: /no room is left on the disk: free some/,
  SQLITE_IOERR_WRITE: /the disk may be failing/,
  SQLITE_READONLY: /must exist and be writable/,
  SQLITE_CORRUPT: /damaged.*move its folder away/,
};

let folder: string;
let disk: Failing;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tallystick-failing-'));
  disk = failingDisk();
});

afterEach(() => {
  disk.restore();
  rmSync(folder, { recursive: true, force: true });
});

interface Life {
  readonly store: Store;
  readonly chain: Chain;
  readonly pool: Mempool;
  readonly journal: PoolJournal;
  /** Told of commits that everybody had seen and that could not be written. */
  readonly failures: unknown[];
}

function open(sizes = STEP_SIZES): Life {
  const failures: unknown[] = [];
  const store = SqliteStore.open({ folder, network, onFailure: (error) => failures.push(error) });
  const chain = Chain.open(network, store, sizes);
  const pool = new Mempool(chain);
  return { store, chain, pool, journal: PoolJournal.open(store, pool), failures };
}

/** What the step comes to on a disk that works. */
function outcome(before: readonly CheckedBlock[], step: Step, sizes: StepSizes): unknown {
  const store = new MemoryStore();
  const chain = Chain.open(network, store, sizes);
  const pool = new Mempool(chain);
  for (const block of before) chain.addBlock(block, NOW_MS);
  if (before.length > 1) pool.add(pay(2));
  step({ store, chain, pool, journal: PoolJournal.open(store, pool), failures: [] });
  return stateContents(chain, store);
}

function closeAnyway({ store }: Life): void {
  try {
    store.close();
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
  }
}

function said(work: () => unknown): Error | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return error;
  }
}

type Step = (life: Life) => unknown;
const steps: readonly [name: string, before: readonly CheckedBlock[], step: Step][] = [
  ['a block of our own', [a1], ({ chain }) => chain.addBlock(a2, NOW_MS)],
  [
    'blocks of peers',
    [a1],
    ({ chain, store }) => [chain.addBlock(a2, NOW_MS, 'bulk'), store.atomically(() => {})],
  ],
  ['a reorganisation', [a1, a2, b1, b2], ({ chain }) => chain.addBlock(b3, NOW_MS)],
  [
    'headers',
    [a1],
    ({ chain, store }) => [
      chain.addHeaders(
        [b1, b2].map(({ block }) => block.sealed),
        NOW_MS,
      ),
      store.atomically(() => {}),
    ],
  ],
  [
    'transactions',
    [a1, a2],
    ({ journal, pool }) => [pool.has(pay(3).id) || pool.add(pay(3)), journal.flush()],
  ],
];

/** Every code once, then the disk works again; and a disk that is gone. */
const cases = [
  { code: 'SQLITE_FULL', once: true, sizes: STEP_SIZES },
  { code: 'SQLITE_IOERR_WRITE', once: true, sizes: TINY_STEPS },
  { code: 'SQLITE_READONLY', once: true, sizes: STEP_SIZES },
  { code: 'SQLITE_CORRUPT', once: true, sizes: STEP_SIZES },
  { code: 'SQLITE_IOERR_WRITE', once: false, sizes: STEP_SIZES },
] as const;

describe.each(cases)('$code, once: $once', ({ code, once, sizes }) => {
  it.each(steps)(
    '%s',
    (_, before, step) => {
      const expected = outcome(before, step, sizes);
      for (let after = 0; after < 500; after++) {
        rmSync(folder, { recursive: true, force: true });
        const life = open(sizes);
        for (const block of before) life.chain.addBlock(block, NOW_MS);
        if (before.length > 1) {
          life.pool.add(pay(2));
          life.journal.flush();
        }
        const tips = [life.chain.tip.id];
        disk.fail(code, after, once);
        const error = said(() => step(life));
        const isOver = error === undefined && disk.told <= after;
        disk.mend();
        if (error !== undefined) {
          expect(error).toBeInstanceOf(StoreError);
          expect(error.message).toMatch(life.failures.length > 0 ? /./ : WORDS[code]);
          expect(error.message).not.toMatch(/\n/);
        }
        closeAnyway(life);

        const next = open(sizes);
        // Nothing acknowledged is lost.
        if (before.length > 1)
          expect(next.pool.has(pay(2).id) || next.chain.transaction(pay(2).id)).toBeTruthy();
        // Either nothing of the step, or all of it that was acknowledged.
        if (error === undefined) tips.splice(0, 1, life.chain.tip.id);
        else tips.push(life.chain.tip.id);
        expect(tips).toContain(next.chain.tip.id);
        step(next);
        expect(stateContents(next.chain, next.store)).toEqual(expected);
        closeAnyway(next);
        if (isOver) return;
      }
      expect.unreachable('the step never ends');
    },
    120_000,
  );
});

it('is told by the chain until a write goes well again', () => {
  const { chain, store } = open();
  expect(chain.storeFailure).toBeUndefined();
  disk.fail('SQLITE_FULL', 0, true);
  expect(() => chain.addBlock(a1, NOW_MS)).toThrow(StoreError);
  expect(chain.storeFailure).toMatchObject({ failure: 'full' });
  disk.mend();
  chain.addBlock(a1, NOW_MS);
  expect(chain.storeFailure).toBeUndefined();
  store.close();
});
