/** How fast the miner is: hashes a second over the last few seconds it searched. */

/** Long enough to be steady, short enough to show a core that was taken away. */
export const HASHRATE_WINDOW_MS = 5_000;
/** While a search runs, its hashes are looked at this often. */
export const HASHRATE_SAMPLE_MS = 500;
/** Searches may follow each other faster than that: what lies closer together than this is one sample. */
const MIN_SAMPLE_MS = 100;
/**
 * Between two blocks, and between two templates, nothing is searched for a moment: a miner that is asked just then is
 * no idle one. On a busy machine such moments are long, and an easy target is met before a thread has begun.
 */
export const LONGEST_PAUSE_MS = 1_000;

interface Sample {
  /** Milliseconds spent searching so far. */
  readonly activeMs: number;
  /** Hashes so far. */
  readonly hashes: number;
}

/**
 * Only time spent searching counts, so that pauses between blocks do not blur the figure. All times are
 * milliseconds of one monotonic clock; hashes are totals that only grow.
 */
export class HashrateMeter {
  /** Oldest first; together they span the window, and at most `HASHRATE_WINDOW_MS / MIN_SAMPLE_MS` + 2 are kept. */
  #samples: Sample[] = [{ activeMs: 0, hashes: 0 }];
  #activeMs = 0;
  #lastMs: number | undefined;
  #endedMs = Number.NEGATIVE_INFINITY;

  /** A search began. */
  begin(nowMs: number): void {
    this.#lastMs = nowMs;
  }

  /** A search goes on. */
  sample(nowMs: number, hashes: number): void {
    this.#advance(nowMs);
    const samples = this.#samples;
    const [newest, beforeNewest] = [samples.at(-1), samples.at(-2)];
    const sample: Sample = { activeMs: this.#activeMs, hashes };
    if (newest && beforeNewest && newest.activeMs - beforeNewest.activeMs < MIN_SAMPLE_MS) {
      samples[samples.length - 1] = sample;
    } else {
      samples.push(sample);
    }
    // The oldest one kept is the last that lies outside the window, or on its edge.
    const edge = this.#activeMs - HASHRATE_WINDOW_MS;
    const inside = samples.findIndex(({ activeMs }) => activeMs > edge);
    if (inside > 1) samples.splice(0, inside - 1);
  }

  /** The search ended. */
  end(nowMs: number, hashes: number): void {
    this.sample(nowMs, hashes);
    this.#lastMs = undefined;
    this.#endedMs = nowMs;
  }

  /** Hashes a second of the time spent searching; 0 once no search has run for `LONGEST_PAUSE_MS`. */
  rate(nowMs: number, hashes: number): number {
    if (this.#lastMs !== undefined) this.sample(nowMs, hashes);
    else if (nowMs - this.#endedMs > LONGEST_PAUSE_MS) return 0;
    const [oldest, newest] = [this.#samples[0], this.#samples.at(-1)];
    if (!oldest || !newest || newest.activeMs === oldest.activeMs) return 0;
    return ((newest.hashes - oldest.hashes) / (newest.activeMs - oldest.activeMs)) * 1_000;
  }

  #advance(nowMs: number): void {
    if (this.#lastMs === undefined) return;
    this.#activeMs += nowMs - this.#lastMs;
    this.#lastMs = nowMs;
  }
}
