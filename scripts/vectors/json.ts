/** Values as the vectors write them. */
import { bytesToHex } from '../../src/core/hex.ts';

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** Byte strings as lower-case hex, bigint as decimal strings. */
export function toJson(value: unknown): Json {
  if (value instanceof Uint8Array) return bytesToHex(value);
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, toJson(field)]));
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (value === null || value === undefined) return null;
  throw new TypeError(`a ${typeof value} cannot be written`);
}
