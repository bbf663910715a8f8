/** Estimates with their uncertainty. */

export interface Estimate {
  readonly value: number;
  /** 95 % confidence interval. */
  readonly low: number;
  readonly high: number;
}

const Z95 = 1.959964;

/**
 * A share of independent trials, with Wilson's interval.
 *
 * Source: Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", 1927.
 */
export function proportion(successes: number, trials: number): Estimate {
  const share = successes / trials;
  const square = Z95 ** 2 / trials;
  const middle = (share + square / 2) / (1 + square);
  const half = (Z95 / (1 + square)) * Math.sqrt((share * (1 - share)) / trials + square / (4 * trials));
  return { value: share, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

export function contains({ high, low }: Estimate, value: number): boolean {
  return low <= value && value <= high;
}
