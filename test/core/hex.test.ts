import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bigIntToBytes, bytesEqual, bytesToBigInt, bytesToHex, hexToBytes } from '../../src/core/hex.ts';

describe('hex', () => {
  it('is what Node writes and reads, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const hex = Buffer.from(bytes).toString('hex');
        expect(bytesToHex(bytes)).toBe(hex);
        expect(hexToBytes(hex)).toEqual(bytes);
        expect(hexToBytes(hex.toUpperCase())).toEqual(bytes);
      }),
    );
  });

  it('of every byte, and of long byte strings around the length written at once', () => {
    for (const length of [256, 4_095, 4_096, 4_097, 1_000_000]) {
      const bytes = Uint8Array.from({ length }, (_, i) => i);
      expect(bytesToHex(bytes)).toBe(Buffer.from(bytes).toString('hex'));
    }
  });

  it('reads a view on a larger buffer', () => {
    expect(bytesToHex(Uint8Array.of(1, 2, 3, 4).subarray(1, 3))).toBe('0203');
  });

  it.each(['0', '012', '0g', 'g0', '0x00', ' 0', '0 ', '\n0', 'é0', '0é', '０0', '\u{10330}'])(
    'refuses %j',
    (text) => expect(() => hexToBytes(text)).toThrow(TypeError),
  );
});

describe('integers', () => {
  it('are read and written big-endian', () => {
    expect(bytesToBigInt(Uint8Array.of(1, 0))).toBe(256n);
    expect(bytesToBigInt(new Uint8Array())).toBe(0n);
    expect(bigIntToBytes(258n, 4)).toEqual(Uint8Array.of(0, 0, 1, 2));
  });

  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 256n - 1n), (value) => {
        expect(bytesToBigInt(bigIntToBytes(value, 32))).toBe(value);
      }),
    );
  });

  it.each([[-1n], [256n]])('refuse %s as one byte', (value) => {
    expect(() => bigIntToBytes(value, 1)).toThrow(RangeError);
  });
});

describe('bytesEqual', () => {
  it('compares lengths and every byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 8 }), fc.uint8Array({ maxLength: 8 }), (a, b) => {
        expect(bytesEqual(a, b)).toBe(Buffer.compare(a, b) === 0);
        expect(bytesEqual(a, a.slice())).toBe(true);
      }),
    );
  });
});
