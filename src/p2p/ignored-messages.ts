/**
 * What a peer says that is ignored costs it nothing, for it may be no fault of its own; but looking at it costs this node. So a
 * peer and its host have a budget of it; beyond that, nothing it says is looked at for a moment, and sync brings it later.
 */
import { type Owner, SharedRate } from './shared-rate.ts';
import type { Rate } from './token-buckets.ts';

/** Of the rate of one peer, what all peers of one address have together. */
const IGNORED_RATE_FACTOR_OF_HOST = 4;

export class IgnoredMessages {
  readonly #rate: SharedRate;

  /** @param now ms on a clock that never runs back */
  constructor(now: () => number, rate: Rate) {
    this.#rate = new SharedRate(now, rate, IGNORED_RATE_FACTOR_OF_HOST);
  }

  /** Whether what this peer says is not to be looked at now. */
  isSpent(owner: Owner): boolean {
    return this.#rate.spend(owner, 0).ms > 0;
  }

  /** Something this peer said was ignored. */
  add(owner: Owner): void {
    this.#rate.spend(owner, 1);
  }
}
