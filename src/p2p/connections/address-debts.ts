/**
 * The price of an address. A peer id costs nothing to make, so a peer that was banned comes back under another; its address stays.
 * For each peer banned an address owes, and what it owes makes new connections from there rarer. The connections that are
 * there are left alone: behind one address there may be many, and most of them honest.
 */
import { classOf, hostOf } from '../../node/address-group.ts';

/** As a peer's score fades. */
const HALF_LIFE_MS = 10 * 60_000;
/** More would keep the honest ones behind that address out for hours. */
const MAX_DEBT = 6;
/** Addresses remembered; the one unchanged for longest goes first. */
const MAX_ADDRESSES = 1_024;

export class AddressDebts {
  readonly #now: () => number;
  readonly #debts = new Map<string, { readonly debt: number; readonly atMs: number }>();

  /** @param now ms on a clock that never runs back */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A peer from there was banned. A peer on this machine owes nothing: it could do worse than connect, and is mostly a devnet's. */
  add(address: string): void {
    if (classOf(address) === 'loopback') return;
    const host = hostOf(address);
    const debt = Math.min(MAX_DEBT, this.of(address) + 1);
    this.#debts.delete(host);
    this.#debts.set(host, { debt, atMs: this.#now() });
    for (const oldest of this.#debts.keys()) {
      if (this.#debts.size <= MAX_ADDRESSES) break;
      this.#debts.delete(oldest);
    }
  }

  /** @returns bans, faded; 0 to `MAX_DEBT` */
  of(address: string): number {
    const entry = this.#debts.get(hostOf(address));
    return entry === undefined ? 0 : entry.debt * 2 ** (-(this.#now() - entry.atMs) / HALF_LIFE_MS);
  }
}
