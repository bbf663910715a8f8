/**
 * How much a peer may do, and all peers of its host together. A host that does too much holds up those of its peers that do
 * much themselves: behind one address there may be many, and most of them honest.
 */
import { type Rate, TokenBuckets } from './token-buckets.ts';

/** Of its own rate, what a peer may do whatever others of its host do; a new identity gets no more either. */
export const MODEST_SHARE = 16;

/** Peers that do little each add to what their host owes, too: without an end, neighbours would pay for it long after they left. */
const MOST_OWED_BY_HOST_MS = 10_000;

export interface Owner {
  readonly peer: string;
  readonly host: string;
}

export interface Owed {
  /** By the peer alone. */
  readonly byPeerMs: number;
  /** What it has to wait for in all. */
  readonly ms: number;
}

export class SharedRate {
  readonly #buckets: TokenBuckets;
  readonly #rate: Rate;
  readonly #ofHost: Rate;
  readonly #modest: Rate;

  /**
   * @param now ms on a clock that never runs back
   * @param rate of one peer
   * @param factorOfHost so many times that all peers of a host have together
   * @param modestShare see `MODEST_SHARE`
   */
  constructor(now: () => number, rate: Rate, factorOfHost: number, modestShare: number = MODEST_SHARE) {
    this.#buckets = new TokenBuckets(now);
    this.#rate = rate;
    this.#ofHost = times(rate, factorOfHost);
    this.#modest = times(rate, 1 / modestShare);
  }

  /**
   * Counts what a peer has done already.
   *
   * @param mostOwedMs beyond it the peer owes nothing more
   * @returns how long it owes for it, and for all before it
   */
  spend({ host, peer }: Owner, count: number, mostOwedMs?: number): Owed {
    const byPeerMs = this.#buckets.spend(`peer ${peer}`, this.#rate, count, mostOwedMs);
    const byHostMs = this.#buckets.spend(`host ${host}`, this.#ofHost, count, MOST_OWED_BY_HOST_MS);
    const beyondModestyMs = this.#buckets.spend(`modest ${peer}`, this.#modest, count);
    return { byPeerMs, ms: Math.max(byPeerMs, Math.min(byHostMs, beyondModestyMs)) };
  }
}

function times({ burst, perSecond }: Rate, factor: number): Rate {
  return { burst: burst * factor, perSecond: perSecond * factor };
}
