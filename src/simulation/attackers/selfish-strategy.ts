/**
 * Selfish mining: keep what is found, and show it only to make others' work worthless.
 *
 * Source: Eyal and Sirer, "Majority is not Enough: Bitcoin Mining is Vulnerable", 2014, algorithm 1.
 */

/**
 * - `wait`: show nothing.
 * - `adopt`: give up the private branch and mine on the public one.
 * - `race`: show the only private block; the public has one of the same height.
 * - `win`: show all of it: it is longer than the public branch.
 * - `advance`: show one more block.
 */
export type SelfishAction = 'wait' | 'adopt' | 'race' | 'win' | 'advance';

export class SelfishStrategy {
  /** Blocks of the private branch since the fork. */
  #own = 0;
  /** Blocks of the public branch since the fork. */
  #others = 0;

  /** It found a block, and put it on its private branch. */
  found(): SelfishAction {
    const wasRacing = this.#own === 1 && this.#others === 1;
    this.#own++;
    if (!wasRacing) return 'wait';
    this.#forget();
    return 'win';
  }

  /** The public branch, the honest one or its own blocks shown so far, has become longer by a block of others. */
  heard(): SelfishAction {
    const lead = this.#own - this.#others;
    this.#others++;
    if (lead <= 0) {
      this.#forget();
      return 'adopt';
    }
    if (lead === 1) return 'race';
    if (lead > 2) return 'advance';
    this.#forget();
    return 'win';
  }

  /** Blocks of the private branch. */
  get length(): number {
    return this.#own;
  }

  #forget(): void {
    this.#own = 0;
    this.#others = 0;
  }
}
