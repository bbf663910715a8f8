/**
 * What an address has done. A peer id costs nothing to make, so a peer that was refused comes back under another; but its
 * address stays, and a new id from there begins with a handicap.
 *
 * A handicap alone costs nothing: it counts only beside an offence of the peer's own. So honest peers behind the same
 * address (a devnet, a household behind one router) keep their connections and their score of 0.
 */
import { hostOf } from './address-group.ts';
import type { Clock } from './ports.ts';

/** For each peer refused. */
const HANDICAP_POINTS = 22;
/** After three, the first wrong signature is one too many. */
const MAX_HANDICAP = 66;
/** Longer than a ban, or waiting for its end would wash it off. */
const HALF_LIFE_MS = 60 * 60_000;
/** Addresses remembered; the one unchanged for longest goes first. */
const MAX_REMEMBERED = 1_024;

export class AddressRecord {
  readonly #clock: Clock;
  readonly #entries = new Map<string, { readonly points: number; readonly atMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A peer from there was refused for its misdeeds. */
  refused(address: string): void {
    const host = hostOf(address);
    const points = Math.min(MAX_HANDICAP, this.handicapOf(address) + HANDICAP_POINTS);
    this.#entries.delete(host);
    this.#entries.set(host, { points, atMs: this.#clock.elapsed() });
    const oldest = this.#entries.keys().next().value;
    if (this.#entries.size > MAX_REMEMBERED && oldest !== undefined) this.#entries.delete(oldest);
  }

  /** What an offence of a peer from there counts beyond its own price. */
  handicapOf(address: string): number {
    const entry = this.#entries.get(hostOf(address));
    return entry === undefined
      ? 0
      : entry.points * 2 ** (-(this.#clock.elapsed() - entry.atMs) / HALF_LIFE_MS);
  }
}
