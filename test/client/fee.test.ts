import { expect, test } from 'vitest';
import { MAX_UNASKED_FEE_RATE, unaskedFee } from '../../src/client/fee.ts';

test('what a daemon asks for is paid unasked', () => {
  expect(unaskedFee(1n, 160)).toBe(160n);
  expect(unaskedFee(MAX_UNASKED_FEE_RATE, 200)).toBe(20_000n);
});

test('so much that it may be after the whole balance is not', () => {
  expect(() => unaskedFee(MAX_UNASKED_FEE_RATE + 1n, 160)).toThrow('name the fee yourself');
});
