import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bitsFromTarget,
  checkProofOfWork,
  requireTarget,
  targetFromBits,
  workOfBits,
  workOfTarget,
} from '../../src/core/target.ts';
import { refusedWith } from '../support/refused.ts';
import { seal } from '../support/rule-ledger.ts';

/** Bitcoin Core's own table (src/test/arith_uint256_tests.cpp, bignum_SetCompact): undefined is 0, negative or overflow. */
const BITCOIN_TABLE: [bits: number, target: bigint | undefined, canonical?: number][] = [
  [0x0000_0000, undefined],
  [0x0012_3456, undefined],
  [0x0100_3456, undefined],
  [0x0200_0056, undefined],
  [0x0300_0000, undefined],
  [0x0400_0000, undefined],
  [0x0092_3456, undefined],
  [0x0180_3456, undefined],
  [0x0280_0056, undefined],
  [0x0380_0000, undefined],
  [0x0480_0000, undefined],
  [0x0112_3456, 0x12n, 0x0112_0000],
  [0x01fe_dcba, undefined], // −0x7e
  [0x0212_3456, 0x1234n, 0x0212_3400],
  [0x0312_3456, 0x12_3456n, 0x0312_3456],
  [0x0412_3456, 0x1234_5600n, 0x0412_3456],
  [0x0492_3456, undefined], // −0x12345600
  [0x0500_9234, 0x9234_0000n, 0x0500_9234],
  [0x2012_3456, 0x12_3456n << 232n, 0x2012_3456],
  [0xff12_3456, undefined], // overflow
];

describe('compact targets read as Bitcoin reads them', () => {
  it.each(BITCOIN_TABLE.map(([bits, ...rest]) => [bits.toString(16), bits, ...rest] as const))(
    '%s',
    (_, bits, target, canonical) => {
      expect(targetFromBits(bits)).toBe(target);
      if (target !== undefined) expect(bitsFromTarget(target)).toBe(canonical);
    },
  );

  it('moves a leading digit of 0x80 or more one byte down, for it would read as a sign', () => {
    expect(bitsFromTarget(0x80n)).toBe(0x0200_8000);
    expect(bitsFromTarget(0x8000n)).toBe(0x0300_8000);
    expect(bitsFromTarget(0x80_0000n)).toBe(0x0400_8000);
  });

  it.each([
    ['34 bytes, one digit', 0x2200_00ff, 0xffn << 248n],
    ['33 bytes, two digits', 0x2100_ffff, 0xffffn << 240n],
    ['32 bytes, three digits', 0x207f_ffff, 0x7f_ffffn << 232n],
    ['35 bytes', 0x2300_0001, undefined],
    ['34 bytes, two digits', 0x2200_0100, undefined],
    ['33 bytes, three digits', 0x2101_0000, undefined],
    ['255 bytes', 0xff00_0001, undefined],
  ])('stops at 256 bits: %s', (_, bits, target) => expect(targetFromBits(bits)).toBe(target));

  it('keeps the leading digits of any target and cuts the rest', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 2n ** 256n - 1n }), (target) => {
        const bits = bitsFromTarget(target);
        const read = requireTarget(bits);
        expect(read).toBeLessThanOrEqual(target);
        expect((target - read) * 2n ** 15n).toBeLessThan(target);
        expect(bitsFromTarget(read)).toBe(bits);
      }),
    );
  });

  it('keeps the order of targets', () => {
    const target = fc.bigInt({ min: 1n, max: 2n ** 256n - 1n });
    fc.assert(
      fc.property(target, target, (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        expect(requireTarget(bitsFromTarget(low))).toBeLessThanOrEqual(requireTarget(bitsFromTarget(high)));
      }),
    );
  });

  it('refuses to be asked for the target of bits that have none', () => {
    expect(() => requireTarget(0)).toThrow(RangeError);
    expect(() => workOfBits(0x2300_0001)).toThrow(RangeError);
  });
});

describe('work', () => {
  it.each([
    ['every hash', 2n ** 256n - 1n, 1n],
    ['every second hash', 2n ** 255n - 1n, 2n],
    ['one hash of 2^256', 1n, 2n ** 255n],
  ])('of a target met by %s', (_, target, work) => expect(workOfTarget(target)).toBe(work));

  it.each([
    ["Bitcoin's first block", 0x1d00_ffff, 0x1_0001_0001n],
    ['test', 0x207f_ffff, 2n],
    ['dev at first', 0x1e04_0000, 2n ** 22n - 1n],
    ['dev at its easiest', 0x1f01_0000, 2n ** 16n - 1n],
  ])('of a block with the bits of %s', (_, bits, work) => {
    // ⌊2^256 / (target + 1)⌋ lies just below 2^256 / target, so a power of two comes out one less.
    expect(workOfBits(bits)).toBe(work);
  });
});

describe('proof of work', () => {
  const header = {
    parent: new Uint8Array(32),
    height: 1n,
    timestamp: 1n,
    bits: 0x207f_ffff,
    miner: new Uint8Array(32),
    transactionsRoot: new Uint8Array(32),
    extra: new Uint8Array(),
  };

  it('returns the id, whose first byte is below 0x80 with the easiest target', () => {
    expect(checkProofOfWork(seal(header))[0]).toBeLessThan(0x80);
  });

  it('is refused when the id is above the target', () => {
    refusedWith('invalid-proof-of-work', () => checkProofOfWork(seal(header, 'invalid')));
  });

  it('reads the id as a big-endian integer', () => {
    // 12 bits of work show at the front of the id.
    const root = checkProofOfWork(seal({ ...header, bits: 0x1f0f_ffff }));
    expect(root[0]).toBe(0);
    expect(root[1]).toBeLessThan(0x10);
  });

  it.each([
    ['negative', 0x2080_0001],
    ['zero', 0x2000_0000],
    ['overflowing', 0xff7f_ffff],
  ])('is refused with %s bits', (_, bits) => {
    refusedWith('invalid-proof-of-work', () =>
      checkProofOfWork({ header: { ...header, bits }, nonce: new Uint8Array(32) }),
    );
  });
});
