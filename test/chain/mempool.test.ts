import { beforeEach, describe, expect, it } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import { Mempool, type PoolUpdate } from '../../src/chain/mempool.ts';
import { type PolicyCode, PolicyError } from '../../src/chain/policy.ts';
import type { MempoolOptions } from '../../src/chain/pool-rules.ts';
import type { CheckedBlock, CheckedTransaction } from '../../src/chain/records.ts';
import { SIGNED_TRANSACTION_BYTES, sizeInBlock } from '../../src/core/encoding.ts';
import { type RuleCode, RuleError } from '../../src/core/errors.ts';
import { MAX_UINT63 } from '../../src/core/types.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { BlockMaker, NOW_MS, type PaymentFields, payment, testKey, testNetwork } from '../support/ledger.ts';

const [alice, bob, carol, dora] = [testKey(1), testKey(2), testKey(3), testKey(4)];
const network = testNetwork({
  allocations: [alice, bob, carol].map(({ publicKey }) => ({ address: publicKey, amount: 1_000_000n })),
});
/** SSZ bytes of a payment without data. */
const SIZE = SIGNED_TRANSACTION_BYTES;

let chain: Chain;
let maker: BlockMaker;
let pool: Mempool;

beforeEach(() => {
  chain = Chain.open(network, new MemoryStore());
  maker = new BlockMaker(network);
  pool = new Mempool(chain);
});

function pay(sequence: number, fields: Partial<PaymentFields> = {}): CheckedTransaction {
  return payment(network, { from: alice, to: dora.address, sequence, ...fields });
}

function poolWith(options: MempoolOptions): Mempool {
  pool = new Mempool(chain, options);
  return pool;
}

function refusal(checked: CheckedTransaction): RuleCode | PolicyCode {
  const before = [pool.ids(), pool.bytes];
  try {
    pool.add(checked);
  } catch (error) {
    if (!(error instanceof RuleError || error instanceof PolicyError)) throw error;
    expect([pool.ids(), pool.bytes]).toEqual(before);
    return error.code;
  }
  throw new Error('expected a refusal');
}

function add(...transactions: CheckedTransaction[]): void {
  for (const checked of transactions) pool.add(checked);
}

const ids = (transactions: readonly CheckedTransaction[]) => transactions.map(({ id }) => id);

describe('a transaction', () => {
  it('is taken, found, counted and known the second time', () => {
    const checked = pay(0);
    expect(checked.size).toBe(SIZE);
    expect(pool.add(checked)).toEqual({ kind: 'added', evicted: [] });
    expect(pool.add(checked)).toEqual({ kind: 'known' });
    expect(pool.has(checked.id)).toBe(true);
    expect(pool.get(checked.id)).toBe(checked);
    expect(pool.transactions()).toEqual([checked]);
    expect([pool.count, pool.bytes, pool.minFeeRate]).toEqual([1, SIZE, 1n]);
    expect(pool.get(pay(1).id)).toBeUndefined();
  });

  it('counts in the pending account of its sender only', () => {
    add(pay(0, { amount: 5n, fee: 200n }), pay(1, { amount: 6n, fee: 300n }));
    expect(pool.pendingAccount(alice.address)).toEqual({ balance: 999_489n, sequence: 2n });
    expect(pool.pendingAccount(dora.address)).toEqual({ balance: 0n, sequence: 0n });
  });

  it.each<[RuleCode | PolicyCode, string, () => CheckedTransaction]>([
    ['fee-too-low', 'below a notch a byte', () => pay(0, { fee: BigInt(SIZE) - 1n })],
    [
      'fee-too-low',
      'with data the fee does not pay for',
      () => pay(0, { fee: BigInt(SIZE), data: new Uint8Array(1) }),
    ],
    ['sequence-gap', 'after a gap', () => pay(1)],
    ['sequence-gap', 'far ahead', () => pay(0, { sequence: 2n ** 64n - 1n })],
    ['insufficient-balance', 'beyond the balance', () => pay(0, { amount: 999_001n })],
    ['insufficient-balance', 'from an account of nothing', () => pay(0, { from: dora })],
    ['amount-overflow', 'of more than 63 bits', () => pay(0, { amount: MAX_UINT63 })],
  ])('is refused with %s %s', (code, _, make) => {
    expect(refusal(make())).toBe(code);
  });

  it('with a sequence used on the chain is refused', () => {
    chain.addBlock(maker.block(maker.genesis, { transactions: [pay(0)] }), NOW_MS);
    expect(refusal(pay(0))).toBe('wrong-sequence');
    expect(refusal(pay(0, { amount: 2n }))).toBe('wrong-sequence');
  });

  it('is refused if the balance does not pay for it and all before it', () => {
    add(pay(0, { amount: 500_000n }), pay(1, { amount: 400_000n }));
    expect(refusal(pay(2, { amount: 97_001n }))).toBe('insufficient-balance');
    add(pay(2, { amount: 97_000n }));
    expect(pool.pendingAccount(alice.address).balance).toBe(0n);
  });

  it('does not spend what is only on its way', () => {
    add(pay(0, { amount: 500_000n }));
    expect(refusal(pay(0, { from: dora }))).toBe('insufficient-balance');
  });

  it('beyond what one sender may have waiting is refused', () => {
    poolWith({ maxPerSender: 2 });
    add(pay(0), pay(1));
    expect(refusal(pay(2))).toBe('too-many-pending');
    add(pay(0, { from: bob }));
  });
});

describe('a replacement', () => {
  it.each([
    ['a tenth more', 10_000n, 11_000n],
    ['its bytes more', 1_000n, 1_000n + BigInt(SIZE)],
  ])('pays at least %s', (_, oldFee, lowest) => {
    const old = pay(0, { fee: oldFee });
    add(old);
    expect(refusal(pay(0, { fee: lowest - 1n }))).toBe('replacement-underpriced');
    const replacement = pay(0, { fee: lowest });
    expect(pool.add(replacement)).toEqual({ kind: 'added', replaced: old.id, evicted: [] });
    expect(ids(pool.transactions())).toEqual([replacement.id]);
    expect(pool.bytes).toBe(SIZE);
  });

  it('leaves those after it as far as they can be paid', () => {
    const [p0, p1, p2, p3] = [0, 1, 2, 3].map((sequence) => pay(sequence, { amount: 200_000n })) as [
      CheckedTransaction,
      CheckedTransaction,
      CheckedTransaction,
      CheckedTransaction,
    ];
    add(p0, p1, p2, p3);
    const replacement = pay(1, { amount: 500_000n, fee: 2_000n });
    expect(pool.add(replacement)).toEqual({ kind: 'added', replaced: p1.id, evicted: [p3.id] });
    expect(ids(pool.transactions())).toEqual([p0.id, p2.id, replacement.id]);
    expect(pool.pendingAccount(alice.address)).toEqual({
      balance: 1_000_000n - 201_000n - 502_000n - 201_000n,
      sequence: 3n,
    });
    expect(ids(pool.select(9 * SIZE))).toEqual([p0.id, replacement.id, p2.id]);
  });

  it('pays for those behind it that it drives out', () => {
    const behind = [1, 2, 3].map((sequence) => pay(sequence, { amount: 200_000n, fee: 5_000n }));
    add(pay(0), ...behind);
    // Nothing is left for the other three.
    expect(refusal(pay(0, { amount: 900_000n, fee: 15_999n }))).toBe('replacement-underpriced');
    expect(pool.add(pay(0, { amount: 900_000n, fee: 16_000n }))).toMatchObject({ evicted: ids(behind) });
  });

  it('must itself be payable beside those before it', () => {
    add(pay(0, { amount: 600_000n }), pay(1));
    expect(refusal(pay(1, { amount: 500_000n, fee: 5_000n }))).toBe('insufficient-balance');
  });
});

describe('a full pool', () => {
  const fee = (sequence: number, rate: number, from = alice) =>
    pay(sequence, { from, fee: BigInt(rate * SIZE) });

  it('lets the lowest fee rate go, from the end of a queue', () => {
    poolWith({ maxBytes: 4 * SIZE });
    const low = fee(1, 2);
    add(fee(0, 5), low, fee(0, 3, bob), fee(1, 4, bob));
    const next = fee(0, 6, carol);
    expect(pool.add(next)).toEqual({ kind: 'added', evicted: [low.id] });
    expect(pool.count).toBe(4);
    // bob's second pays more than his first, but is worth nothing without it.
    const both = pool.add(fee(1, 6, carol));
    expect(both).toMatchObject({ evicted: [fee(1, 4, bob).id] });
  });

  it('refuses what pays no more than the lowest', () => {
    poolWith({ maxBytes: 2 * SIZE });
    add(fee(0, 2), fee(0, 3, bob));
    expect(refusal(fee(0, 2, carol))).toBe('pool-full');
    expect(refusal(fee(1, 2, bob))).toBe('pool-full');
    // Its own queue does not make room for it, and it is worth no more than what is before it.
    expect(refusal(fee(1, 9))).toBe('pool-full');
    add(fee(0, 4, carol));
    expect(ids(pool.transactions())).toEqual([fee(0, 3, bob).id, fee(0, 4, carol).id]);
  });

  it('asks a tenth more of what drives others out', () => {
    poolWith({ maxBytes: 2 * SIZE });
    add(fee(0, 10), fee(0, 20, bob));
    const more = (notches: number) => pay(0, { from: carol, fee: BigInt(10 * SIZE + notches) });
    expect(refusal(more(SIZE))).toBe('pool-full');
    expect(pool.add(more(SIZE + 1))).toMatchObject({ evicted: [fee(0, 10).id] });
  });

  it('lets several go for a long one, or none', () => {
    poolWith({ maxBytes: 3 * SIZE });
    add(fee(0, 2), fee(1, 2), fee(0, 9, bob));
    const long = (rate: number) =>
      pay(0, { from: carol, data: new Uint8Array(SIZE), fee: BigInt(rate * 2 * SIZE) });
    const longer = pay(0, { from: carol, data: new Uint8Array(2 * SIZE), fee: BigInt(5 * 3 * SIZE) });
    expect(refusal(longer)).toBe('pool-full');
    expect(refusal(long(2))).toBe('pool-full');
    expect(pool.add(long(3))).toMatchObject({ evicted: [fee(1, 2).id, fee(0, 2).id] });
    expect(pool.pendingAccount(alice.address).sequence).toBe(0n);
  });

  it('does not make room for a replacement at the cost of what comes after it', () => {
    poolWith({ maxBytes: 3 * SIZE });
    add(fee(0, 2), fee(1, 9), fee(0, 9, bob));
    const replacement = pay(0, { data: new Uint8Array(10), fee: BigInt(20 * SIZE) });
    expect(pool.add(replacement)).toMatchObject({ replaced: fee(0, 2).id, evicted: [fee(0, 9, bob).id] });
    expect(pool.has(fee(1, 9).id)).toBe(true);
  });

  it('lets the right one go though its queue was built anew when a block came', () => {
    poolWith({ maxBytes: 3 * SIZE });
    const [first, second] = [fee(0, 2), fee(1, 2)];
    add(first, second);
    chain.addBlock(maker.block(maker.genesis, { transactions: [first] }), NOW_MS);
    add(fee(0, 9, bob), fee(1, 9, bob));
    expect(pool.add(fee(0, 5, carol))).toEqual({ kind: 'added', evicted: [second.id] });
    expect(pool.pendingAccount(alice.address).sequence).toBe(1n);
    expect(ids(pool.select(Number.MAX_SAFE_INTEGER)).toSorted()).toEqual(pool.ids().toSorted());
    expect(pool.bytes).toBe(3 * SIZE);
  });

  it('stays within its bounds however often it is refused and filled', () => {
    poolWith({ maxBytes: 10 * SIZE });
    const senders = [alice, bob, carol];
    for (let round = 0; round < 2_000; round++) {
      const from = senders[round % 3] as typeof alice;
      const { sequence } = pool.pendingAccount(from.address);
      const amount = BigInt(1 + (round % 7));
      try {
        pool.add(pay(0, { from, sequence, amount, fee: BigInt(SIZE) * (1n + BigInt((round * 37) % 101)) }));
      } catch (error) {
        if (!(error instanceof PolicyError)) throw error;
      }
      expect(pool.bytes).toBeLessThanOrEqual(10 * SIZE);
    }
    expect(pool.count).toBe(10);
  });
});

describe('what the pool would say', () => {
  const foreseen = (...all: CheckedTransaction[]): string[] => {
    const foresight = pool.foresight();
    return all.map(({ id, signed, size }) => {
      const said = foresight.of(id, signed, size);
      return said.kind === 'refused' ? said.error.code : said.kind;
    });
  };

  it('is what it says, of one after the other', () => {
    add(pay(0), pay(1, { fee: 2_000n }));
    const message = [
      pay(0),
      pay(1, { fee: 2_100n }),
      pay(1, { fee: 2_200n }),
      pay(2),
      pay(3),
      pay(3, { amount: 5n }),
      pay(3, { fee: 1_200n }),
      pay(9),
      pay(1_024),
      pay(4, { amount: 999_000n }),
      pay(5, { amount: 1_000_000n }),
      pay(0, { from: bob, fee: 1n }),
      pay(0, { from: dora }),
      pay(2, { from: dora }),
      pay(0, { from: carol, amount: MAX_UINT63 }),
    ];
    const before = [pool.ids(), pool.bytes];
    expect(foreseen(...message)).toEqual([
      'known',
      'replacement-underpriced',
      'wanted',
      'wanted',
      'wanted',
      'replacement-underpriced',
      'wanted',
      'gap',
      'sequence-gap',
      'insufficient-balance',
      'insufficient-balance',
      'fee-too-low',
      'insufficient-balance',
      'insufficient-balance',
      'amount-overflow',
    ]);
    expect([pool.ids(), pool.bytes]).toEqual(before);
  });

  it('knows what is used, what is too much of one sender, and what a full pool refuses', () => {
    chain.addBlock(maker.block(maker.genesis, { transactions: [pay(0)] }), NOW_MS);
    expect(foreseen(pay(0))).toEqual(['wrong-sequence']);
    poolWith({ maxPerSender: 2 });
    add(pay(1));
    expect(foreseen(pay(2), pay(3))).toEqual(['wanted', 'too-many-pending']);
    poolWith({ maxBytes: 2 * SIZE });
    add(pay(1), pay(2));
    expect(foreseen(pay(0, { from: bob }), pay(0, { from: carol, fee: 1_101n }))).toEqual([
      'pool-full',
      'wanted',
    ]);
  });
});

describe('a page of ids', () => {
  it('is in the order they came, whatever left meanwhile', () => {
    const all = Array.from({ length: 9 }, (_, sequence) => pay(sequence));
    add(...all);
    chain.addBlock(maker.block(maker.genesis, { transactions: all.slice(0, 2) }), NOW_MS);
    const page = (from: number, count: number): string => Buffer.from(pool.page(from, count)).toString('hex');
    expect(page(0, 99)).toBe(pool.ids().join(''));
    expect(page(2, 3)).toBe(pool.ids().slice(2, 5).join(''));
    expect(page(7, 1)).toBe('');
    expect(page(2 ** 40, 5)).toBe('');
  });
});

describe('selection', () => {
  it('takes the highest fee rate first, each sender in order, as far as there is room', () => {
    const [a0, a1, b0, c0] = [
      pay(0, { fee: 1_000n }),
      pay(1, { fee: 9_000n }),
      pay(0, { from: bob, fee: 5_000n }),
      pay(0, { from: carol, fee: 900n }),
    ];
    add(c0, a0, a1, b0);
    expect(ids(pool.select(1_000_000))).toEqual([b0.id, a0.id, a1.id, c0.id]);
    expect(ids(pool.select(2 * sizeInBlock(a0.signed)))).toEqual([b0.id, a0.id]);
    expect(pool.select(SIZE)).toEqual([]);
  });

  it('goes on with shorter ones when a long one has no room', () => {
    const long = pay(0, { fee: 100_000n, data: new Uint8Array(1_000) });
    const after = pay(1, { fee: 100_000n });
    const short = pay(0, { from: bob });
    add(long, after, short);
    expect(ids(pool.select(2 * sizeInBlock(short.signed)))).toEqual([short.id]);
  });

  it('tells fee rates apart that a double cannot', () => {
    const rich = testNetwork({
      allocations: [alice, bob].map(({ publicKey }) => ({ address: publicKey, amount: 2n ** 61n })),
    });
    const richPool = new Mempool(Chain.open(rich, new MemoryStore()));
    const make = (from: typeof alice, fee: bigint) =>
      payment(rich, { from, to: dora.address, sequence: 0, fee });
    const [lower, higher] = [make(alice, 2n ** 60n), make(bob, 2n ** 60n + 1n)];
    richPool.add(lower);
    richPool.add(higher);
    expect(ids(richPool.select(1_000))).toEqual([higher.id, lower.id]);
  });
});

describe('following the chain', () => {
  it('drops what was confirmed, and what a confirmed one of the same sequence made void', () => {
    add(pay(0), pay(1), pay(2), pay(0, { from: bob }));
    const other = pay(1, { amount: 9n });
    chain.addBlock(maker.block(maker.genesis, { transactions: [pay(0), other] }), NOW_MS);
    expect(ids(pool.transactions())).toEqual([pay(2).id, pay(0, { from: bob }).id]);
    expect(pool.bytes).toBe(2 * SIZE);
    expect(pool.pendingAccount(alice.address).sequence).toBe(3n);
  });

  it('follows one block in steps, too, where much waits; and is right for who asks meanwhile', () => {
    poolWith({ minFeeRate: 0n, maxPerSender: 1_000 });
    const queueOf = (from: typeof alice) =>
      Array.from({ length: 600 }, (_, sequence) => pay(sequence, { from, amount: 1n, fee: 0n }));
    const [ofAlice, ofBob] = [queueOf(alice), queueOf(bob)];
    add(...ofAlice, ...ofBob);
    const updates: PoolUpdate[] = [];
    pool.onUpdate((update) => updates.push(update));
    const block = maker.block(maker.genesis, {
      transactions: [...ofAlice.slice(0, 10), ...ofBob.slice(0, 20)],
    });
    const adding = chain.adding([block], NOW_MS, 'full');
    expect(adding.next().done).toBe(false);
    expect([chain.tip.id, chain.isMoving, pool.count]).toEqual([block.id, true, 1_190]);
    expect(pool.select(10 * SIZE).every(({ signed }) => signed.transaction.sequence >= 10n)).toBe(true);
    expect(() => pool.add(pay(5, { from: bob, amount: 2n, fee: 0n }))).toThrow(RuleError);
    expect(pool.pendingAccount(bob.address).sequence).toBe(600n);
    expect([pool.count, updates.length]).toEqual([1_170, 0]);
    while (adding.next().done !== true);
    expect([chain.isMoving, pool.count, updates.length]).toEqual([false, 1_170, 1]);
  });

  it('takes the transactions of abandoned blocks back, in order, under those that wait', () => {
    const a1 = maker.block(maker.genesis, { transactions: [pay(0), pay(1), pay(0, { from: bob })] });
    const a2 = maker.block(a1, { transactions: [pay(2)] });
    add(pay(0), pay(1), pay(2), pay(3));
    chain.addBlocks([a1, a2], NOW_MS);
    expect(ids(pool.transactions())).toEqual([pay(3).id]);
    const b1 = maker.block(maker.genesis, { transactions: [pay(0)] });
    const updates: PoolUpdate[] = [];
    const end = pool.onUpdate((update) => updates.push(update));
    chain.addBlocks([b1, ...maker.chain(b1, 2)], NOW_MS);
    const back = [pay(1).id, pay(0, { from: bob }).id, pay(2).id];
    expect(updates).toHaveLength(1);
    expect(updates[0]?.returned).toEqual(back);
    expect(updates[0]?.change.newTip).toBe(chain.tip);
    expect(pool.ids().sort()).toEqual([...back, pay(3).id].sort());
    expect(pool.pendingAccount(alice.address).sequence).toBe(4n);
    end();
    chain.addBlock(maker.chain(maker.genesis, 1)[0] as CheckedBlock, NOW_MS);
    expect(updates).toHaveLength(1);
  });

  it('sets aside what cannot be paid after a reorganisation, until the money is back', () => {
    const toDora = pay(0, { amount: 500_000n });
    const spend = payment(network, { from: dora, to: bob.address, sequence: 0, amount: 100_000n });
    const spendMore = payment(network, { from: dora, to: bob.address, sequence: 1, amount: 100_000n });
    const a1 = maker.block(maker.genesis, { transactions: [toDora] });
    chain.addBlock(a1, NOW_MS);
    add(spend, spendMore);
    const b = maker.chain(maker.genesis, 2);
    chain.addBlocks(b, NOW_MS);
    expect(ids(pool.transactions())).toEqual([toDora.id]);
    expect(pool.bytes).toBe(SIZE);
    const [, b2] = b as [CheckedBlock, CheckedBlock];
    chain.addBlock(maker.block(b2, { transactions: [toDora] }), NOW_MS);
    expect(ids(pool.transactions())).toEqual([spend.id, spendMore.id]);
  });

  it('takes what was set aside up again behind a new one of its sender', () => {
    const toDora = pay(0, { amount: 500_000n });
    const spends = [0, 1].map((sequence) =>
      payment(network, { from: dora, to: bob.address, sequence, amount: 100_000n, fee: 200n }),
    );
    chain.addBlock(maker.block(maker.genesis, { transactions: [toDora] }), NOW_MS);
    add(...spends);
    const b = maker.chain(maker.genesis, 2);
    chain.addBlocks(b, NOW_MS);
    const little = payment(network, { from: bob, to: dora.address, sequence: 0, amount: 101_000n });
    chain.addBlock(maker.block(b[1] as CheckedBlock, { transactions: [little] }), NOW_MS);
    // Enough for the first again, not for both.
    expect(ids(pool.transactions())).toEqual([toDora.id, spends[0]?.id]);
    const cheaper = payment(network, { from: dora, to: bob.address, sequence: 0, amount: 1n, fee: 400n });
    expect(pool.add(cheaper)).toMatchObject({ replaced: spends[0]?.id });
    expect(ids(pool.transactions())).toEqual([toDora.id, cheaper.id, spends[1]?.id]);
  });

  it('holds no more aside than its share', () => {
    poolWith({ maxBytes: 16 * SIZE });
    const rich = [5, 6, 7, 8].map(testKey);
    const gifts = rich.map(({ address }, sequence) => pay(sequence, { to: address, amount: 100_000n }));
    chain.addBlock(maker.block(maker.genesis, { transactions: gifts }), NOW_MS);
    const spends = rich.map((from) => payment(network, { from, to: bob.address, sequence: 0 }));
    add(...spends);
    const b = maker.chain(maker.genesis, 2);
    chain.addBlocks(b, NOW_MS);
    expect(ids(pool.transactions())).toEqual(ids(gifts));
    chain.addBlock(maker.block(b[1] as CheckedBlock, { transactions: gifts }), NOW_MS);
    expect(pool.count).toBe(2);
  });

  it('lets the least worth go if what comes back is too much', () => {
    poolWith({ maxBytes: 2 * SIZE });
    const confirmed = [pay(0, { fee: 200n }), pay(1, { fee: 300n })];
    chain.addBlock(maker.block(maker.genesis, { transactions: confirmed }), NOW_MS);
    const waiting = [pay(0, { from: bob }), pay(0, { from: carol })];
    add(...waiting);
    chain.addBlocks(maker.chain(maker.genesis, 2), NOW_MS);
    expect(ids(pool.transactions())).toEqual(ids(waiting));
    expect(pool.bytes).toBe(2 * SIZE);
  });
});
