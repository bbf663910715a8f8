/** Changes to bytes that know nothing of what they mean, as AFL and libFuzzer make them. */
import type { Chance } from './random.ts';

/** What a mutation may draw from. */
export interface Materials {
  readonly chance: Chance;
  /** Longest result. */
  readonly maxBytes: number;
  /** Literals of the code under test, and words of the format. */
  readonly tokens: readonly Uint8Array[];
  /** Another input of the corpus. */
  readonly other: () => Uint8Array;
}

const INTERESTING = [
  0n,
  1n,
  2n,
  4n,
  16n,
  32n,
  64n,
  100n,
  127n,
  128n,
  255n,
  256n,
  512n,
  1_000n,
  1_024n,
  4_096n,
  32_767n,
  32_768n,
  65_535n,
  65_536n,
  100_663_045n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];
const MAX_CHANGES = 6;
/** Once in so many mutations an input is made as long as it may be: to find what takes time by the square. */
const BLOW_UP_ONE_IN = 5_000;

export function mutateBytes(input: Uint8Array, materials: Materials): Uint8Array {
  const { chance, maxBytes } = materials;
  let bytes = input;
  if (chance.oneIn(BLOW_UP_ONE_IN)) bytes = blowUp(bytes, materials);
  for (let changes = 1 + chance.below(MAX_CHANGES); changes > 0; changes--) bytes = change(bytes, materials);
  return bytes.length > maxBytes ? bytes.slice(0, maxBytes) : bytes;
}

function change(input: Uint8Array, materials: Materials): Uint8Array {
  const { chance } = materials;
  if (input.length === 0) return insert(input, 0, randomBytes(chance, 1 + chance.below(8)));
  const at = chance.below(input.length);
  // Also behind the last byte.
  const gap = chance.below(input.length + 1);
  switch (chance.below(12)) {
    case 0:
      return put(input, at, [(input[at] as number) ^ (1 << chance.below(8))]);
    case 1:
      return put(input, at, [chance.below(256)]);
    case 2:
      return put(input, at, [(input[at] as number) + chance.below(35) - 17]);
    case 3:
      return put(input, at, integer(chance, BigInt(input.length)));
    case 4:
      return addToInteger(input, at, chance);
    case 5:
      return remove(input, at, rangeLength(chance, input.length - at));
    case 6:
      return insert(input, gap, input.slice(at, at + rangeLength(chance, input.length - at)));
    case 7:
      return insert(input, gap, randomBytes(chance, 1 + chance.below(16)));
    case 8: {
      const from = chance.below(input.length);
      return put(input, at, input.slice(from, from + rangeLength(chance, input.length - from)));
    }
    case 9:
      if (chance.oneIn(8)) return token(materials);
      return chance.oneIn(4) ? input.slice(0, at) : splice(input, gap, materials);
    case 10:
      return insert(input, gap, token(materials));
    default:
      return put(input, at, token(materials));
  }
}

/** Mostly short, now and then anything. */
function rangeLength(chance: Chance, most: number): number {
  return 1 + chance.below(chance.oneIn(4) ? most : Math.min(most, 36));
}

function token({ chance, tokens }: Materials): Uint8Array {
  return tokens.length === 0 ? randomBytes(chance, 4) : chance.pick(tokens);
}

function splice(input: Uint8Array, at: number, { chance, other }: Materials): Uint8Array {
  const second = other();
  const from = chance.below(second.length);
  const part = second.slice(
    from,
    chance.oneIn(2) ? second.length : from + rangeLength(chance, second.length - from),
  );
  return chance.oneIn(2) ? concat(input.subarray(0, at), part) : insert(input, at, part);
}

/** An integer with an edge to it, in 1, 2, 4 or 8 bytes, of either order. */
function integer(chance: Chance, length: bigint): Uint8Array {
  const base = chance.oneIn(4) ? length : chance.pick(INTERESTING);
  return encode(base + BigInt(chance.below(5) - 2), 1 << chance.below(4), chance.oneIn(4));
}

function addToInteger(input: Uint8Array, at: number, chance: Chance): Uint8Array {
  const width = Math.min(1 << (1 + chance.below(3)), input.length - at);
  const isBigEndian = chance.oneIn(4);
  const bytes = input.slice(at, at + width);
  if (isBigEndian) bytes.reverse();
  let value = 0n;
  for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte);
  return put(input, at, encode(value + BigInt(chance.below(71) - 35), width, isBigEndian));
}

function encode(value: bigint, width: number, isBigEndian: boolean): Uint8Array {
  const bytes = Uint8Array.from({ length: width }, (_, index) =>
    Number((value >> BigInt(8 * index)) & 0xffn),
  );
  return isBigEndian ? bytes.reverse() : bytes;
}

function blowUp(input: Uint8Array, { chance, maxBytes }: Materials): Uint8Array {
  if (input.length === 0) return new Uint8Array(maxBytes);
  const from = chance.below(input.length);
  const part = input.subarray(from, from + rangeLength(chance, Math.min(256, input.length - from)));
  const room = Math.max(0, maxBytes - input.length);
  const filler = new Uint8Array(room);
  for (let at = 0; at < room; at += part.length) filler.set(part.subarray(0, room - at), at);
  return insert(input, from, filler);
}

function randomBytes(chance: Chance, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => chance.below(256));
}

/** Over what is there, and beyond it. */
function put(input: Uint8Array, at: number, over: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(Math.max(input.length, at + over.length));
  bytes.set(input);
  bytes.set(over, at);
  return bytes;
}

function insert(input: Uint8Array, at: number, part: Uint8Array): Uint8Array {
  return concat(input.subarray(0, at), part, input.subarray(at));
}

function remove(input: Uint8Array, at: number, length: number): Uint8Array {
  return concat(input.subarray(0, at), input.subarray(at + length));
}

function concat(...parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
