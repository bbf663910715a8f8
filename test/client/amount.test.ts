import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatTally, MAX_NOTCHES, parseAmount, parseNotches, parseTally } from '../../src/client/amount.ts';
import { NOTCHES_PER_TALLY } from '../../src/core/network-params.ts';
import { MAX_UINT63 } from '../../src/core/types.ts';

test('the most there can be is the same as in the rules', () => {
  expect(MAX_NOTCHES).toBe(MAX_UINT63);
});

test.each([
  ['0', 0n],
  ['1', NOTCHES_PER_TALLY],
  ['1.5', 1_500_000n],
  ['0.000001', 1n],
  ['007.10', 7_100_000n],
  ['9223372036854.775807', MAX_UINT63],
])('%s tally are %s notches', (text, notches) => {
  expect(parseTally(text)).toBe(notches);
});

test.each([
  '',
  '.5',
  '1.',
  '-1',
  '+1',
  '1e3',
  '1,5',
  ' 1',
  '1 ',
  '0x1',
  'NaN',
  '1.0000001',
  '9223372036854.775808',
  '١',
])('"%s" is no amount', (text) => {
  expect(() => parseTally(text)).toThrow(RangeError);
});

test.each(['', '1.5', '-1', '9223372036854775808', '1e3'])('"%s" is no count of notches', (text) => {
  expect(() => parseNotches(text)).toThrow(RangeError);
});

test('every amount reads back exactly from its text', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, MAX_UINT63), (notches) => {
      expect(parseTally(formatTally(notches))).toBe(notches);
      expect(parseNotches(notches.toString())).toBe(notches);
    }),
  );
});

test('a text has no digit too many', () => {
  expect([0n, 1n, 1_500_000n, -1_500_000n, 10_000_000n].map(formatTally)).toEqual([
    '0',
    '0.000001',
    '1.5',
    '-1.5',
    '10',
  ]);
});

test.each<[string, bigint]>([
  ['1.5', 1_500_000n],
  ['1.5tally', 1_500_000n],
  ['1.5 tally', 1_500_000n],
  ['1500000notches', 1_500_000n],
  ['1notch', 1n],
])('%s is an amount with or without its unit', (text, notches) => {
  expect(parseAmount(text)).toBe(notches);
});

test.each(['', 'tally', 'notches', '1.5notches', '1tallies', '1  tally', '-1tally', '1tallynotches'])(
  '%j is none',
  (text) => {
    expect(() => parseAmount(text)).toThrow(RangeError);
  },
);
