/**
 * SSZ written a second time, from its specification alone (ethereum/consensus-specs, ssz/simple-serialize.md):
 * a plain recursion over `node:crypto`'s SHA-256. Nothing here comes from `src/` or from an SSZ library, so
 * what it agrees with was not copied from itself. Slow and simple on purpose.
 */
import { createHash } from 'node:crypto';

/** How one type is written, read and hashed. Integers are bigint, byte strings `Uint8Array`, lists arrays. */
export interface Ssz<T> {
  /** Undefined if the length varies. */
  readonly fixedBytes: number | undefined;
  serialize(value: T): Uint8Array;
  /** @throws Error if the bytes are not the one encoding of a value */
  deserialize(bytes: Uint8Array): T;
  hashTreeRoot(value: T): Uint8Array;
}

export type ValueOf<S> = S extends Ssz<infer T> ? T : never;

const OFFSET_BYTES = 4;
const CHUNK_BYTES = 32;

export function sha256(...parts: Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

export function uint(byteLength: number): Ssz<bigint> {
  const serialize = (value: bigint) => {
    if (value < 0n || value >> BigInt(8 * byteLength) !== 0n)
      throw new Error(`${value} in ${byteLength} bytes`);
    return Uint8Array.from({ length: byteLength }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
  };
  return {
    fixedBytes: byteLength,
    serialize,
    deserialize(bytes) {
      requireLength(bytes, byteLength);
      return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
    },
    hashTreeRoot: (value) => merkleize(pack(serialize(value)), 1),
  };
}

export function byteVector(byteLength: number): Ssz<Uint8Array> {
  const serialize = (value: Uint8Array) => {
    requireLength(value, byteLength);
    return value;
  };
  return {
    fixedBytes: byteLength,
    serialize,
    deserialize: serialize,
    hashTreeRoot: (value) => merkleize(pack(serialize(value)), Math.ceil(byteLength / CHUNK_BYTES)),
  };
}

export function byteList(limit: number): Ssz<Uint8Array> {
  const serialize = (value: Uint8Array) => {
    if (value.length > limit) throw new Error(`${value.length} bytes of at most ${limit}`);
    return value;
  };
  return {
    fixedBytes: undefined,
    serialize,
    deserialize: serialize,
    hashTreeRoot: (value) =>
      mixInLength(merkleize(pack(serialize(value)), Math.ceil(limit / CHUNK_BYTES)), value.length),
  };
}

/** A list of containers: every item is a chunk of its own. */
export function list<T>(item: Ssz<T>, limit: number): Ssz<T[]> {
  return {
    fixedBytes: undefined,
    serialize(values) {
      if (values.length > limit) throw new Error(`${values.length} items of at most ${limit}`);
      return join(
        values.map((value) => ({ bytes: item.serialize(value), fixed: item.fixedBytes !== undefined })),
      );
    },
    deserialize(bytes) {
      const count = countItems(item.fixedBytes, bytes);
      if (count > limit) throw new Error(`${count} items of at most ${limit}`);
      return split(Array<Ssz<T>>(count).fill(item), bytes).map((part) => item.deserialize(part));
    },
    hashTreeRoot(values) {
      if (values.length > limit) throw new Error(`${values.length} items of at most ${limit}`);
      return mixInLength(
        merkleize(
          values.map((value) => item.hashTreeRoot(value)),
          limit,
        ),
        values.length,
      );
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: any type of field may stand in a container; the mapped types keep them apart
type Fields = Record<string, Ssz<any>>;
type Values<F extends Fields> = { [Name in keyof F]: ValueOf<F[Name]> };

/** Fields in the order written. */
export function container<F extends Fields>(fields: F): Ssz<Values<F>> {
  const entries = Object.entries(fields);
  const types = Object.values(fields);
  const fixed = types.every((type) => type.fixedBytes !== undefined);
  return {
    fixedBytes: fixed ? types.reduce((sum, type) => sum + (type.fixedBytes ?? 0), 0) : undefined,
    serialize: (value) =>
      join(
        entries.map(([name, type]) => ({
          bytes: type.serialize(value[name]),
          fixed: type.fixedBytes !== undefined,
        })),
      ),
    deserialize(bytes) {
      const parts = split(types, bytes);
      return Object.fromEntries(
        entries.map(([name, type], i) => [name, type.deserialize(parts[i] ?? new Uint8Array())]),
      ) as Values<F>;
    },
    hashTreeRoot: (value) =>
      merkleize(
        entries.map(([name, type]) => type.hashTreeRoot(value[name])),
        entries.length,
      ),
  };
}

/** Fixed parts in place, an offset for each variable one, then the variable ones. */
function join(parts: { bytes: Uint8Array; fixed: boolean }[]): Uint8Array {
  let offset = parts.reduce((sum, { bytes, fixed }) => sum + (fixed ? bytes.length : OFFSET_BYTES), 0);
  const head: Uint8Array[] = [];
  const tail: Uint8Array[] = [];
  for (const { bytes, fixed } of parts) {
    if (fixed) {
      head.push(bytes);
    } else {
      head.push(uint(OFFSET_BYTES).serialize(BigInt(offset)));
      tail.push(bytes);
      offset += bytes.length;
    }
  }
  return new Uint8Array(Buffer.concat([...head, ...tail]));
}

/** The bytes of each part. The first offset must be where the fixed parts end, and none may go back. */
function split(types: readonly { fixedBytes: number | undefined }[], bytes: Uint8Array): Uint8Array[] {
  const headBytes = types.reduce((sum, type) => sum + (type.fixedBytes ?? OFFSET_BYTES), 0);
  if (bytes.length < headBytes) throw new Error(`${bytes.length} bytes, at least ${headBytes}`);
  let position = 0;
  let variable: { start: number; end: number } | undefined;
  const ranges = types.map(({ fixedBytes }) => {
    const start = position;
    position += fixedBytes ?? OFFSET_BYTES;
    if (fixedBytes !== undefined) return { start, end: position };
    const offset = readOffset(bytes, start);
    if (variable === undefined ? offset !== headBytes : offset < variable.start || offset > bytes.length) {
      throw new Error(`offset ${offset}`);
    }
    if (variable !== undefined) variable.end = offset;
    variable = { start: offset, end: bytes.length };
    return variable;
  });
  if (variable === undefined && bytes.length !== headBytes) throw new Error('bytes left over');
  return ranges.map(({ start, end }) => bytes.slice(start, end));
}

function countItems(fixedBytes: number | undefined, bytes: Uint8Array): number {
  if (bytes.length === 0) return 0;
  const count = fixedBytes === undefined ? readOffset(bytes, 0) / OFFSET_BYTES : bytes.length / fixedBytes;
  if (!Number.isInteger(count) || count === 0) throw new Error(`${count} items`);
  if (fixedBytes === undefined && count * OFFSET_BYTES > bytes.length) throw new Error(`${count} items`);
  return count;
}

function readOffset(bytes: Uint8Array, position: number): number {
  return Number(uint(OFFSET_BYTES).deserialize(bytes.slice(position, position + OFFSET_BYTES)));
}

/** Chunks of 32 bytes, the last filled up with zeros. */
function pack(bytes: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
    const chunk = new Uint8Array(CHUNK_BYTES);
    chunk.set(bytes.slice(start, start + CHUNK_BYTES));
    chunks.push(chunk);
  }
  return chunks;
}

/** Root of the binary tree over `limit` chunks, rounded up to a power of two; those not given are zeros. */
function merkleize(chunks: Uint8Array[], limit: number): Uint8Array {
  let level = chunks;
  let zero: Uint8Array = new Uint8Array(CHUNK_BYTES);
  for (let width = 1; width < limit; width *= 2) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) above.push(sha256(level[i] ?? zero, level[i + 1] ?? zero));
    level = above;
    zero = sha256(zero, zero);
  }
  return level[0] ?? zero;
}

function mixInLength(root: Uint8Array, length: number): Uint8Array {
  return sha256(root, uint(CHUNK_BYTES).serialize(BigInt(length)));
}

function requireLength(bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw new Error(`${bytes.length} bytes, not ${length}`);
}
