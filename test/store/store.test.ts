/** What every store must do. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeTransactions } from '../../src/core/encoding.ts';
import { InvariantError } from '../../src/core/errors.ts';
import { type Address, type BlockId, idFromBytes, type TransactionId } from '../../src/core/identifiers.ts';
import { EMPTY_ACCOUNT } from '../../src/core/state.ts';
import { MAX_UINT63 } from '../../src/core/types.ts';
import type { BlockRecord, BlockStatus } from '../../src/store/block-record.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { SqliteStore } from '../../src/store/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { payment, testKey, testNetwork } from '../support/ledger.ts';

const network = testNetwork();
const alice = testKey(1);
const bob = testKey(2);

function id<T extends BlockId | TransactionId | Address>(number: number): T {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, number);
  return idFromBytes(bytes) as T;
}

function record(number: number, parent: number, work: bigint, status: BlockStatus = 'header'): BlockRecord {
  const height = parent < 0 ? 0 : parent + 1;
  return { number, id: id(number + 1), parent, height, work, sealed: network.genesis.sealed, status };
}

interface Opened {
  readonly store: Store;
  /** The same store after a restart. */
  reopen(): Store;
}

const folders: string[] = [];

const implementations: [string, () => Opened][] = [
  [
    'MemoryStore',
    () => {
      const store = new MemoryStore();
      return { store, reopen: () => store };
    },
  ],
  [
    'SqliteStore',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'tallystick-store-'));
      folders.push(folder);
      const store = SqliteStore.open({ folder, network });
      let current = store;
      return {
        store,
        reopen: () => {
          current.close();
          current = SqliteStore.open({ folder, network });
          return current;
        },
      };
    },
  ],
];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

describe.each(implementations)('%s', (_, open) => {
  let opened: Opened;
  let store: Store;

  beforeEach(() => {
    opened = open();
    store = opened.store;
  });

  /** Checks now and after a restart. */
  function alsoAfterRestart(check: (store: Store) => void): void {
    check(store);
    check(opened.reopen());
  }

  describe('atomically', () => {
    it('returns what the writes return', () => {
      expect(store.atomically(() => 7)).toBe(7);
    });

    it.each(['full', 'bulk'] as const)('keeps the writes of a %s commit', (durability) => {
      store.atomically(() => store.peers.put({ address: '/a', lastSeenMs: 1 }), durability);
      alsoAfterRestart((kept) => expect(kept.peers.all()).toHaveLength(1));
    });

    it('what it commits is safe once it is synced, `bulk` commits too', async () => {
      store.atomically(() => store.peers.put({ address: '/a', lastSeenMs: 1 }), 'bulk');
      await store.synced();
      await store.synced();
      alsoAfterRestart((kept) => expect(kept.peers.all()).toHaveLength(1));
    });

    it('takes everything back if the writes throw, whatever the tables hold in memory', () => {
      const paid = payment(network, { from: alice, to: bob.address, sequence: 0 });
      store.atomically(() => {
        store.blocks.insert(record(0, -1, 1n, 'body'), 0);
        store.bodies.insert(0, []);
        store.mainChain.append(0, 0);
        store.accounts.set(alice.address, { balance: 5n, sequence: 1n });
        store.history.add(alice.address, { block: 0, index: 0 });
        store.staged.put(alice.address, { balance: 3n, sequence: 0n });
        store.pool.put(paid.id, paid.signed);
        store.peers.put({ address: '/a', lastSeenMs: 1 });
      });
      const failure = new Error('on purpose');
      const before = JSON.stringify(contents(store), printable);
      expect(() =>
        store.atomically(() => {
          store.blocks.setStatus(0, 'invalid');
          store.blocks.insert(record(1, 0, 9n), 0);
          store.bodies.remove(0);
          store.bodies.insert(1, [paid.signed]);
          store.undo.put(1, new Map([[alice.address, EMPTY_ACCOUNT]]));
          store.mainChain.append(1, 1);
          store.mainChain.truncate(-1);
          store.accounts.set(alice.address, EMPTY_ACCOUNT);
          store.accounts.set(bob.address, { balance: 1n, sequence: 0n });
          store.staged.put(alice.address, EMPTY_ACCOUNT);
          store.staged.put(bob.address, { balance: 4n, sequence: 0n });
          store.staged.setCounts(true);
          store.staged.removeTo(alice.address);
          store.transactions.add(paid.id, { block: 1, index: 0 });
          store.history.add(alice.address, { block: 1, index: 0 });
          store.pool.remove(paid.id);
          store.peers.put({ address: '/a', lastSeenMs: 2 });
          store.peers.put({ address: '/b', lastSeenMs: 2 });
          expect(store.blocks.count()).toBe(2);
          throw failure;
        }),
      ).toThrow(failure);
      alsoAfterRestart((kept) => expect(JSON.stringify(contents(kept), printable)).toBe(before));
    });

    it('does not nest', () => {
      expect(() => store.atomically(() => store.atomically(() => 1))).toThrow(InvariantError);
      expect(store.atomically(() => 2)).toBe(2);
    });

    it('is the only way to write', () => {
      expect(() => store.peers.put({ address: '/a', lastSeenMs: 1 })).toThrow(InvariantError);
      expect(() => store.accounts.set(alice.address, { balance: 1n, sequence: 0n })).toThrow(InvariantError);
    });
  });

  function contents(kept: Store): unknown {
    return {
      count: kept.blocks.count(),
      blocks: [kept.blocks.get(0), kept.blocks.get(1), kept.blocks.find(id(1)), kept.blocks.find(id(2))],
      best: kept.blocks.best(),
      bodies: [kept.bodies.get(0), kept.bodies.get(1)],
      undo: kept.undo.get(1) === undefined,
      chain: [kept.mainChain.tip(), kept.mainChain.from(0, 9)],
      accounts: kept.accounts.page(undefined, 9),
      hot: [kept.accounts.get(alice.address), kept.accounts.get(bob.address)],
      staged: [kept.staged.counts(), kept.staged.first(9), kept.staged.get(bob.address)],
      history: kept.history.find(alice.address, 9),
      pool: kept.pool.all(),
      peers: kept.peers.all(),
    };
  }

  function printable(_: string, value: unknown): unknown {
    return typeof value === 'bigint' ? `${value}n` : value instanceof Uint8Array ? [...value] : value;
  }

  describe('blocks', () => {
    // 0 ─ 1 ─ 2 ─ 4
    //      └─ 3
    beforeEach(() => {
      store.atomically(() => {
        store.blocks.insert(record(0, -1, 1n, 'body'), 0);
        store.blocks.insert(record(1, 0, 2n, 'body'), 0);
        store.blocks.insert(record(2, 1, 2n ** 200n), 1);
        store.blocks.insert(record(3, 1, 2n ** 200n), 1);
        store.blocks.insert(record(4, 2, 2n ** 200n + 1n), 0);
      });
    });

    it('come back as they were', () => {
      alsoAfterRestart((kept) => {
        expect(kept.blocks.get(2)).toEqual(record(2, 1, 2n ** 200n));
        expect(kept.blocks.find(id(3))).toEqual(record(2, 1, 2n ** 200n));
        expect(kept.blocks.link(4)).toEqual({ number: 4, parent: 2, jump: 0, height: 3, status: 'header' });
        expect(kept.blocks.count()).toBe(5);
      });
    });

    it('unknown ones are undefined', () => {
      expect(store.blocks.get(5)).toBeUndefined();
      expect(store.blocks.find(id(99))).toBeUndefined();
      expect(store.blocks.link(5)).toBeUndefined();
    });

    it('change their status', () => {
      store.blocks.find(id(3));
      store.atomically(() => store.blocks.setStatus(2, 'body'));
      alsoAfterRestart((kept) => {
        expect(kept.blocks.get(2)?.status).toBe('body');
        expect(kept.blocks.find(id(3))?.status).toBe('body');
        expect(kept.blocks.link(2)?.status).toBe('body');
      });
    });

    it('know all that descend from them', () => {
      expect(store.blocks.descendants(1)).toEqual([2, 3, 4]);
      expect(store.blocks.descendants(2)).toEqual([4]);
      expect(store.blocks.descendants(4)).toEqual([]);
    });

    it('are found by height, also those that came long after their neighbours; no more than asked for', () => {
      store.atomically(() => {
        for (let number = 5; number < 300; number++) store.blocks.insert(record(number, number - 1, 1n), 0);
        store.blocks.insert({ ...record(300, 1, 1n), height: 2 }, 1);
      });
      alsoAfterRestart((kept) => {
        expect(kept.blocks.atHeight(2, 9)).toEqual([2, 3, 300]);
        expect(kept.blocks.atHeight(2, 2)).toEqual([2, 3]);
        expect(kept.blocks.atHeight(0, 9)).toEqual([0]);
        expect(kept.blocks.atHeight(1_000, 9)).toEqual([]);
      });
    });

    it('of more of one height than asked for, those with the lowest parents are found', () => {
      store.atomically(() => store.blocks.insert({ ...record(5, 3, 1n), height: 3 }, 1));
      store.atomically(() => store.blocks.insert({ ...record(6, 2, 1n), height: 3 }, 1));
      alsoAfterRestart((kept) => {
        expect(kept.blocks.atHeight(3, 9)).toEqual([4, 6, 5]);
        expect(kept.blocks.atHeight(3, 2)).toEqual([4, 6]);
      });
    });

    it('know their first child', () => {
      alsoAfterRestart((kept) => {
        expect(kept.blocks.firstChild(0)).toBe(1);
        expect(kept.blocks.firstChild(1)).toBe(2);
        expect(kept.blocks.firstChild(3)).toBeUndefined();
        expect(kept.blocks.firstChild(4)).toBeUndefined();
        expect(kept.blocks.firstChild(99)).toBeUndefined();
      });
    });

    it('the best has the most work, came first, and is not invalid', () => {
      expect(store.blocks.best()?.number).toBe(4);
      store.atomically(() => store.blocks.setStatus(4, 'invalid'));
      alsoAfterRestart((kept) => expect(kept.blocks.best()?.number).toBe(2));
    });

    it('change their status wherever they are held', () => {
      store.atomically(() => {
        // Asked for by id all the time, while by number it is long forgotten.
        for (let number = 5; number < 2_200; number++) {
          store.blocks.insert(record(number, number - 1, 1n), 0);
          store.blocks.find(id(1));
        }
        store.blocks.setStatus(0, 'invalid');
      });
      expect(store.blocks.find(id(1))?.status).toBe('invalid');
      expect(store.blocks.get(0)?.status).toBe('invalid');
    });

    it('stay findable when there are more than are held in memory', () => {
      store.atomically(() => {
        for (let number = 5; number < 5_000; number++) store.blocks.insert(record(number, number - 1, 1n), 0);
        store.blocks.setStatus(5, 'body');
      });
      expect(store.blocks.get(5)?.status).toBe('body');
      expect(store.blocks.find(id(6))?.status).toBe('body');
      expect(store.blocks.link(6)).toMatchObject({ parent: 5, status: 'header' });
      expect(store.blocks.get(4_999)?.parent).toBe(4_998);
    });
  });

  describe('bodies', () => {
    const paid = [0, 1, 2].map((sequence) =>
      payment(network, { from: alice, to: bob.address, sequence, data: new Uint8Array(sequence * 10) }),
    );
    const body = paid.map(({ signed }) => signed);

    beforeEach(() => store.atomically(() => store.bodies.insert(3, body)));

    it('come back as values, as bytes, and one by one', () => {
      alsoAfterRestart((kept) => {
        expect(kept.bodies.get(3)).toEqual(body);
        expect(kept.bodies.bytes(3)).toEqual(encodeTransactions(body));
        for (const [index, signed] of body.entries())
          expect(kept.bodies.transaction(3, index)).toEqual(signed);
        expect(kept.bodies.transaction(3, 3)).toBeUndefined();
        expect(kept.bodies.count(3)).toBe(body.length);
      });
    });

    it('an empty one is not a missing one', () => {
      store.atomically(() => store.bodies.insert(4, []));
      expect(store.bodies.get(4)).toEqual([]);
      expect(store.bodies.bytes(4)).toHaveLength(0);
      expect(store.bodies.transaction(4, 0)).toBeUndefined();
      expect([store.bodies.count(4), store.bodies.count(5)]).toEqual([0, undefined]);
      expect(store.bodies.get(5)).toBeUndefined();
      expect(store.bodies.bytes(5)).toBeUndefined();
      expect(store.bodies.transaction(5, 0)).toBeUndefined();
    });

    it('can be removed', () => {
      store.atomically(() => store.bodies.remove(3));
      alsoAfterRestart((kept) => expect(kept.bodies.get(3)).toBeUndefined());
    });
  });

  it('undo records come back as they were, and can be replaced', () => {
    const undo = new Map([
      [alice.address, { balance: MAX_UINT63, sequence: MAX_UINT63 }],
      [bob.address, EMPTY_ACCOUNT],
    ]);
    store.atomically(() => store.undo.put(3, new Map()));
    store.atomically(() => store.undo.put(3, undo));
    alsoAfterRestart((kept) => {
      expect(kept.undo.get(3)).toEqual(undo);
      expect(kept.undo.get(4)).toBeUndefined();
      expect([kept.undo.has(3), kept.undo.has(4)]).toEqual([true, false]);
    });
  });

  it('the main chain grows and shrinks at its end', () => {
    expect(store.mainChain.tip()).toBeUndefined();
    store.atomically(() => {
      for (let height = 0; height < 5; height++) store.mainChain.append(height, 10 + height);
      store.mainChain.truncate(2);
      store.mainChain.append(3, 77);
    });
    alsoAfterRestart((kept) => {
      expect(kept.mainChain.tip()).toBe(77);
      expect(kept.mainChain.at(2)).toBe(12);
      expect(kept.mainChain.at(4)).toBeUndefined();
      expect(kept.mainChain.from(1, 2)).toEqual([11, 12]);
      expect(kept.mainChain.from(3, 9)).toEqual([77]);
    });
  });

  describe('accounts', () => {
    it('keep all 63 bits', () => {
      const account = { balance: MAX_UINT63, sequence: 2n ** 53n + 1n };
      store.atomically(() => store.accounts.set(alice.address, account));
      alsoAfterRestart((kept) => expect(kept.accounts.get(alice.address)).toEqual(account));
    });

    it('of nothing are not kept', () => {
      store.atomically(() => {
        store.accounts.set(alice.address, { balance: 1n, sequence: 0n });
        store.accounts.set(bob.address, { balance: 0n, sequence: 1n });
      });
      store.atomically(() => store.accounts.set(alice.address, EMPTY_ACCOUNT));
      alsoAfterRestart((kept) => {
        expect(kept.accounts.get(alice.address)).toEqual(EMPTY_ACCOUNT);
        expect(kept.accounts.page(undefined, 9)).toEqual([[bob.address, { balance: 0n, sequence: 1n }]]);
      });
    });

    it('are paged through in the order of their addresses', () => {
      fc.assert(
        fc.property(
          fc.uniqueArray(fc.nat(1_000), { maxLength: 30 }),
          fc.integer({ min: 1, max: 7 }),
          (numbers, limit) => {
            const other = open().store;
            other.atomically(() => {
              for (const number of numbers)
                other.accounts.set(id(number), { balance: BigInt(number) + 1n, sequence: 0n });
            });
            const seen: Address[] = [];
            for (let round = 0; round <= numbers.length; round++) {
              const page = other.accounts.page(seen.at(-1), limit);
              expect(page.length).toBeLessThanOrEqual(limit);
              if (page.length === 0) break;
              seen.push(...page.map(([address]) => address));
            }
            other.close();
            expect(seen).toEqual(numbers.map((number) => id<Address>(number)).sort());
          },
        ),
        { numRuns: 15 },
      );
    });
  });

  it('staged accounts stand beside the others, in order, until they are removed', () => {
    const accounts = [3, 1, 2].map(
      (n) => [testKey(n).address, { balance: BigInt(n), sequence: 0n }] as const,
    );
    const sorted = accounts.toSorted(([a], [b]) => (a < b ? -1 : 1));
    expect(store.staged.counts()).toBe(false);
    store.atomically(() => {
      store.staged.put(alice.address, { balance: 99n, sequence: 9n });
      for (const [address, account] of accounts) store.staged.put(address, account);
      store.staged.put(bob.address, EMPTY_ACCOUNT);
      store.staged.put(bob.address, { balance: 2n, sequence: 0n });
      store.staged.setCounts(true);
    });
    alsoAfterRestart((kept) => {
      expect(kept.staged.first(9)).toEqual(sorted);
      expect(kept.staged.first(2)).toEqual(sorted.slice(0, 2));
      expect(kept.staged.get(bob.address)).toEqual({ balance: 2n, sequence: 0n });
      expect(kept.staged.get(testKey(4).address)).toBeUndefined();
      expect(kept.staged.counts()).toBe(true);
      expect(kept.accounts.get(alice.address)).toEqual(EMPTY_ACCOUNT);
    });
    store = opened.reopen();
    store.atomically(() => {
      store.staged.removeTo(sorted[1]?.[0] ?? alice.address);
      store.staged.setCounts(false);
    });
    alsoAfterRestart((kept) => {
      expect(kept.staged.first(9)).toEqual(sorted.slice(2));
      expect(kept.staged.counts()).toBe(false);
    });
  });

  it('tells the size of a body without reading it', () => {
    const signed = [0, 1].map(
      (sequence) => payment(network, { from: alice, to: bob.address, sequence }).signed,
    );
    store.atomically(() => {
      store.blocks.insert(record(0, -1, 1n, 'body'), 0);
      store.bodies.insert(0, []);
      store.blocks.insert(record(1, 0, 2n, 'body'), 0);
      store.bodies.insert(1, signed);
    });
    alsoAfterRestart((kept) => {
      expect([0, 1, 2].map((number) => kept.bodies.size(number))).toEqual([
        0,
        kept.bodies.bytes(1)?.length,
        undefined,
      ]);
    });
  });

  describe.each(['transactions', 'history'] as const)('%s index', (name) => {
    const key = id<TransactionId & Address>(1);
    const other = id<TransactionId & Address>(2 ** 24);
    const at = (block: number, index: number) => ({ block, index });

    it('finds places newest first, page by page', () => {
      store.atomically(() => {
        for (const location of [at(2, 5), at(1, 65_535), at(2, 0), at(1, 3)]) store[name].add(key, location);
        store[name].add(other, at(9, 9));
        store[name].add(key, at(2, 0));
      });
      alsoAfterRestart((kept) => {
        expect(kept[name].find(key, 9)).toEqual([at(2, 5), at(2, 0), at(1, 65_535), at(1, 3)]);
        expect(kept[name].find(key, 2)).toEqual([at(2, 5), at(2, 0)]);
        expect(kept[name].find(key, 2, at(2, 0))).toEqual([at(1, 65_535), at(1, 3)]);
        expect(kept[name].find(key, 2, at(1, 3))).toEqual([]);
      });
    });

    it('holds blocks of centuries', () => {
      store.atomically(() => store[name].add(key, at(2 ** 36, 65_535)));
      expect(store[name].find(key, 1)).toEqual([at(2 ** 36, 65_535)]);
    });
  });

  it('a transaction whose commit was taken back can be put into the pool again', () => {
    const paid = payment(network, { from: alice, to: bob.address, sequence: 0 });
    const failing = (write: () => void) => () =>
      store.atomically(() => {
        write();
        throw new Error('on purpose');
      });
    expect(failing(() => store.pool.put(paid.id, paid.signed))).toThrow('on purpose');
    store.atomically(() => store.pool.put(paid.id, paid.signed));
    expect(store.pool.all()).toEqual([{ id: paid.id, signed: paid.signed }]);
    expect(failing(() => store.pool.remove(paid.id))).toThrow('on purpose');
    store.atomically(() => store.pool.remove(paid.id));
    alsoAfterRestart((kept) => expect(kept.pool.all()).toEqual([]));
  });

  it('the pool keeps transactions in the order they came', () => {
    const paid = [3, 1, 2].map((sequence) => payment(network, { from: alice, to: bob.address, sequence }));
    store.atomically(() => {
      for (const { id: paidId, signed } of paid) store.pool.put(paidId, signed);
      for (const { id: paidId, signed } of paid) store.pool.put(paidId, signed);
    });
    alsoAfterRestart((kept) => {
      expect(kept.pool.all()).toEqual(paid.map(({ id: paidId, signed }) => ({ id: paidId, signed })));
    });
    store = opened.reopen();
    store.atomically(() => store.pool.remove(id(1)));
    store.atomically(() => store.pool.remove(paid[1]?.id ?? id(1)));
    expect(store.pool.all().map((entry) => entry.id)).toEqual([paid[0]?.id, paid[2]?.id]);
  });

  it('peers come back last seen first', () => {
    store.atomically(() => {
      store.peers.put({ address: '/old', lastSeenMs: 1 });
      store.peers.put({ address: '/new', lastSeenMs: 3 });
      store.peers.put({ address: '/gone', lastSeenMs: 2 });
      store.peers.put({ address: '/old', lastSeenMs: 2 });
      store.peers.remove('/gone');
    });
    alsoAfterRestart((kept) => {
      expect(kept.peers.all()).toEqual([
        { address: '/new', lastSeenMs: 3 },
        { address: '/old', lastSeenMs: 2 },
      ]);
    });
  });
});
