import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRecord, encodeRecord, MAX_NOTE_BYTES } from '../../src/client/record.ts';
import { MAX_DATA_BYTES } from '../../src/core/types.ts';

const sha256 = Uint8Array.from({ length: 32 }, (_, i) => i);

describe('records', () => {
  it('are a multihash and a note', () => {
    expect(encodeRecord({ sha256 })).toEqual(Uint8Array.of(0x12, 0x20, ...sha256));
    expect(encodeRecord({ sha256, note: 'für' }).subarray(34)).toEqual(new TextEncoder().encode('für'));
  });

  it('are read back as written', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 100 }),
        (bytes, note) => {
          fc.pre(note.isWellFormed());
          expect(decodeRecord(encodeRecord({ sha256: bytes, note }))).toEqual({ sha256: bytes, note });
          expect(decodeRecord(encodeRecord({ sha256: bytes }))).toEqual({ sha256: bytes });
        },
      ),
    );
  });

  it('fit a transaction, and no more', () => {
    const longest = encodeRecord({ sha256, note: 'x'.repeat(MAX_NOTE_BYTES) });
    expect(longest.length).toBe(MAX_DATA_BYTES);
    expect(() => encodeRecord({ sha256, note: 'x'.repeat(MAX_NOTE_BYTES + 1) })).toThrow(
      /991 bytes; at most 990/,
    );
    expect(() => encodeRecord({ sha256: sha256.subarray(1) })).toThrow(/32 bytes, not 31/);
    expect(() => encodeRecord({ sha256, note: '\ud800' })).toThrow(/whole characters/);
  });

  it.each([
    ['nothing', Uint8Array.of()],
    ['text', new TextEncoder().encode('x'.repeat(40))],
    ['too short a hash', Uint8Array.of(0x12, 0x20, ...sha256.subarray(1))],
    ['another hash', Uint8Array.of(0x16, 0x20, ...sha256)],
    ['a note that is no UTF-8', Uint8Array.of(0x12, 0x20, ...sha256, 0xff)],
  ])('are nothing else: %s', (_what, data) => expect(decodeRecord(data)).toBeUndefined());
});
