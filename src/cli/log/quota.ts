/** What comes in floods, kept readable: the first few of each while are told, the others counted. */
import type { LineClock } from './line-clock.ts';

const MAX_TOLD = 4;
export const QUOTA_WINDOW_MS = 5_000;

export class Quota {
  readonly #clock: LineClock;
  readonly #tellMore: (count: number) => void;
  #inWindow = 0;

  /** @param tellMore at the end of a window in which there were more, with how many more */
  constructor(clock: LineClock, tellMore: (count: number) => void) {
    this.#clock = clock;
    this.#tellMore = tellMore;
  }

  /** Another one came. @returns whether it is told by itself */
  take(): boolean {
    if (this.#inWindow++ === 0) this.#clock.after(QUOTA_WINDOW_MS, () => this.#endWindow());
    return this.#inWindow <= MAX_TOLD;
  }

  #endWindow(): void {
    const more = this.#inWindow - MAX_TOLD;
    this.#inWindow = 0;
    if (more > 0) this.#tellMore(more);
  }
}
