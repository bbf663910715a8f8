/** Numbers measured by the million, kept in little memory. */
import { SeededRandom } from './random.ts';

/** Enough for percentiles of a percent. */
const MAX_SAMPLES = 50_000;
/** Points of a series: more than a plot has room for. */
const MAX_POINTS = 1_024;

/** Numbers of which a random sample is kept: each is as likely to be in it as any other. */
export class Sample {
  readonly #random = new SeededRandom('sample');
  readonly #kept: number[] = [];
  #count = 0;

  add(value: number): void {
    this.#count++;
    if (this.#kept.length < MAX_SAMPLES) this.#kept.push(value);
    else {
      const place = this.#random.integer(this.#count);
      if (place < MAX_SAMPLES) this.#kept[place] = value;
    }
  }

  /** Ascending. */
  sorted(): number[] {
    return this.#kept.toSorted((a, b) => a - b);
  }
}

export interface SeriesPoint {
  /** Virtual ms since the start. */
  readonly atMs: number;
  readonly value: number;
}

/** A number over time. Of long runs neighbours are kept as their mean. */
export class Series {
  #points: SeriesPoint[] = [];
  /** How many values make a point. */
  #values = 1;
  #waiting: SeriesPoint[] = [];

  add(atMs: number, value: number): void {
    this.#waiting.push({ atMs, value });
    if (this.#waiting.length < this.#values) return;
    this.#points.push(meanOf(this.#waiting));
    this.#waiting = [];
    if (this.#points.length < MAX_POINTS) return;
    const halved: SeriesPoint[] = [];
    for (let i = 0; i + 1 < this.#points.length; i += 2) halved.push(meanOf(this.#points.slice(i, i + 2)));
    this.#points = halved;
    this.#values *= 2;
  }

  points(): SeriesPoint[] {
    return this.#waiting.length === 0 ? this.#points : [...this.#points, meanOf(this.#waiting)];
  }
}

function meanOf(points: readonly SeriesPoint[]): SeriesPoint {
  return { atMs: mean(points.map(({ atMs }) => atMs)), value: mean(points.map(({ value }) => value)) };
}

/** @param sorted ascending @param share 0 to 1 @returns 0 if there are none */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** @returns 0 if there are none */
export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
