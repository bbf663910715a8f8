/**
 * What becomes of blocks: a tree of named blocks each, added one by one, with the fate expected of each.
 * A capital letter has transactions or breaks a rule; `a2` is the second block of branch a.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import { InvalidBlockError } from '../../src/chain/errors.ts';
import type { CheckedBlock, TipChange } from '../../src/chain/records.ts';
import { STEP_SIZES } from '../../src/chain/step-sizes.ts';
import type { RuleCode } from '../../src/core/errors.ts';
import { RuleError } from '../../src/core/errors.ts';
import { MAX_FUTURE_MS } from '../../src/core/header.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { stateContents, TINY_STEPS } from '../support/chain-contents.ts';
import { type BlockFields, BlockMaker, NOW_MS, payment, testKey, testNetwork } from '../support/ledger.ts';

const alice = testKey(1);
const bob = testKey(2);
const network = testNetwork({ allocations: [{ address: alice.publicKey, amount: 1_000_000n }] });

type Fate = 'connected' | 'stored' | 'known' | 'orphan' | 'early' | RuleCode;
/** Name, parent's name, fate, tip afterwards, what is special about it. */
type Row = [name: string, parent: string, fate: Fate, tip: string, fields?: BlockFields];

const overspend = payment(network, { from: alice, to: bob.address, sequence: 0, amount: 2_000_000n });
const valid = payment(network, { from: alice, to: bob.address, sequence: 0 });
const gap = payment(network, { from: alice, to: bob.address, sequence: 7 });
const early: BlockFields = { timestamp: BigInt(NOW_MS + MAX_FUTURE_MS + 1) };

const trees: [string, Row[]][] = [
  [
    'a chain grows',
    [
      ['a1', 'genesis', 'connected', 'a1'],
      ['a2', 'a1', 'connected', 'a2'],
      ['a1', 'genesis', 'known', 'a2'],
      ['a2', 'a1', 'known', 'a2'],
      ['a3', 'a2', 'connected', 'a3', { transactions: [valid] }],
    ],
  ],
  [
    'of two with equal work the first seen stays',
    [
      ['a1', 'genesis', 'connected', 'a1'],
      ['b1', 'genesis', 'stored', 'a1'],
      ['b2', 'b1', 'connected', 'b2'],
      ['a2', 'a1', 'stored', 'b2'],
      ['a3', 'a2', 'connected', 'a3'],
      ['b3', 'b2', 'stored', 'a3'],
    ],
  ],
  [
    'orphans are not kept, and taken once their parents are here',
    [
      ['a2', 'a1', 'orphan', 'genesis'],
      ['a3', 'a2', 'orphan', 'genesis'],
      ['a1', 'genesis', 'connected', 'a1'],
      ['a3', 'a2', 'orphan', 'a1'],
      ['a2', 'a1', 'connected', 'a2'],
      ['a3', 'a2', 'connected', 'a3'],
    ],
  ],
  [
    'an early block is neither kept nor held against anybody',
    [
      ['a1', 'genesis', 'connected', 'a1'],
      ['E2', 'a1', 'early', 'a1', early],
      ['E2', 'a1', 'early', 'a1', early],
      ['a2', 'a1', 'connected', 'a2'],
    ],
  ],
  [
    'a block just within the future limit is taken',
    [['a1', 'genesis', 'connected', 'a1', { timestamp: BigInt(NOW_MS + MAX_FUTURE_MS) }]],
  ],
  [
    'a transaction that does not fit makes the block invalid, and its children are refused',
    [
      ['a1', 'genesis', 'connected', 'a1'],
      ['X2', 'a1', 'insufficient-balance', 'a1', { transactions: [overspend] }],
      ['X2', 'a1', 'invalid-ancestor', 'a1'],
      ['x3', 'X2', 'invalid-ancestor', 'a1'],
      ['a2', 'a1', 'connected', 'a2'],
    ],
  ],
  [
    'an invalid block in the middle of a heavier branch leaves the old tip; the valid part can go on',
    [
      ['a1', 'genesis', 'connected', 'a1'],
      ['a2', 'a1', 'connected', 'a2', { transactions: [valid] }],
      ['a3', 'a2', 'connected', 'a3'],
      ['b1', 'genesis', 'stored', 'a3'],
      ['X2', 'b1', 'stored', 'a3', { transactions: [gap] }],
      ['x3', 'X2', 'stored', 'a3'],
      ['x4', 'x3', 'wrong-sequence', 'a3'],
      ['x4', 'x3', 'invalid-ancestor', 'a3'],
      ['x5', 'x4', 'invalid-ancestor', 'a3'],
      ['x3', 'X2', 'invalid-ancestor', 'a3'],
      ['b2', 'b1', 'stored', 'a3'],
      ['b3', 'b2', 'stored', 'a3', { transactions: [valid] }],
      ['b4', 'b3', 'connected', 'b4'],
      ['a4', 'a3', 'stored', 'b4'],
    ],
  ],
  [
    'an invalid block at the end of a heavier branch leaves the old tip',
    [
      ['a1', 'genesis', 'connected', 'a1'],
      ['b1', 'genesis', 'stored', 'a1'],
      ['X2', 'b1', 'insufficient-balance', 'a1', { transactions: [overspend] }],
      ['b2', 'b1', 'connected', 'b2'],
    ],
  ],
  [
    'a transaction on one branch can be on another too, but not twice on one',
    [
      ['a1', 'genesis', 'connected', 'a1', { transactions: [valid] }],
      ['b1', 'genesis', 'stored', 'a1', { transactions: [valid] }],
      ['b2', 'b1', 'connected', 'b2'],
      ['X3', 'b2', 'wrong-sequence', 'b2', { transactions: [valid] }],
    ],
  ],
  [
    'headers that break a rule are refused and not remembered',
    [
      ['a1', 'genesis', 'connected', 'a1'],
      ['H2', 'a1', 'wrong-height', 'a1', { header: { height: 7n } }],
      ['H2', 'a1', 'wrong-height', 'a1'],
      ['T2', 'a1', 'timestamp-not-after-parent', 'a1', { timestamp: network.params.genesisTime }],
      ['D2', 'a1', 'wrong-bits', 'a1', { header: { bits: 0x207f_fffe } }],
      ['d3', 'D2', 'orphan', 'a1'],
      ['a2', 'a1', 'connected', 'a2'],
    ],
  ],
  [
    'a deep branch takes over at once',
    [
      ['a1', 'genesis', 'connected', 'a1'],
      ['a2', 'a1', 'connected', 'a2'],
      ['a3', 'a2', 'connected', 'a3'],
      ['b2', 'a1', 'stored', 'a3'],
      ['b3', 'b2', 'stored', 'a3'],
      ['c3', 'b2', 'stored', 'a3'],
      ['c4', 'c3', 'connected', 'c4'],
      ['b4', 'b3', 'stored', 'c4'],
      ['b5', 'b4', 'connected', 'b5'],
    ],
  ],
];

describe.each(trees)('%s', (_, rows) => {
  const steps = rows.map(([name, parent, fate]) => `${parent}→${name} ${fate}`).join(', ');
  it.each([
    [steps, STEP_SIZES],
    ['and if every move of the tip is a long one', TINY_STEPS],
  ])('%s', (__, sizes) => {
    const store = new MemoryStore();
    let chain = Chain.open(network, store, sizes);
    const maker = new BlockMaker(network);
    const blocks = new Map<string, CheckedBlock>([['genesis', maker.genesis]]);
    const named = (name: string): CheckedBlock => blocks.get(name) ?? maker.genesis;
    // Parents first, whatever the order of adding.
    for (const [name, parent, , , fields] of rows.toSorted(
      ([a], [b]) => Number(a.slice(1)) - Number(b.slice(1)),
    )) {
      if (!blocks.has(name)) blocks.set(name, maker.block(named(parent), fields));
    }
    for (const [name, , fate, tip] of rows) {
      expect([name, addedFate(chain, named(name))]).toEqual([name, fate]);
      expect([name, nameOf(blocks, chain.tip.id)]).toEqual([name, tip]);
      // Whatever happened, a restart changes nothing.
      const before = stateContents(chain, store);
      const best = chain.bestHeader.id;
      chain = Chain.open(network, store, sizes);
      expect(stateContents(chain, store)).toEqual(before);
      expect(chain.bestHeader.id).toBe(best);
    }
  });
});

function addedFate(chain: Chain, block: CheckedBlock): Fate {
  try {
    return chain.addBlock(block, NOW_MS).kind;
  } catch (error) {
    if (error instanceof RuleError) return error.code;
    throw error;
  }
}

function nameOf(blocks: ReadonlyMap<string, CheckedBlock>, id: string): string | undefined {
  for (const [name, block] of blocks) if (block.id === id) return name;
  return undefined;
}

function refusal(work: () => unknown): InvalidBlockError {
  try {
    work();
  } catch (error) {
    if (error instanceof InvalidBlockError) return error;
    throw error;
  }
  throw new Error('expected an InvalidBlockError');
}

describe('a refused block', () => {
  const store = new MemoryStore();
  const maker = new BlockMaker(network);
  let chain: Chain;

  beforeEach(() => {
    chain = Chain.open(network, store);
  });

  it('is named by the error, though another one was added', () => {
    const [a1, a2] = maker.chain(maker.genesis, 2) as [CheckedBlock, CheckedBlock];
    const bad = maker.block(maker.genesis, { transactions: [overspend] });
    const [b2, b3] = maker.chain(bad, 2) as [CheckedBlock, CheckedBlock];
    for (const block of [a1, a2, bad, b2]) chain.addBlock(block, NOW_MS);
    const changes: TipChange[] = [];
    chain.onTipChange((change) => changes.push(change));
    const before = stateContents(chain, store);
    const error = refusal(() => chain.addBlock(b3, NOW_MS));
    expect(error).toMatchObject({ code: 'insufficient-balance', name: 'RuleError', block: bad.id });
    expect(error.message).toContain(bad.id);
    expect(stateContents(chain, store)).toEqual(before);
    expect(changes).toEqual([]);
    expect([bad, b2, b3].map(({ id }) => chain.byId(id)?.status)).toEqual(['invalid', 'invalid', 'invalid']);
    const record = chain.byId(bad.id);
    expect(record && chain.block(record)).toBeUndefined();
  });
});
