/** Notches a byte, compared without rounding. */
export interface FeeRate {
  /** Notches. */
  readonly fee: bigint;
  /** SSZ bytes. */
  readonly size: number;
}

/** Doubles further apart than this share of themselves are in the right order whatever was rounded. */
const ROUNDING = 1e-12;

/** Negative if `a` pays less for each byte than `b`, 0 if exactly the same. */
export function compareFeeRates(a: FeeRate, b: FeeRate): number {
  const left = Number(a.fee) * b.size;
  const right = Number(b.fee) * a.size;
  if (Math.abs(left - right) > ROUNDING * Math.max(left, right)) return left - right;
  const exactLeft = a.fee * BigInt(b.size);
  const exactRight = b.fee * BigInt(a.size);
  return exactLeft < exactRight ? -1 : exactLeft > exactRight ? 1 : 0;
}
