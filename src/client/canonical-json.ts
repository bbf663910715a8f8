/** JSON in one way only (RFC 8785), so that it can be hashed and authenticated. */
import { invariant } from '../core/errors.ts';

export type CanonicalValue =
  | string
  | number
  | boolean
  | readonly CanonicalValue[]
  | { readonly [name: string]: CanonicalValue | undefined };

/** Members sorted by name, no white space; those undefined are left out. Numbers are whole, up to 2^53 − 1. */
export function canonicalJson(value: CanonicalValue): string {
  if (typeof value === 'number')
    invariant(Number.isSafeInteger(value), 'only whole numbers are canonical here');
  if (typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.entries(value)
    .filter((member): member is [string, CanonicalValue] => member[1] !== undefined)
    // By UTF-16 code units, as the RFC has it.
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}

function isList(value: object): value is readonly CanonicalValue[] {
  return Array.isArray(value);
}
