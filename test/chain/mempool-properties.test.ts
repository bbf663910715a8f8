/** After anything at all, everything in the pool could be mined next, and the books balance. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import { Mempool } from '../../src/chain/mempool.ts';
import { PolicyError } from '../../src/chain/policy.ts';
import { PoolJournal } from '../../src/chain/pool-journal.ts';
import { RuleError } from '../../src/core/errors.ts';
import { idFromBytes } from '../../src/core/identifiers.ts';
import { applyBlock } from '../../src/core/state.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { asChecked, BlockMaker, mineHeader, NOW_MS, payment, requireTemplate } from '../support/ledger.ts';
import { KEYS, randomTree, TREE_NETWORK, TreeModel } from '../support/random-tree.ts';

const MAX_BYTES = 12 * 200;
const MAX_PER_SENDER = 6;

const key = fc.nat({ max: KEYS.length - 1 });
const operation = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      from: key,
      to: key,
      amount: fc.oneof(fc.nat(300), fc.nat(600_000)),
      /** Counted from the confirmed sequence. */
      ahead: fc.nat(7),
      feeRate: fc.integer({ min: 0, max: 30 }),
      dataBytes: fc.constantFrom(0, 0, 0, 150),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('mine' as const), miner: key }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('grow' as const), tree: randomTree }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), clean: fc.boolean() }) },
);

function tolerant(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof RuleError || error instanceof PolicyError)) throw error;
  }
}

function expectInvariants(chain: Chain, pool: Mempool): void {
  const transactions = pool.transactions();
  expect(pool.ids()).toEqual(transactions.map(({ id }) => id));
  expect(pool.count).toBe(transactions.length);
  expect(pool.bytes).toBe(transactions.reduce((bytes, { size }) => bytes + size, 0));
  expect(pool.bytes).toBeLessThanOrEqual(MAX_BYTES);

  const selected = pool.select(Number.MAX_SAFE_INTEGER);
  expect(selected.map(({ id }) => id).sort()).toEqual(pool.ids().sort());
  const header = { ...chain.tip.sealed.header, height: BigInt(chain.tip.height + 1) };
  // Throws if any of them does not apply to the tip.
  const change = applyBlock(
    TREE_NETWORK.params,
    header,
    selected.map(({ signed }) => signed),
    (address) => chain.account(address),
  );
  for (const { signed } of selected) {
    const address = idFromBytes<(typeof KEYS)[0]['address']>(signed.transaction.sender);
    expect(pool.pendingAccount(address).sequence).toBe(change.get(address)?.after.sequence);
  }
}

describe('after any operations', () => {
  it('all in the pool applies to the tip in the order of selection', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
        const store = new MemoryStore();
        const maker = new BlockMaker(TREE_NETWORK);
        const model = new TreeModel(maker);
        const options = { maxBytes: MAX_BYTES, maxPerSender: MAX_PER_SENDER };
        let chain = Chain.open(TREE_NETWORK, store);
        let pool = new Mempool(chain, options);
        let journal = PoolJournal.open(store, pool);
        for (const each of operations) {
          if (each.kind === 'add') {
            const from = KEYS[each.from] ?? KEYS[0];
            const to = KEYS[each.to] ?? KEYS[0];
            if (from === undefined || to === undefined) throw new Error('there are keys');
            const sequence = chain.account(from.address).sequence + BigInt(each.ahead);
            const data = new Uint8Array(each.dataBytes);
            const fee = BigInt(each.feeRate * (160 + each.dataBytes));
            const amount = BigInt(each.amount);
            tolerant(() =>
              pool.add(payment(TREE_NETWORK, { from, to: to.address, sequence, amount, fee, data })),
            );
          } else if (each.kind === 'mine') {
            const miner = KEYS[each.miner]?.address ?? '';
            const template = requireTemplate(chain, pool, { miner: miner as never, nowMs: 0 });
            const transactions = template.transactions.map(({ signed }) => signed);
            const block = asChecked({ sealed: mineHeader(template.header), transactions });
            expect(chain.addBlock(block, NOW_MS).kind).toBe('connected');
          } else if (each.kind === 'grow') {
            for (const random of each.tree.slice(0, 3)) {
              const { block } = model.grow(random);
              tolerant(() => chain.addBlock(block, NOW_MS));
            }
          } else {
            const before = pool.ids();
            if (each.clean) journal.flush();
            chain = Chain.open(TREE_NETWORK, store);
            pool = new Mempool(chain, options);
            journal = PoolJournal.open(store, pool);
            if (each.clean) expect(pool.ids()).toEqual(expect.arrayContaining(before));
          }
          expectInvariants(chain, pool);
        }
      }),
      { numRuns: 60 },
    );
  });
});
