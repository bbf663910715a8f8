/** The difficulty rule: aserti3-2d's arithmetic with the parent as the anchor, clamped. */
import { bitsFromTarget, requireTarget } from './target.ts';
import type { NetworkParams } from './types.ts';

/** A pause counts as at most this many intervals, so that a network switched off for a night goes on at its pace. */
const MAX_SOLVE_INTERVALS = 32n;
const RADIX_BITS = 16n;
const RADIX = 1n << RADIX_BITS;

export interface AsertInput {
  readonly anchorTarget: bigint;
  /** From the anchor's parent to the block before the one computed; same unit as the two below. */
  readonly timeDelta: bigint;
  /** From the anchor to the block before the one computed. */
  readonly heightDelta: bigint;
  readonly blockInterval: bigint;
  /** More than 0. */
  readonly halfLife: bigint;
  readonly limit: bigint;
}

/**
 * anchorTarget × 2^((timeDelta − blockInterval × (heightDelta + 1)) / halfLife), in 16-bit fixed point.
 * At least 1, at most `limit`.
 *
 * Source: the aserti3-2d specification of Bitcoin Cash, November 2020; its vectors pass.
 */
export function asertTarget(input: AsertInput): bigint {
  const { anchorTarget, timeDelta, heightDelta, blockInterval, halfLife, limit } = input;
  // Division truncates towards zero, the shift below floors: both as specified.
  const exponent = ((timeDelta - blockInterval * (heightDelta + 1n)) * RADIX) / halfLife;
  const shifts = exponent >> RADIX_BITS;
  const fraction = exponent - (shifts << RADIX_BITS);
  const factor =
    RADIX +
    ((195_766_423_245_049n * fraction +
      971_821_376n * fraction ** 2n +
      5_127n * fraction ** 3n +
      2n ** 47n) >>
      48n);
  // 2^256 times anything is over every limit; without this bound a long pause would build a huge number.
  if (shifts > 256n) return limit;
  const shift = shifts - RADIX_BITS;
  const target = shift < 0n ? (anchorTarget * factor) >> -shift : (anchorTarget * factor) << shift;
  if (target === 0n) return 1n;
  return target > limit ? limit : target;
}

/** The ancestors' facts the rule reads. */
export interface DifficultyAncestor {
  readonly height: bigint;
  readonly timestamp: bigint;
  readonly bits: number;
}

/**
 * The bits the block after `parent` must carry.
 *
 * @param grandparent the parent's parent; undefined only if the parent is the genesis
 */
export function nextBits(
  params: NetworkParams,
  parent: DifficultyAncestor,
  grandparent: DifficultyAncestor | undefined,
): number {
  if (parent.height < 2n || grandparent === undefined) return params.initialBits;
  if (params.halfLife === 0n) return parent.bits;
  const solveTime = parent.timestamp - grandparent.timestamp;
  const longest = MAX_SOLVE_INTERVALS * params.blockInterval;
  return bitsFromTarget(
    asertTarget({
      anchorTarget: requireTarget(parent.bits),
      timeDelta: solveTime < longest ? solveTime : longest,
      heightDelta: 0n,
      blockInterval: params.blockInterval,
      halfLife: params.halfLife,
      limit: requireTarget(params.limitBits),
    }),
  );
}
