import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RuleError } from '../../src/core/errors.ts';
import { TEST_PARAMS } from '../../src/core/network-params.ts';
import { SHORT_ID_BYTES, shortIdsOf, unpackShortIds } from '../../src/core/short-ids.ts';
import type { SignedTransaction } from '../../src/core/types.ts';
import {
  type CompactBlock,
  compactBlock,
  decodeCompactBlock,
  encodeCompactBlock,
  requireAscending,
} from '../../src/node/compact-block.ts';
import { MAX_BLOCK_TRANSACTIONS, MAX_GOSSIP_BYTES, MAX_PREFILLED } from '../../src/node/wire.ts';
import { sealedHeader, signedTransaction } from '../support/arbitraries.ts';
import { BlockMaker, payment, testKey, testNetwork } from '../support/ledger.ts';
import { refusedWith } from '../support/refused.ts';

const PARAMS = { ...TEST_PARAMS, maxBlockBytes: 2 * 1_024 * 1_024 };
/** As many as a block of 1 MiB has room for. */
const MOST_IN_A_MIB = 6_392;

const compact: fc.Arbitrary<CompactBlock> = fc
  .record({
    publishedAt: fc.maxSafeNat(),
    sealed: sealedHeader,
    count: fc.nat(12),
    fill: fc.nat(255),
    given: fc.dictionary(fc.nat(11).map(String), signedTransaction, { maxKeys: 4 }),
  })
  .map(({ count, fill, given, ...rest }) => ({
    ...rest,
    shortIds: new Uint8Array(SHORT_ID_BYTES * count).map((_, at) => at * fill),
    prefilled: Object.entries(given)
      .map(([index, signed]) => ({ index: Number(index), signed }))
      .filter(({ index }) => index < count)
      .sort((a, b) => a.index - b.index),
  }));

const [header] = fc.sample(sealedHeader, 1) as [CompactBlock['sealed']];
const [signed] = fc.sample(signedTransaction, 1) as [SignedTransaction];

function message(fields: Partial<CompactBlock>): Uint8Array {
  return encodeCompactBlock({
    publishedAt: 1,
    sealed: header,
    shortIds: new Uint8Array(SHORT_ID_BYTES * 4),
    prefilled: [],
    ...fields,
  });
}

/** Refused with one of the two rules, or a value whose encoding is these very bytes. */
function expectCanonicalOrRefused(bytes: Uint8Array): void {
  let value: CompactBlock;
  try {
    value = decodeCompactBlock(bytes, PARAMS);
  } catch (error) {
    expect(error).toBeInstanceOf(RuleError);
    expect(['malformed-encoding', 'oversized-block']).toContain((error as RuleError).code);
    return;
  }
  // A time no clock shows is not kept.
  if (value.publishedAt > 0) expect(encodeCompactBlock(value)).toEqual(bytes);
}

describe('a compact block', () => {
  it('comes out as it went in', () => {
    fc.assert(
      fc.property(compact, (value) => {
        expect(decodeCompactBlock(encodeCompactBlock(value), PARAMS)).toEqual(value);
      }),
    );
  });

  it('cut short is refused, or is another value’s one encoding', () => {
    fc.assert(
      fc.property(compact, fc.nat(), (value, cut) => {
        const bytes = encodeCompactBlock(value);
        expectCanonicalOrRefused(bytes.slice(0, cut % bytes.length));
      }),
    );
  });

  it('with a byte changed is refused, or is another value’s one encoding', () => {
    fc.assert(
      fc.property(compact, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, change) => {
        const bytes = encodeCompactBlock(value);
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ change;
        expectCanonicalOrRefused(bytes);
      }),
    );
  });

  it('of random bytes is refused, or is a value’s one encoding', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), expectCanonicalOrRefused));
  });

  it('of a time no clock shows counts as one without a time', () => {
    const bytes = message({});
    bytes.fill(255, 0, 8);
    expect(decodeCompactBlock(bytes, PARAMS).publishedAt).toBe(0);
  });

  it.each([1, 5, 7])('with %i bytes of short ids is refused', (length) => {
    const bytes = message({ shortIds: new Uint8Array(length) });
    refusedWith('malformed-encoding', () => decodeCompactBlock(bytes, PARAMS));
  });

  it.each<[string, number[]]>([
    ['beyond the block', [4]],
    ['far beyond it', [1, 65_535]],
    ['twice', [1, 1]],
    ['in another order', [2, 1]],
  ])('with transactions in full %s is refused', (_, indexes) => {
    const bytes = message({ prefilled: indexes.map((index) => ({ index, signed })) });
    refusedWith('malformed-encoding', () => decodeCompactBlock(bytes, PARAMS));
  });

  it('names no more transactions than a block has room for', () => {
    const params = { ...PARAMS, maxBlockBytes: 1_024 * 1_024 };
    const named = (count: number): Uint8Array =>
      message({ shortIds: new Uint8Array(SHORT_ID_BYTES * count) });
    decodeCompactBlock(named(MOST_IN_A_MIB), params);
    refusedWith('oversized-block', () => decodeCompactBlock(named(MOST_IN_A_MIB + 1), params));
    decodeCompactBlock(named(MAX_BLOCK_TRANSACTIONS), PARAMS);
    refusedWith('malformed-encoding', () => decodeCompactBlock(named(MAX_BLOCK_TRANSACTIONS + 1), PARAMS));
  });

  it('as long as it can be is a gossip message; with one transaction more in full it is none', () => {
    const longest = {
      sealed: { ...header, header: { ...header.header, extra: new Uint8Array(32) } },
      shortIds: new Uint8Array(SHORT_ID_BYTES * MAX_BLOCK_TRANSACTIONS),
    };
    const full = { ...signed, transaction: { ...signed.transaction, data: new Uint8Array(1_024) } };
    const prefilled = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ index, signed: full }));
    const bytes = message({ ...longest, prefilled: prefilled(MAX_PREFILLED) });
    expect(bytes.length).toBe(MAX_GOSSIP_BYTES);
    decodeCompactBlock(bytes, PARAMS);
    refusedWith('malformed-encoding', () =>
      decodeCompactBlock(message({ ...longest, prefilled: prefilled(MAX_PREFILLED + 1) }), PARAMS),
    );
  });

  it('that claims items its bytes cannot hold is refused at once', () => {
    const bytes = new Uint8Array(MAX_GOSSIP_BYTES);
    bytes.set(message({}));
    const view = new DataView(bytes.buffer);
    const start = view.getUint32(16, true);
    // Nothing but offsets, all the same: 50,000 transactions without a byte.
    const length = bytes.length - start - ((bytes.length - start) % 4);
    for (let at = start; at < start + length; at += 4) view.setUint32(at, length, true);
    const begun = performance.now();
    refusedWith('malformed-encoding', () => decodeCompactBlock(bytes.subarray(0, start + length), PARAMS));
    expect(performance.now() - begun).toBeLessThan(100);
  });
});

describe('the compact form of a block', () => {
  const network = testNetwork();
  const maker = new BlockMaker(network);
  const transactions = Array.from({ length: 200 }, (_, sequence) =>
    payment(network, { from: testKey(1), to: testKey(2).address, sequence }),
  );
  const block = maker.block(maker.genesis, { transactions });
  const fresh = (...indexes: number[]) =>
    new Set(indexes.map((index) => (transactions[index] as (typeof transactions)[number]).signed));
  const places = (indexes: ReadonlySet<SignedTransaction>): number[] =>
    compactBlock(block, 1, indexes).prefilled.map(({ index }) => index);

  it('has the short ids of all its transactions', () => {
    const ids = Uint8Array.from(Buffer.concat(transactions.map(({ id }) => Buffer.from(id, 'hex'))));
    expect(unpackShortIds(compactBlock(block, 1, new Set()).shortIds)).toEqual(
      shortIdsOf(ids, Uint8Array.from(Buffer.from(block.id, 'hex'))),
    );
  });

  it('gives in full what others may not have, if it is little', () => {
    expect(places(new Set())).toEqual([]);
    expect(places(fresh(7, 3, 199))).toEqual([3, 7, 199]);
    // 16 KiB are 99 payments.
    expect(places(fresh(...Array(99).keys()))).toHaveLength(99);
    expect(places(fresh(...Array(100).keys()))).toEqual([]);
  });

  it('gives nothing that is not in the block', () => {
    const stranger = payment(network, { from: testKey(3), to: testKey(2).address, sequence: 0 });
    expect(places(new Set([stranger.signed]))).toEqual([]);
  });
});

describe('ascending indexes', () => {
  it.each([[[]], [[0]], [[0, 1, 9]]])('%j are', (indexes) => requireAscending(indexes, 10));

  it.each([[[10]], [[0, 0]], [[5, 4]]])('%j are not', (indexes) => {
    refusedWith('malformed-encoding', () => requireAscending(indexes, 10));
  });
});
