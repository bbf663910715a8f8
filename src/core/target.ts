/** Proof of work: targets, their compact form ("bits"), and the work a block stands for. */
import { RuleError } from './errors.ts';
import { sealedHeaderRoot } from './hashing.ts';
import { bytesToBigInt, bytesToHex } from './hex.ts';
import type { SealedHeader } from './types.ts';

const TARGET_SPAN = 2n ** 256n;
const MANTISSA_SIGN = 0x0080_0000;
const MANTISSA_MASK = 0x007f_ffff;

/**
 * The target a compact form stands for, as Bitcoin reads it: the first byte counts the bytes of the
 * number, the other three are its leading digits.
 *
 * @returns undefined if the form is negative, zero or more than 256 bits
 */
export function targetFromBits(bits: number): bigint | undefined {
  const size = bits >>> 24;
  const mantissa = BigInt(bits & MANTISSA_MASK);
  const target = size <= 3 ? mantissa >> BigInt(8 * (3 - size)) : mantissa << BigInt(8 * (size - 3));
  if ((bits & MANTISSA_SIGN) !== 0 || target === 0n || target >= TARGET_SPAN) return undefined;
  return target;
}

/** The compact form of a target, its lower digits cut off. @param target at least 1, below 2^256 */
export function bitsFromTarget(target: bigint): number {
  let size = Math.ceil(target.toString(16).length / 2);
  let mantissa = Number(size <= 3 ? target << BigInt(8 * (3 - size)) : target >> BigInt(8 * (size - 3)));
  if ((mantissa & MANTISSA_SIGN) !== 0) {
    mantissa >>= 8;
    size += 1;
  }
  return ((size << 24) | mantissa) >>> 0;
}

/** Hashes it takes on average to meet `target`: ⌊2^256 / (target + 1)⌋. */
export function workOfTarget(target: bigint): bigint {
  return TARGET_SPAN / (target + 1n);
}

/** Work of a block whose bits have been checked. @throws RangeError if they are no target */
export function workOfBits(bits: number): bigint {
  return workOfTarget(requireTarget(bits));
}

/** @throws RangeError if `bits` is no target: the caller promised it had been checked */
export function requireTarget(bits: number): bigint {
  const target = targetFromBits(bits);
  if (target === undefined) throw new RangeError(`0x${bits.toString(16)} is not a target in compact form`);
  return target;
}

/**
 * Checks that the block id, read as a big-endian integer, is ≤ the target its own bits claim. That these
 * are the right bits is the difficulty rule's business.
 *
 * @param root the block id's 32 bytes, from whoever has hashed the header already
 * @returns the same
 * @throws RuleError `invalid-proof-of-work`
 */
export function checkProofOfWork(
  sealed: SealedHeader,
  root: Uint8Array = sealedHeaderRoot(sealed),
): Uint8Array {
  const target = targetFromBits(sealed.header.bits);
  if (target === undefined || bytesToBigInt(root) > target) {
    throw new RuleError(
      'invalid-proof-of-work',
      `block ${bytesToHex(root)} with bits 0x${sealed.header.bits.toString(16)}`,
    );
  }
  return root;
}
