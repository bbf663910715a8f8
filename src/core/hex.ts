/**
 * Lower-case hex for bytes, without a prefix. Written here because `core/` also runs where there is no `Buffer`.
 *
 * Ids are made and looked up all the time, so this is written for speed: tables, and one flat string, which
 * as a map key costs half of one put together piece by piece (measured).
 */

const DIGITS = '0123456789abcdef';
/** Stands in the table below for what is no hex digit. */
const NO_DIGIT = 0xff;
/** Value of a digit by its character code. */
const VALUES = new Uint8Array(256).fill(NO_DIGIT);
for (let digit = 0; digit < 16; digit++) {
  VALUES[DIGITS.charCodeAt(digit)] = digit;
  VALUES[DIGITS.toUpperCase().charCodeAt(digit)] = digit;
}
/** The two character codes of a byte, the first in the upper half. */
const PAIRS = Uint16Array.from(
  { length: 256 },
  (_, byte) => (DIGITS.charCodeAt(byte >> 4) << 8) | DIGITS.charCodeAt(byte & 15),
);
/** Bytes written at once: a call takes only so many arguments. */
const CHUNK_BYTES = 4_096;

export function bytesToHex(bytes: Uint8Array): string {
  let hex = '';
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
    const count = Math.min(CHUNK_BYTES, bytes.length - start);
    const codes = new Array<number>(2 * count);
    for (let i = 0; i < count; i++) {
      const pair = PAIRS[bytes[start + i] as number] as number;
      codes[2 * i] = pair >> 8;
      codes[2 * i + 1] = pair & 0xff;
    }
    hex += String.fromCharCode.apply(null, codes);
  }
  return hex;
}

/** @throws TypeError if `hex` is not an even number of lower- or upper-case hex digits */
export function hexToBytes(hex: string): Uint8Array {
  if (hex.length % 2 !== 0) throw new TypeError('expected an even number of hex digits');
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const high = VALUES[hex.charCodeAt(2 * i)] ?? NO_DIGIT;
    const low = VALUES[hex.charCodeAt(2 * i + 1)] ?? NO_DIGIT;
    if ((high | low) > 15) throw new TypeError('expected only hex digits');
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}

/** The bytes read as one big-endian unsigned integer, as proof of work reads a block id. */
export function bytesToBigInt(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${bytesToHex(bytes)}`);
}

/** @throws RangeError if `value` is negative or does not fit in `length` bytes */
export function bigIntToBytes(value: bigint, length: number): Uint8Array {
  const hex = value.toString(16).padStart(2 * length, '0');
  if (value < 0n || hex.length > 2 * length) throw new RangeError(`${value} does not fit in ${length} bytes`);
  return hexToBytes(hex);
}

export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
