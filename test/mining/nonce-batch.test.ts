import { createHash, randomBytes } from 'node:crypto';
import { type Hasher, hasher, setHasher } from '@chainsafe/persistent-merkle-tree';
import { hasher as asSha256 } from '@chainsafe/persistent-merkle-tree/hasher/as-sha256';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { bigIntToBytes, bytesToBigInt, bytesToHex } from '../../src/core/hex.ts';
import { NonceBatch } from '../../src/mining/nonce-batch.ts';

const MAX_TARGET = 2n ** 256n - 1n;
const native = hasher;
afterEach(() => setHasher(native));

/** The hash of `headerRoot ‖ nonce` by another implementation. */
function hashOf(headerRoot: Uint8Array, nonce: Uint8Array): bigint {
  return bytesToBigInt(createHash('sha256').update(headerRoot).update(nonce).digest());
}

/** Hashes batches until one finds. */
function find(batch: NonceBatch, maxBatches: number): Uint8Array {
  for (let i = 0; i < maxBatches; i++) {
    const nonce = batch.next();
    if (nonce !== undefined) return nonce;
  }
  throw new Error(`nothing found in ${maxBatches} batches`);
}

/** The hashes of the batch are these, whatever the nonces. @returns where the blocks hashed last are kept */
function pretend(hashes: bigint[]): { blocks: Uint8Array } {
  const last = { blocks: new Uint8Array() };
  const hashInto = (input: Uint8Array, output: Uint8Array): void => {
    last.blocks = input.slice();
    for (const [slot, hash] of hashes.entries()) output.set(bigIntToBytes(hash, 32), slot * 32);
  };
  setHasher({ ...native, hashInto });
  return last;
}

describe('NonceBatch', () => {
  it.each<[string, Hasher]>([
    [native.name, native],
    [asSha256.name, asSha256],
  ])('finds nonces whose hash is at most the target, with %s, by node:crypto', (_name, hashing) => {
    setHasher(hashing);
    const batch = new NonceBatch(256);
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.integer({ min: 0, max: 10 }),
        fc.bigInt({ min: 2n ** 255n, max: MAX_TARGET }),
        (headerRoot, zeroBits, digits) => {
          const target = digits >> BigInt(zeroBits);
          batch.start(headerRoot, target);
          const nonce = find(batch, 1_000);
          expect(nonce).toHaveLength(32);
          expect(hashOf(headerRoot, nonce)).toBeLessThanOrEqual(target);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('finds the first hash at most the target, wherever it stands, and none above', () => {
    const batch = new NonceBatch(8);
    const nearTarget = fc
      .tuple(fc.bigInt({ min: 0n, max: MAX_TARGET }), fc.integer({ min: 0, max: 256 }))
      .map(([digits, shift]) => digits >> BigInt(shift))
      .chain((target) =>
        fc.record({
          target: fc.constant(target),
          hashes: fc.array(
            fc.oneof(
              fc.bigInt({ min: 0n, max: MAX_TARGET }),
              fc.constantFrom(target - 1n, target, target + 1n, target * 2n).map(clamp),
              fc.bigInt({ min: target, max: MAX_TARGET }),
            ),
            { minLength: 8, maxLength: 8 },
          ),
        }),
      );
    fc.assert(
      fc.property(nearTarget, ({ target, hashes }) => {
        const last = pretend(hashes);
        batch.start(new Uint8Array(32), target);
        const nonce = batch.next();
        const slot = hashes.findIndex((hash) => hash <= target);
        const expected = slot < 0 ? undefined : last.blocks.slice(slot * 64 + 32, (slot + 1) * 64);
        expect(nonce).toEqual(expected);
      }),
      { numRuns: 1_000 },
    );
  });

  it('never tries a nonce twice, within a search or in another', () => {
    const last = pretend(new Array(8).fill(MAX_TARGET));
    const batch = new NonceBatch(8);
    const headerRoot = randomBytes(32);
    const blocks = new Set<string>();
    for (let search = 0; search < 50; search++) {
      batch.start(headerRoot, 1n);
      for (let i = 0; i < 20; i++) {
        batch.next();
        for (let slot = 0; slot < 8; slot++) {
          const block = last.blocks.subarray(slot * 64, (slot + 1) * 64);
          expect(block.subarray(0, 32)).toEqual(new Uint8Array(headerRoot));
          blocks.add(bytesToHex(block));
        }
      }
    }
    expect(blocks.size).toBe(50 * 20 * 8);
  });

  it('refuses a root of another length and a target that is no uint256', () => {
    const batch = new NonceBatch(4);
    expect(() => batch.start(new Uint8Array(31), 1n)).toThrow(RangeError);
    expect(() => batch.start(new Uint8Array(32), 2n ** 256n)).toThrow(RangeError);
    expect(() => batch.start(new Uint8Array(32), -1n)).toThrow(RangeError);
  });
});

function clamp(value: bigint): bigint {
  if (value < 0n) return 0n;
  return value > MAX_TARGET ? MAX_TARGET : value;
}
