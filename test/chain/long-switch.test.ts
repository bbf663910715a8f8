/** A long move of the tip: in steps, and yet at once for whoever looks. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import { Mempool, type PoolUpdate } from '../../src/chain/mempool.ts';
import { PolicyError } from '../../src/chain/policy.ts';
import { PoolJournal } from '../../src/chain/pool-journal.ts';
import type { CheckedBlock, CheckedTransaction, TipChange } from '../../src/chain/records.ts';
import { STEP_SIZES, type StepSizes } from '../../src/chain/step-sizes.ts';
import { InvariantError, RuleError } from '../../src/core/errors.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { stateContents, TINY_STEPS } from '../support/chain-contents.ts';
import { faultyStore } from '../support/faulty-store.ts';
import { BlockMaker, NOW_MS, payment, testKey, testNetwork } from '../support/ledger.ts';
import { randomTree, TREE_NETWORK, TreeModel } from '../support/random-tree.ts';

/** Adds blocks step by step. @returns whether they were refused */
function addInSteps(chain: Chain, blocks: readonly CheckedBlock[], between: () => void): boolean {
  const steps = chain.adding(blocks, NOW_MS);
  try {
    while (steps.next().done !== true) between();
    return false;
  } catch (error) {
    if (error instanceof RuleError) return true;
    throw error;
  }
}

describe('while the tip makes a long move', () => {
  it('everybody sees the old chain, then the new one, and nothing else', () => {
    fc.assert(
      fc.property(randomTree, (tree) => {
        const store = new MemoryStore();
        const chain = Chain.open(TREE_NETWORK, store, TINY_STEPS);
        const straightStore = new MemoryStore();
        const straight = Chain.open(TREE_NETWORK, straightStore, {
          ...STEP_SIZES,
          shortMove: Number.POSITIVE_INFINITY,
        });
        const model = new TreeModel(new BlockMaker(TREE_NETWORK));
        for (const random of tree) {
          const { block } = model.grow(random);
          const old = stateContents(chain, store);
          const oldTip = chain.tip.id;
          addInSteps(straight, [block], () => {
            throw new Error('a short move takes no steps');
          });
          const target = stateContents(straight, straightStore);
          let moved = false;
          const refused = addInSteps(chain, [block], () => {
            moved ||= chain.tip.id !== oldTip;
            expect(chain.isMoving).toBe(true);
            expect(stateContents(chain, store)).toEqual(moved ? target : old);
          });
          expect(chain.isMoving).toBe(false);
          expect(stateContents(chain, store)).toEqual(target);
          expect(store.staged.first(1)).toEqual([]);
          expect(store.staged.counts()).toBe(false);
          if (refused) expect(chain.tip.id).toBe(oldTip);
          expect(chain.bestHeader.id).toBe(straight.bestHeader.id);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('a process that ends between two steps is followed by one that goes to the same end', () => {
    fc.assert(
      fc.property(randomTree, fc.nat(40), (tree, patience) => {
        const store = new MemoryStore();
        let chain = Chain.open(TREE_NETWORK, store, TINY_STEPS);
        const model = new TreeModel(new BlockMaker(TREE_NETWORK));
        for (const random of tree) {
          const { block } = model.grow(random);
          const oldTip = chain.tip.id;
          const steps = chain.adding([block], NOW_MS);
          const old = stateContents(chain, store);
          try {
            for (let step = 0; step <= patience; step++) if (steps.next().done === true) break;
          } catch (error) {
            if (!(error instanceof RuleError)) throw error;
          }
          const seen = stateContents(chain, store);
          if (chain.tip.id === oldTip) expect(seen).toEqual(old);
          chain = Chain.open(TREE_NETWORK, store, TINY_STEPS);
          expect(stateContents(chain, store)).toEqual(seen);
          // What was seen already is settled by opening, what was not is begun again by the next block.
          expect([chain.isMoving, store.staged.counts()]).toEqual([false, false]);
          chain.addBlocks([], NOW_MS);
          expect(chain.tip.id).toBe(model.tip.block.id);
          expect(chain.bestHeader.id).toBe(chain.tip.id);
          expect(store.staged.first(1)).toEqual([]);
        }
      }),
      { numRuns: 40 },
    );
  });
});

const alice = testKey(1);
const bob = testKey(2);
const network = testNetwork({ allocations: [{ address: alice.publicKey, amount: 10n ** 9n }] });
const pay = (sequence: number, to = bob.address) => payment(network, { from: alice, to, sequence });

interface Fork {
  readonly chain: Chain;
  readonly store: MemoryStore;
  readonly maker: BlockMaker;
  /** The longer one: its last block is not added yet. */
  readonly branch: readonly CheckedBlock[];
}

/** Two branches: on the chain are three blocks with a payment each, beside it four. */
function fork(sizes: StepSizes = TINY_STEPS): Fork {
  const store = new MemoryStore();
  const chain = Chain.open(network, store, sizes);
  const maker = new BlockMaker(network);
  let tip = maker.genesis;
  for (let sequence = 0; sequence < 3; sequence++) {
    tip = maker.block(tip, { transactions: [pay(sequence)] });
    chain.addBlock(tip, NOW_MS);
  }
  const branch = maker.chain(maker.genesis, 4);
  for (const block of branch.slice(0, -1)) chain.addBlock(block, NOW_MS);
  return { chain, store, maker, branch };
}

describe('during a long move', () => {
  it('no other block can be added, and headers can', () => {
    const { branch, chain, maker } = fork();
    const steps = chain.adding(branch.slice(-1), NOW_MS);
    steps.next();
    const [other] = maker.chain(maker.genesis, 1) as [CheckedBlock];
    expect(() => chain.addBlock(other, NOW_MS)).toThrow(InvariantError);
    const next = maker.chain(branch[3] ?? other, 2);
    chain.addHeaders(
      next.map(({ block }) => block.sealed),
      NOW_MS,
    );
    while (steps.next().done !== true);
    expect(chain.tip.id).toBe(branch[3]?.id);
    expect(chain.bestHeader.id).toBe(next[1]?.id);
    expect(chain.missingBodies(9).map(({ id }) => id)).toEqual(next.map(({ id }) => id));
  });

  it('what comes before an invalid block of a batch stays, what comes after is refused', () => {
    const { branch, chain, maker } = fork();
    const last = branch[3] as CheckedBlock;
    const bad = maker.block(last, { transactions: [pay(7)] });
    const after = maker.block(bad);
    const changes: TipChange[] = [];
    chain.onTipChange((change) => changes.push(change));
    expect(() => chain.addBlocks([last, bad, after], NOW_MS)).toThrow(
      expect.objectContaining({
        code: 'wrong-sequence',
        block: bad.id,
        results: [{ kind: 'connected', change: expect.anything() }],
      }),
    );
    expect(chain.tip.id).toBe(last.id);
    expect(changes).toMatchObject([{ isLong: true, newTip: { id: last.id } }]);
    expect([bad, after].map(({ id }) => chain.byId(id)?.status)).toEqual(['invalid', 'invalid']);
  });

  it('the change told leads through every block, read one by one', () => {
    const { branch, chain } = fork();
    const before = [1, 2, 3].map((height) => chain.atHeight(height)?.id);
    const changes: TipChange[] = [];
    chain.onTipChange((change) => changes.push(change));
    const [result] = chain.addBlocks(branch.slice(-1), NOW_MS);
    expect(changes).toHaveLength(1);
    expect(result).toEqual({ kind: 'connected', change: changes[0] });
    const { connected, disconnected } = changes[0] as TipChange;
    expect([disconnected.length, connected.length]).toEqual([3, 4]);
    expect([...disconnected].map(({ id }) => id)).toEqual(before);
    expect([...connected]).toEqual(branch);
  });

  it('no step writes more than a few hundred rows, however long the way', () => {
    const inner = new MemoryStore();
    const { store, writes, arm } = faultyStore(inner);
    const chain = Chain.open(network, store);
    const maker = new BlockMaker(network);
    let sequence = 0;
    const full = (parent: CheckedBlock, to: number) =>
      maker.block(parent, {
        transactions: Array.from({ length: 400 }, (_, i) => pay(sequence++, testKey(to + i).address)),
      });
    const a1 = full(maker.genesis, 1_000);
    const a2 = full(a1, 2_000);
    sequence = 0;
    const b1 = full(maker.genesis, 3_000);
    const b2 = full(b1, 4_000);
    const b3 = maker.block(b2);
    chain.addBlocks([a1, a2], NOW_MS);
    chain.addBlocks([b1, b2], NOW_MS);
    arm(Number.POSITIVE_INFINITY);
    let most = 0;
    let steps = 0;
    addInSteps(chain, [b3], () => {
      most = Math.max(most, writes());
      steps++;
      arm(Number.POSITIVE_INFINITY);
    });
    expect(chain.tip.id).toBe(b3.id);
    expect(steps).toBeGreaterThan(8);
    // And an undo record or two.
    expect(most).toBeLessThanOrEqual(STEP_SIZES.places + 4);
  });
});

describe('the pool, during a long move', () => {
  it('follows in steps: abandoned transactions return in order, used ones go, all is told once', () => {
    const { branch, chain, store } = fork();
    const pool = new Mempool(chain);
    const journal = PoolJournal.open(store, pool);
    pool.add(pay(3));
    pool.add(pay(4));
    journal.flush();
    const updates: PoolUpdate[] = [];
    pool.onUpdate((update) => updates.push(update));
    addInSteps(chain, branch.slice(-1), () => journal.flush());
    expect(updates).toHaveLength(1);
    expect(updates[0]?.returned).toEqual([0, 1, 2].map((sequence) => pay(sequence).id));
    expect(ids(pool.select(1_000_000))).toEqual(ids([0, 1, 2, 3, 4].map((sequence) => pay(sequence))));
    journal.flush();
    const reopened = new Mempool(Chain.open(network, store));
    PoolJournal.open(store, reopened);
    expect(ids(reopened.transactions()).sort()).toEqual(ids(pool.transactions()).sort());
  });

  it('takes new transactions at every step as the tip of that moment has it', () => {
    const { branch, chain } = fork();
    const pool = new Mempool(chain);
    const transactions = [0, 1, 2, 3].map((sequence) => pay(sequence));
    addInSteps(chain, branch.slice(-1), () => {
      for (const transaction of transactions) {
        try {
          pool.add(transaction);
        } catch (error) {
          if (!(error instanceof RuleError || error instanceof PolicyError)) throw error;
        }
      }
      const { sequence } = chain.account(alice.address);
      const selected = pool.select(1_000_000).map(({ signed }) => signed.transaction.sequence);
      expect(selected).toEqual(selected.map((_, index) => sequence + BigInt(index)));
      expect(pool.pendingAccount(alice.address).sequence).toBeGreaterThanOrEqual(sequence);
    });
    expect(ids(pool.transactions()).sort()).toEqual(ids(transactions).sort());
    expect(ids(pool.select(1_000_000))).toEqual(ids(transactions));
  });

  it('holds no more than it may, though more returns', () => {
    const { branch, chain } = fork();
    const { size } = pay(0);
    const pool = new Mempool(chain, { maxBytes: 2 * size });
    addInSteps(chain, branch.slice(-1), () => undefined);
    expect(ids(pool.select(1_000_000))).toEqual(ids([pay(0), pay(1)]));
    expect(pool.bytes).toBe(2 * size);
  });

  it('parks what cannot be paid on the new branch', () => {
    const maker = new BlockMaker(network);
    const chain = Chain.open(network, new MemoryStore(), TINY_STEPS);
    const pool = new Mempool(chain);
    const gift = payment(network, { from: alice, to: bob.address, sequence: 0, amount: 5_000n });
    const spend = payment(network, { from: bob, to: alice.address, sequence: 0, amount: 100n });
    const a1 = maker.block(maker.genesis, { transactions: [gift] });
    chain.addBlock(a1, NOW_MS);
    pool.add(spend);
    const [b1, b2] = maker.chain(maker.genesis, 2) as [CheckedBlock, CheckedBlock];
    chain.addBlocks([b1, b2], NOW_MS);
    expect(ids(pool.transactions())).toEqual([gift.id]);
    chain.addBlock(maker.block(b2, { transactions: [gift] }), NOW_MS);
    expect(ids(pool.transactions())).toEqual([spend.id]);
  });
});

function ids(transactions: readonly CheckedTransaction[]): string[] {
  return transactions.map(({ id }) => id);
}
