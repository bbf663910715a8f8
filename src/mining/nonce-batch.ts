/** The inner loop of mining: many nonces hashed at once. */
import { randomFillSync } from 'node:crypto';
import { hasher } from '@chainsafe/persistent-merkle-tree';
import { bigIntToBytes } from '../core/hex.ts';

const ROOT_BYTES = 32;
const NONCE_BYTES = 32;
const BLOCK_BYTES = ROOT_BYTES + NONCE_BYTES;
const HASH_BYTES = 32;
/** Of the nonce: drawn afresh for each search and thread, so no two ever try the same nonces. */
const RANDOM_BYTES = 24;
const WORD_BYTES = 4;
const WORDS_PER_BLOCK = BLOCK_BYTES / WORD_BYTES;
const WORDS_PER_HASH = HASH_BYTES / WORD_BYTES;
const COUNTER_WORD = (ROOT_BYTES + RANDOM_BYTES) / WORD_BYTES;
const SLOT_WORD = COUNTER_WORD + 1;
const MAX_COUNTER = 2 ** 32 - 1;

/**
 * A batch of 64-byte blocks, `headerRoot ‖ nonce` each, that a hasher takes in one call.
 *
 *     nonce = 24 random bytes ‖ number of the batch (4 bytes) ‖ place in the batch (4 bytes)
 *
 * From one batch to the next only the batch's number changes: one word a hash is written, one is read.
 */
export class NonceBatch {
  /** Hashes a batch, a multiple of four. */
  readonly size: number;
  readonly #input: Uint8Array;
  /** Signed, for engines read and write such words without a conversion; only their bits matter. */
  readonly #inputWords: Int32Array;
  readonly #output: Uint8Array;
  readonly #outputWords: Int32Array;
  #target: Uint8Array = new Uint8Array(HASH_BYTES);
  #zeroBits = 0;
  #counter = 0;

  constructor(size: number) {
    this.size = size;
    this.#input = new Uint8Array(size * BLOCK_BYTES);
    this.#inputWords = new Int32Array(this.#input.buffer);
    this.#output = new Uint8Array(size * HASH_BYTES);
    this.#outputWords = new Int32Array(this.#output.buffer);
  }

  /**
   * Begins a search.
   *
   * @param headerRoot 32 bytes
   * @param target the largest hash allowed, read as a big-endian integer
   * @throws RangeError if the root has another length or the target is no uint256
   */
  start(headerRoot: Uint8Array, target: bigint): void {
    if (headerRoot.length !== ROOT_BYTES) {
      throw new RangeError(`headerRoot: ${headerRoot.length} bytes, not ${ROOT_BYTES}`);
    }
    this.#target = bigIntToBytes(target, HASH_BYTES);
    this.#zeroBits = leadingZeroBits(this.#target);
    this.#input.set(headerRoot);
    this.#drawNonces();
  }

  /** Hashes the next `size` nonces. @returns one that meets the target, or undefined */
  next(): Uint8Array | undefined {
    if (this.#counter === MAX_COUNTER) this.#drawNonces();
    this.#counter++;
    // Locals: in this loop a field read costs as much as the work.
    const inputWords = this.#inputWords;
    const counter = this.#counter;
    for (let word = COUNTER_WORD; word < inputWords.length; word += WORDS_PER_BLOCK) {
      inputWords[word] = counter;
    }
    hasher.hashInto(this.#input, this.#output);
    const outputWords = this.#outputWords;
    const zeroBits = this.#zeroBits;
    // Four hashes a round: measured, it halves what the scan costs.
    for (let word = 0; word < outputWords.length; word += 4 * WORDS_PER_HASH) {
      if (
        ((outputWords[word] as number) & zeroBits) === 0 ||
        ((outputWords[word + WORDS_PER_HASH] as number) & zeroBits) === 0 ||
        ((outputWords[word + 2 * WORDS_PER_HASH] as number) & zeroBits) === 0 ||
        ((outputWords[word + 3 * WORDS_PER_HASH] as number) & zeroBits) === 0
      ) {
        const slot = this.#firstToMeetTarget(word / WORDS_PER_HASH);
        if (slot !== undefined) return this.#nonce(slot);
      }
    }
    return undefined;
  }

  /** Looks at four hashes in full. */
  #firstToMeetTarget(firstSlot: number): number | undefined {
    for (let slot = firstSlot; slot < firstSlot + 4; slot++) if (this.#meetsTarget(slot)) return slot;
    return undefined;
  }

  #nonce(slot: number): Uint8Array {
    return this.#input.slice(slot * BLOCK_BYTES + ROOT_BYTES, (slot + 1) * BLOCK_BYTES);
  }

  #drawNonces(): void {
    const input = this.#input;
    randomFillSync(input, ROOT_BYTES, RANDOM_BYTES);
    for (let filled = BLOCK_BYTES; filled < input.length; filled *= 2) input.copyWithin(filled, 0, filled);
    for (let slot = 0; slot < this.size; slot++) this.#inputWords[slot * WORDS_PER_BLOCK + SLOT_WORD] = slot;
    this.#counter = 0;
  }

  #meetsTarget(slot: number): boolean {
    const hash = slot * HASH_BYTES;
    for (let i = 0; i < HASH_BYTES; i++) {
      const difference = (this.#output[hash + i] as number) - (this.#target[i] as number);
      if (difference !== 0) return difference < 0;
    }
    return true;
  }
}

/**
 * The bits of a hash's first word, as this machine reads it, that are zero in every number up to `target`.
 * Only a hash that has them all zero is compared in full: one in two at worst, one in 2^32 when it is hard.
 */
function leadingZeroBits(target: Uint8Array): number {
  const bits = new Uint8Array(WORD_BYTES);
  for (let i = 0; i < WORD_BYTES; i++) {
    const byte = target[i] as number;
    if (byte === 0) {
      bits[i] = 0xff;
      continue;
    }
    bits[i] = (0xff << (32 - Math.clz32(byte))) & 0xff;
    break;
  }
  return new Int32Array(bits.buffer)[0] as number;
}
