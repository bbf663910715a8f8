import { bech32, bech32m } from '@scure/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ADDRESS_TEXT_LENGTH, formatAddress, parseAddress } from '../../src/core/address.ts';
import { bytesToHex } from '../../src/core/hex.ts';
import { type Address, type BlockId, idFromBytes, idToBytes, parseId } from '../../src/core/identifiers.ts';
import { bytes32 } from '../support/arbitraries.ts';

const address = idFromBytes<Address>(Uint8Array.from({ length: 32 }, (_, i) => i));
const text = formatAddress(address);

describe('an id', () => {
  it('is 64 lower-case hex digits', () => {
    fc.assert(
      fc.property(bytes32, (bytes) => {
        expect(idFromBytes<BlockId>(bytes)).toBe(bytesToHex(bytes));
        expect(idToBytes(idFromBytes<BlockId>(bytes))).toEqual(bytes);
      }),
    );
  });

  it.each([0, 31, 33, 64])('is not made of %s bytes', (length) => {
    expect(() => idFromBytes(new Uint8Array(length))).toThrow(RangeError);
  });

  it('is read in either case', () => {
    expect(parseId(address.toUpperCase())).toBe(address);
  });

  it.each([
    '',
    'tip',
    '12',
    `${address}0`,
    `0x${address}`,
    address.replace('0', 'g'),
    ` ${address}`,
    `${address}\n`,
  ])('is not read from %j', (wrong) => expect(parseId(wrong)).toBeUndefined());
});

describe('an address as text', () => {
  it('is bech32m of the 32 bytes with the prefix tally', () => {
    expect(text).toBe('tally1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0szndmuh');
    expect(text).toHaveLength(ADDRESS_TEXT_LENGTH);
  });

  it('comes back as it was, in either case', () => {
    fc.assert(
      fc.property(bytes32, (bytes) => {
        const id = idFromBytes<Address>(bytes);
        expect(parseAddress(formatAddress(id))).toBe(id);
        expect(parseAddress(formatAddress(id).toUpperCase())).toBe(id);
      }),
    );
  });

  it('is read as the library reads it, whatever is changed in it', () => {
    const byLibrary = (changed: string): string => {
      try {
        const { bytes, prefix } = bech32m.decodeToBytes(changed);
        return prefix === 'tally' && bytes.length === 32 ? bytesToHex(bytes) : 'refused';
      } catch {
        return 'refused';
      }
    };
    const here = (changed: string): string => {
      try {
        return parseAddress(changed);
      } catch {
        return 'refused';
      }
    };
    const word = fc.integer({ min: 0, max: 31 });
    // With a right checksum, so that the padding decides; and with a character of any kind somewhere.
    const anyPadding = fc
      .array(word, { minLength: 52, maxLength: 52 })
      .map((words) => bech32m.encode('tally', words));
    const changed = fc
      .tuple(bytes32, fc.nat(63), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }))
      .map(([bytes, at, character]) => {
        const whole = formatAddress(idFromBytes<Address>(bytes));
        return whole.slice(0, at) + character + whole.slice(at + 1);
      });
    fc.assert(
      fc.property(fc.oneof(anyPadding, changed), (text) => {
        expect(here(text)).toBe(byLibrary(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('with one character wrong, or two swapped, is refused', () => {
    for (let i = 0; i < text.length; i++) {
      const wrong = text[i] === 'q' ? 'p' : 'q';
      expect(() => parseAddress(text.slice(0, i) + wrong + text.slice(i + 1)), `character ${i}`).toThrow(
        TypeError,
      );
      const swapped = text.slice(0, i) + (text[i + 1] ?? '') + text[i] + text.slice(i + 2);
      if (swapped !== text) expect(() => parseAddress(swapped)).toThrow(TypeError);
    }
  });

  const words = (length: number) => bech32m.toWords(new Uint8Array(length));
  it.each([
    ['nothing', ''],
    ['hex', address],
    ['both cases', text.slice(0, -1) + text.slice(-1).toUpperCase()],
    ['another prefix', bech32m.encode('tele', words(32))],
    ['the older checksum bech32', bech32.encode('tally', words(32))],
    ['31 bytes', bech32m.encode('tally', words(31))],
    ['33 bytes', bech32m.encode('tally', words(33))],
    ['padding that is not zero', bech32m.encode('tally', [...words(32).slice(0, -1), 1])],
    ['white space', ` ${text}`],
    ['a megabyte', `tally1${'q'.repeat(1_000_000)}`],
  ])('is refused: %s', (_, wrong) => expect(() => parseAddress(wrong)).toThrow(TypeError));
});
