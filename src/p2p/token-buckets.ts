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
    const tokens = this.#tokens(key, rate);
    this.#keep(key, tokens >= 1 ? tokens - 1 : tokens);
    return tokens >= 1;
  }

  /**
   * Takes so many tokens for what has come already, and owes those that are not there.
   *
   * @param mostOwedMs beyond it nothing more is owed
   * @returns ms until nothing is owed any more; 0 if nothing is
   */
  spend(key: string, rate: Rate, count: number, mostOwedMs: number = Number.POSITIVE_INFINITY): number {
    const tokens = Math.max(this.#tokens(key, rate) - count, (-mostOwedMs * rate.perSecond) / 1_000);
    this.#keep(key, tokens);
    return tokens >= 0 ? 0 : (-tokens * 1_000) / rate.perSecond;
  }

  #tokens(key: string, rate: Rate): number {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return rate.burst;
    return Math.min(rate.burst, bucket.tokens + ((this.#now() - bucket.at) * rate.perSecond) / 1_000);
  }

  #keep(key: string, tokens: number): void {
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens, at: this.#now() });
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= MAX_BUCKETS) break;
      this.#buckets.delete(oldest);
    }
  }
}
