import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareFeeRates } from '../../src/chain/fee-rate.ts';
import { Heap } from '../../src/chain/heap.ts';

describe('a heap', () => {
  it('gives what was put in, the first first', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50)), fc.array(fc.nat(50)), (first, second) => {
        const heap = new Heap<number>((a, b) => a < b);
        for (const number of first) heap.push(number);
        const half = first.toSorted((a, b) => a - b).slice(0, first.length >> 1);
        expect(half.map(() => heap.pop())).toEqual(half);
        for (const number of second) heap.push(number);
        const rest = [...first.toSorted((a, b) => a - b).slice(half.length), ...second].sort((a, b) => a - b);
        expect(heap.size).toBe(rest.length);
        expect(rest.map(() => heap.pop())).toEqual(rest);
        expect(heap.pop()).toBeUndefined();
      }),
    );
  });
});

describe('fee rates', () => {
  it('compare as the exact fractions do', () => {
    const rate = fc.record({
      fee: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
      size: fc.integer({ min: 160, max: 1_184 }),
    });
    fc.assert(
      fc.property(rate, rate, fc.boolean(), (a, other, near) => {
        const b = near ? { fee: (a.fee * BigInt(other.size)) / BigInt(a.size), size: other.size } : other;
        const exact = a.fee * BigInt(b.size) - b.fee * BigInt(a.size);
        expect(Math.sign(compareFeeRates(a, b))).toBe(exact < 0n ? -1 : exact > 0n ? 1 : 0);
      }),
    );
  });
});
