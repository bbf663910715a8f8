/**
 * Short ids: how a compact block names its transactions. The first 6 bytes of `sha256(transactionId ‖ blockId)`,
 * so nobody can prepare two transactions with the same short id before the block is mined. One 64-byte hash
 * each, which the native hasher does in batches: a pool of 200,000 takes some 13 ms.
 *
 * Values here are numbers below 2^48, the 6 bytes read as a little-endian integer.
 */
import { hashInto } from '@chainsafe/persistent-merkle-tree';
import { ID_BYTES } from './identifiers.ts';

export const SHORT_ID_BYTES = 6;

const ID_WORDS = ID_BYTES / Uint32Array.BYTES_PER_ELEMENT;
/** Ids hashed at once: their pairs stay in a processor's second cache. */
const BATCH_IDS = 1_024;
const UPPER = 2 ** 32;

/**
 * The short ids of transactions in a block.
 *
 * @param ids 32 bytes each, one after the other
 * @param block the block's id, 32 bytes
 */
export function shortIdsOf(ids: Uint8Array, block: Uint8Array): Float64Array {
  const source = wordsOf(ids);
  const count = source.length / ID_WORDS;
  const values = new Float64Array(count);
  const batch = Math.min(count, BATCH_IDS);
  const pairs = new Uint32Array(2 * ID_WORDS * batch);
  const pairBytes = new Uint8Array(pairs.buffer);
  const hashes = new Uint8Array(ID_BYTES * batch);
  const view = new DataView(hashes.buffer);
  for (let i = 0; i < batch; i++) pairBytes.set(block, 2 * ID_BYTES * i + ID_BYTES);
  for (let start = 0; start < count; start += batch) {
    const size = Math.min(batch, count - start);
    for (let i = 0; i < size; i++) {
      const from = ID_WORDS * (start + i);
      const to = 2 * ID_WORDS * i;
      // Word by word: a view for each id costs as much as the hash (measured).
      for (let word = 0; word < ID_WORDS; word++) pairs[to + word] = source[from + word] as number;
    }
    hashInto(pairBytes.subarray(0, 2 * ID_BYTES * size), hashes.subarray(0, ID_BYTES * size));
    for (let i = 0; i < size; i++) values[start + i] = valueAt(view, ID_BYTES * i);
  }
  return values;
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  const isAligned = bytes.byteOffset % Uint32Array.BYTES_PER_ELEMENT === 0;
  const { buffer, byteOffset, length } = isAligned ? bytes : bytes.slice();
  return new Uint32Array(buffer, byteOffset, length / Uint32Array.BYTES_PER_ELEMENT);
}

/** As they stand in a message: 6 bytes each, one after the other. */
export function packShortIds(values: Float64Array): Uint8Array {
  const bytes = new Uint8Array(SHORT_ID_BYTES * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    const at = SHORT_ID_BYTES * index;
    view.setUint32(at, value % UPPER, true);
    view.setUint16(at + 4, Math.floor(value / UPPER), true);
  });
  return bytes;
}

/** @param bytes a multiple of 6 */
export function unpackShortIds(bytes: Uint8Array): Float64Array {
  const values = new Float64Array(bytes.length / SHORT_ID_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let index = 0; index < values.length; index++) values[index] = valueAt(view, SHORT_ID_BYTES * index);
  return values;
}

/** The 6 bytes from `at` on. */
function valueAt(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint16(at + 4, true) * UPPER;
}
