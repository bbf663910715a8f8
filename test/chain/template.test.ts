import { describe, expect, it } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import { Mempool } from '../../src/chain/mempool.ts';
import { blockTemplate, type TemplateOptions } from '../../src/chain/template.ts';
import { checkBody } from '../../src/core/block.ts';
import { blockSize, emptyBlockSize, MAX_SIGNED_TRANSACTION_BYTES } from '../../src/core/encoding.ts';
import type { Block, NetworkParams } from '../../src/core/types.ts';
import { MAX_UINT63 } from '../../src/core/types.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import {
  asChecked,
  mineHeader,
  NOW_MS,
  type PaymentFields,
  payment,
  requireTemplate,
  testKey,
  testNetwork,
} from '../support/ledger.ts';

const [alice, bob, miner] = [testKey(1), testKey(2), testKey(3)];

function setUp(overrides: Partial<NetworkParams> = {}) {
  const network = testNetwork({
    allocations: [alice, bob].map(({ publicKey }) => ({ address: publicKey, amount: 1_000_000n })),
    ...overrides,
  });
  const chain = Chain.open(network, new MemoryStore());
  const pool = new Mempool(chain);
  const pay = (sequence: number, fields: Partial<PaymentFields> = {}) =>
    payment(network, { from: alice, to: bob.address, sequence, ...fields });
  /** Makes a template, checks that it is a valid block, and adds it. */
  const mine = (options: Partial<TemplateOptions> = {}): Block => {
    const template = requireTemplate(chain, pool, { miner: miner.address, nowMs: 0, ...options });
    const transactions = template.transactions.map(({ signed }) => signed);
    const block = { sealed: mineHeader(template.header), transactions };
    checkBody(network.params, block);
    expect(template.parent).toBe(chain.tip);
    expect(chain.addBlock(asChecked(block), NOW_MS).kind).toBe('connected');
    return block;
  };
  return { network, chain, pool, pay, mine };
}

describe('a template', () => {
  it('carries the pool and pays the miner', () => {
    const { network, chain, pool, pay, mine } = setUp();
    pool.add(pay(0));
    pool.add(pay(1));
    const extra = new Uint8Array([1, 2, 3]);
    const block = mine({ extra });
    expect(block.transactions).toEqual([pay(0).signed, pay(1).signed]);
    expect(block.sealed.header.extra).toEqual(extra);
    expect(chain.account(miner.address).balance).toBe(network.params.subsidy + 2_000n);
    expect(pool.count).toBe(0);
  });

  it('has the time of the clock, but later than the parent', () => {
    const { network, mine } = setUp();
    const now = Number(network.params.genesisTime) + 5_000;
    expect(mine({ nowMs: now }).sealed.header.timestamp).toBe(BigInt(now));
    expect(mine({ nowMs: now }).sealed.header.timestamp).toBe(BigInt(now + 1));
    expect(mine({ nowMs: 0 }).sealed.header.timestamp).toBe(BigInt(now + 2));
  });

  it('has the bits the difficulty rule demands', () => {
    const { network, mine } = setUp({ halfLife: 1_000n, limitBits: 0x207f_ffff, initialBits: 0x2040_0000 });
    const start = Number(network.params.genesisTime);
    const bits = [1, 2, 3].map((n) => mine({ nowMs: start + n * 1_500 }).sealed.header.bits);
    expect(bits.slice(0, 2)).toEqual([0x2040_0000, 0x2040_0000]);
    expect(bits[2]).toBeGreaterThan(0x2040_0000);
  });

  it('stays within the size of a block', () => {
    const maxBlockBytes = emptyBlockSize(32) + 4 + MAX_SIGNED_TRANSACTION_BYTES;
    const { pool, pay, mine } = setUp({ maxBlockBytes });
    pool.add(pay(0, { data: new Uint8Array(1_024), fee: 5_000n }));
    pool.add(pay(1, { fee: 5_000n }));
    pool.add(pay(0, { from: bob, fee: 160n, data: new Uint8Array(0) }));
    const first = mine({ extra: new Uint8Array(32) });
    expect(blockSize(first)).toBeLessThanOrEqual(maxBlockBytes);
    expect(pool.count).toBeGreaterThan(0);
    mine({ extra: new Uint8Array(32) });
    expect(pool.count).toBe(0);
  });

  it('leaves out what would lift a recipient over 63 bits, and what comes after it', () => {
    const rich = testKey(4);
    const { pool, pay, mine } = setUp({
      subsidy: 1n,
      allocations: [
        { address: alice.publicKey, amount: 1_000_000n },
        { address: bob.publicKey, amount: 1_000_000n },
        { address: rich.publicKey, amount: MAX_UINT63 - 2_000_000n },
      ],
    });
    pool.add(pay(0, { from: rich, to: miner.address, amount: 10n }));
    pool.add(pay(0, { fee: 999_000n }));
    expect(mine({ miner: rich.address }).transactions).toHaveLength(2);
    // rich, who mined, has all but what alice and bob and the miner hold.
    pool.add(pay(0, { from: bob, to: rich.address, amount: 900_000n, fee: 2_000n }));
    pool.add(pay(1, { from: bob, to: alice.address, fee: 1_000n }));
    expect(mine().transactions).toHaveLength(2);
  });

  it('is valid though a payment overflows its recipient', () => {
    const rich = testKey(4);
    const { chain, pool, pay, mine } = setUp({
      subsidy: 1_500_000n,
      allocations: [
        { address: rich.publicKey, amount: MAX_UINT63 - 1_000_000n },
        { address: alice.publicKey, amount: 1_000_000n },
      ],
    });
    mine({ miner: bob.address });
    const tooMuch = pay(0, { from: bob, to: rich.address, amount: 1_200_000n });
    const after = pay(1, { from: bob, to: alice.address });
    const fine = pay(0, { to: bob.address, fee: 500n });
    const toSelf = pay(0, { from: rich, to: rich.address, amount: MAX_UINT63 - 2_000_000n });
    for (const each of [tooMuch, after, fine, toSelf]) pool.add(each);
    const block = mine();
    expect(block.transactions.length).toBe(2);
    expect(block.transactions).toEqual(expect.arrayContaining([fine.signed, toSelf.signed]));
    expect(pool.transactions()).toEqual([tooMuch, after]);
    expect(chain.account(rich.address).balance).toBe(MAX_UINT63 - 1_001_000n);
  });

  it('is empty if the fees would lift the miner over 63 bits, and none if the subsidy would', () => {
    const { chain, pool, pay, mine } = setUp({
      subsidy: 500n,
      allocations: [
        { address: miner.publicKey, amount: MAX_UINT63 - 1_000n },
        { address: alice.publicKey, amount: 1_000n },
      ],
    });
    mine({ miner: alice.address });
    pool.add(pay(0, { amount: 0n, fee: 900n }));
    expect(mine().transactions).toEqual([]);
    expect(mine().transactions).toEqual([]);
    expect(chain.account(miner.address).balance).toBe(MAX_UINT63);
    const options = { miner: miner.address, nowMs: 0 };
    expect(blockTemplate(chain, pool, options)).toBeUndefined();
    expect(mine({ miner: bob.address }).transactions).toHaveLength(1);
  });

  it('refuses more extra than a header holds', () => {
    const { chain, pool } = setUp();
    const options = { miner: miner.address, nowMs: 0, extra: new Uint8Array(33) };
    expect(() => blockTemplate(chain, pool, options)).toThrow(RangeError);
  });
});
