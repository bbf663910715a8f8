/** What comes in floods, kept readable: the first few of each while are told, the others counted. */
import type { LineClock } from './line-clock.ts';

/** For people, who read along. */
const MAX_TOLD = 4;
export const QUOTA_WINDOW_MS = 5_000;

export interface QuotaSize {
  /** Of those that come within a window. */
  readonly told: number;
  readonly windowMs: number;
}

export class Quota {
  readonly #clock: LineClock;
  readonly #tellMore: (count: number) => void;
  readonly #size: QuotaSize;
  #inWindow = 0;

  /** @param tellMore at the end of a window in which there were more, with how many more */
  constructor(
    clock: LineClock,
    tellMore: (count: number) => void,
    size: QuotaSize = { told: MAX_TOLD, windowMs: QUOTA_WINDOW_MS },
  ) {
    this.#clock = clock;
    this.#tellMore = tellMore;
    this.#size = size;
  }

  /** Another one came. @returns whether it is told by itself */
  take(): boolean {
    if (this.#inWindow++ === 0) this.#clock.after(this.#size.windowMs, () => this.#endWindow());
    return this.#inWindow <= this.#size.told;
  }

  #endWindow(): void {
    const more = this.#inWindow - this.#size.told;
    this.#inWindow = 0;
    if (more > 0) this.#tellMore(more);
  }
}
