/** What a benchmark case is, and what it finds. */

/** What a figure is held against. */
export type Goal =
  | { readonly of: 'ratio' | 'value'; readonly atLeast: number }
  | { readonly of: 'ratio' | 'value'; readonly atMost: number };

/** One figure. */
export interface Row {
  readonly name: string;
  /** Median of the runs. */
  readonly value: number;
  readonly unit: string;
  /** What bounds it, measured in the same run: raw libsodium, the bare hasher, raw gossip, raw SQLite; null: nothing does. */
  readonly limit: number | null;
  /** Of value to limit, the median run by run; null without a limit. */
  readonly ratio: number | null;
  readonly runs: readonly number[];
  readonly goal?: Goal;
}

export interface BenchContext {
  /** How often each figure is measured. */
  readonly runs: number;
  /** Empty at first, gone afterwards. */
  readonly folder: string;
  /** Says what is going on, to whoever waits. */
  readonly tell: (text: string) => void;
}

export interface BenchCase {
  readonly name: string;
  /** In one line. */
  readonly about: string;
  measure(context: BenchContext): Promise<Row[]>;
}

/** A figure without a limit. */
export function figure(name: string, unit: string, runs: readonly number[], goal?: Goal): Row {
  return { name, value: median(runs), unit, limit: null, ratio: null, runs, ...(goal && { goal }) };
}

/** A figure beside its limit, both measured in turns: the nth run of one beside the nth of the other. */
export function comparedWith(
  name: string,
  unit: string,
  runs: readonly number[],
  limits: readonly number[],
  goal?: Goal,
): Row {
  const ratios = runs.map((value, run) => value / (limits[run] ?? Number.NaN));
  return {
    name,
    value: median(runs),
    unit,
    limit: median(limits),
    ratio: median(ratios),
    runs,
    ...(goal && { goal }),
  };
}

/** True also if there is no goal. */
export function isReached({ goal, ratio, value }: Row): boolean {
  if (goal === undefined) return true;
  const reached = goal.of === 'ratio' ? (ratio ?? Number.NaN) : value;
  return 'atLeast' in goal ? reached >= goal.atLeast : reached <= goal.atMost;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
