/** Whatever blocks come in whatever order, the chain is what the rules make of them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import type { CheckedBlock, TipChange } from '../../src/chain/records.ts';
import { STEP_SIZES } from '../../src/chain/step-sizes.ts';
import { RuleError } from '../../src/core/errors.ts';
import { subsidyAt } from '../../src/core/subsidy.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { replay, stateContents, TINY_STEPS } from '../support/chain-contents.ts';
import { BlockMaker, NOW_MS } from '../support/ledger.ts';
import { ALLOCATED, randomTree, TREE_NETWORK, TreeModel } from '../support/random-tree.ts';

/** Adds it, and says whether it was refused. */
function add(chain: Chain, block: CheckedBlock): boolean {
  try {
    chain.addBlock(block, NOW_MS);
    return true;
  } catch (error) {
    if (error instanceof RuleError) return false;
    throw error;
  }
}

function mainChain(chain: Chain, blocks: readonly CheckedBlock[]): CheckedBlock[] {
  const byId = new Map(blocks.map((block) => [block.id, block]));
  return Array.from({ length: chain.tip.height }, (_, index) => {
    const block = byId.get(chain.atHeight(index + 1)?.id ?? chain.tip.id);
    if (block === undefined) throw new Error('the chain has a block nobody made');
    return block;
  });
}

describe.each([
  ['', STEP_SIZES],
  [', in small steps', TINY_STEPS],
])('after any sequence of blocks%s', (_, sizes) => {
  it('the tip is the heaviest valid one that came first, and the state its replay from the genesis', () => {
    fc.assert(
      fc.property(randomTree, (tree) => {
        const store = new MemoryStore();
        const chain = Chain.open(TREE_NETWORK, store, sizes);
        const maker = new BlockMaker(TREE_NETWORK);
        const model = new TreeModel(maker);
        for (const random of tree) {
          const { block } = model.grow(random);
          add(chain, block);
          expect(chain.tip.id).toBe(model.tip.block.id);
          expect(chain.bestHeader.id).toBe(chain.tip.id);
        }
        const blocks = mainChain(
          chain,
          model.blocks.map(({ block }) => block),
        );
        expect(new Map(store.accounts.page(undefined, 99))).toEqual(replay(TREE_NETWORK, blocks));
      }),
      { numRuns: 60 },
    );
  });

  it('the balances add up to the allocations and subsidies', () => {
    fc.assert(
      fc.property(randomTree, (tree) => {
        const store = new MemoryStore();
        const chain = Chain.open(TREE_NETWORK, store, sizes);
        const model = new TreeModel(new BlockMaker(TREE_NETWORK));
        for (const random of tree) add(chain, model.grow(random).block);
        let supply = 2n * ALLOCATED;
        for (let height = 1; height <= chain.tip.height; height++) {
          supply += subsidyAt(TREE_NETWORK.params, BigInt(height));
        }
        const balances = store.accounts.page(undefined, 99).map(([, { balance }]) => balance);
        expect(balances.reduce((sum, balance) => sum + balance, 0n)).toBe(supply);
      }),
      { numRuns: 40 },
    );
  });

  it('everything stored is what a chain has that only ever saw the main chain', () => {
    fc.assert(
      fc.property(randomTree, (tree) => {
        const store = new MemoryStore();
        const chain = Chain.open(TREE_NETWORK, store, sizes);
        const model = new TreeModel(new BlockMaker(TREE_NETWORK));
        for (const random of tree) add(chain, model.grow(random).block);
        const straightStore = new MemoryStore();
        const straight = Chain.open(TREE_NETWORK, straightStore);
        const blocks = mainChain(
          chain,
          model.blocks.map(({ block }) => block),
        );
        if (blocks.length > 0) straight.addBlocks(blocks, NOW_MS);
        expect(stateContents(chain, store)).toEqual(stateContents(straight, straightStore));
      }),
      { numRuns: 40 },
    );
  });

  it('the changes told lead from each tip to the next', () => {
    fc.assert(
      fc.property(randomTree, (tree) => {
        const chain = Chain.open(TREE_NETWORK, new MemoryStore(), sizes);
        const model = new TreeModel(new BlockMaker(TREE_NETWORK));
        const told: string[] = [TREE_NETWORK.genesisId];
        chain.onTipChange(({ disconnected, connected, oldTip, newTip }: TipChange) => {
          expect(oldTip.id).toBe(told.at(-1));
          for (const block of [...disconnected].reverse()) expect(told.pop()).toBe(block.id);
          for (const block of connected) told.push(block.id);
          expect(newTip.id).toBe(told.at(-1));
        });
        for (const random of tree) add(chain, model.grow(random).block);
        expect(told).toEqual(told.map((_, height) => chain.atHeight(height)?.id));
      }),
      { numRuns: 40 },
    );
  });

  it('headers first, in any order of branches, leads to the same state', () => {
    fc.assert(
      fc.property(randomTree, (tree) => {
        const model = new TreeModel(new BlockMaker(TREE_NETWORK));
        const blocks = tree.map((random) => model.grow(random).block);
        const chain = Chain.open(TREE_NETWORK, new MemoryStore(), sizes);
        chain.addHeaders(
          blocks.map(({ block }) => block.sealed),
          NOW_MS,
        );
        const byId = new Map(blocks.map((block) => [block.id, block]));
        for (let round = 0; round <= 3 * blocks.length; round++) {
          const [missing] = chain.missingBodies(1);
          const block = missing && byId.get(missing.id);
          if (block === undefined) break;
          add(chain, block);
        }
        expect(chain.missingBodies(1)).toEqual([]);
        expect(chain.tip.height).toBe(model.tip.height);
        expect(chain.bestHeader.id).toBe(chain.tip.id);
      }),
      { numRuns: 40 },
    );
  });
});

describe.each([
  ['', STEP_SIZES],
  [' in small steps', TINY_STEPS],
])('undo%s', (_, sizes) => {
  it('of everything that was applied restores the state before', () => {
    fc.assert(
      fc.property(randomTree, randomTree, (first, second) => {
        const store = new MemoryStore();
        const chain = Chain.open(TREE_NETWORK, store, sizes);
        const maker = new BlockMaker(TREE_NETWORK);
        const model = new TreeModel(maker);
        for (const random of first) add(chain, model.grow(random).block);
        const before = new Map(store.accounts.page(undefined, 99));
        const base = model.tip;
        const onTop = new TreeModel(maker);
        onTop.blocks.splice(0, 1, base);
        onTop.tip = base;
        for (const random of second) add(chain, onTop.grow(random).block);
        store.atomically(() => {
          for (let { height } = chain.tip; height > base.height; height--) {
            const undo = store.undo.get(chain.atHeight(height)?.number ?? -1);
            for (const [address, account] of undo ?? []) store.accounts.set(address, account);
          }
        });
        expect(new Map(store.accounts.page(undefined, 99))).toEqual(before);
      }),
      { numRuns: 30 },
    );
  });
});
