/** What several runs come to: a mean, and how sure it is. */

export interface Confidence {
  readonly mean: number;
  /** The true mean lies so far from it at most, in 95 of 100 cases; undefined for a single value. */
  readonly halfWidth: number | undefined;
}

/** Student's t for 95 %, by degrees of freedom from 1. Source: NIST/SEMATECH e-Handbook, 1.3.6.7.2. */
const STUDENT = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];
/** For more of them, near enough. */
const NORMAL = 1.98;

/** @param values at least one, independent of each other */
export function confidenceOf(values: readonly number[]): Confidence {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count < 2) return { mean, halfWidth: undefined };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  return { mean, halfWidth: (STUDENT[count - 2] ?? NORMAL) * Math.sqrt(variance / count) };
}
