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

/** Batches of a series; and Student's t for one fewer. */
const BATCHES = 20;
const T19 = 2.093;

/**
 * The mean of a series whose neighbours depend on each other, by batch means: the means of its parts hardly do.
 *
 * Source: Law, "Simulation Modeling and Analysis", 2015, section 9.5.3.
 */
export function meanOfSeries(values: readonly number[]): Estimate {
  const size = Math.floor(values.length / BATCHES);
  const means = Array.from({ length: BATCHES }, (_, batch) => {
    const part = values.slice(batch * size, (batch + 1) * size);
    return part.reduce((sum, value) => sum + value, 0) / size;
  });
  const mean = means.reduce((sum, value) => sum + value, 0) / BATCHES;
  const variance = means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (BATCHES - 1);
  const half = T19 * Math.sqrt(variance / BATCHES);
  return { value: mean, low: mean - half, high: mean + half };
}

export function contains({ high, low }: Estimate, value: number): boolean {
  return low <= value && value <= high;
}
