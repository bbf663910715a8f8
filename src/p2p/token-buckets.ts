/** How often a key may do something: a burst at once, then a steady rate. */

export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** Buckets kept. A peer's outlive its connection, or reconnecting would fill them; the longest unused go first. */
const MAX_BUCKETS = 4_096;

export class TokenBuckets {
  readonly #now: () => number;
  /** Least recently used first. */
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  /** @param now milliseconds, of any beginning */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes one token. @returns false if there is none */
  take(key: string, rate: Rate): boolean {
    const at = this.#now();
    const bucket = this.#buckets.get(key);
    const refilled =
      bucket === undefined ? rate.burst : bucket.tokens + ((at - bucket.at) * rate.perSecond) / 1_000;
    const tokens = Math.min(rate.burst, refilled);
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, at });
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= MAX_BUCKETS) break;
      this.#buckets.delete(oldest);
    }
    return tokens >= 1;
  }
}
