import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatAddress, parseAddress } from '../../src/core/address.ts';
import { describeAddressTypo } from '../../src/core/address-typo.ts';
import type { Address } from '../../src/core/identifiers.ts';

const address = formatAddress('5a'.repeat(32) as Address);
const ALPHABET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';

test('one wrong character is named by its place, wherever it is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 6, max: 63 }), fc.constantFrom(...ALPHABET), (at, character) => {
      fc.pre(address[at] !== character);
      const text = address.slice(0, at) + character + address.slice(at + 1);
      expect(() => parseAddress(text)).toThrow();
      expect(describeAddressTypo(text)).toBe(`character ${at + 1}, "${character}", is wrong`);
    }),
  );
});

test.each<[string, string | undefined]>([
  [`${address.slice(0, 20)}b${address.slice(21)}`, 'character 21, "b", is in no address'],
  [address.slice(0, -1), 'it has 63 characters, an address has 64'],
  [`bc1${address.slice(3)}`, 'it does not begin with tally1'],
  ['', 'it does not begin with tally1'],
  [
    `${address.slice(0, 40).toUpperCase()}${address.slice(40)}`,
    'it mixes small and capital letters: an address has one kind',
  ],
])('%j: %s', (text, expected) => {
  expect(describeAddressTypo(text)).toBe(expected);
});

test('of many wrong characters none is named', () => {
  const swapped = [...address.slice(6)].toReversed().join('');
  expect(describeAddressTypo(`tally1${swapped}`)).toBeUndefined();
});
