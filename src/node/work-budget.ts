/**
 * How much work on transactions each peer may cause that comes to nothing.
 *
 * Nearly every refusal can happen to an honest relayer: a block came between, the fee was raised, its own fee policy or
 * branch is another. So they have no price, but they draw on a budget that fills again; a peer that has used it up is
 * not listened to until then, and pools compared later bring what that lost. What is accepted, or confirmed by a block,
 * gives every peer something: all of them tell it. Budgets outlive the connection.
 */
import type { Clock, PeerId } from './ports.ts';

/** What a transaction draws, in units of a few microseconds. */
export const WORK = {
  /** It is here already. */
  known: 1,
  /** Refused before its signature, by a rule of the ledger: its sender has been looked up on disk. */
  refused: 8,
  /** Refused by a policy of ours; or it overtook its predecessor. Of honest peers' there may be many. */
  unwanted: 2,
  /** Refused after it was verified. */
  verified: 10,
  /** Refused once before, from the same peer: an honest one may do so once or twice. */
  toldAgain: 16,
  /** An id of a pool looked for on disk, and not needed. */
  lookedUp: 1,
} as const;
/** Ids of a pool for one unit: those that are in ours too are found at a glance. */
export const POOL_IDS_PER_UNIT = 32;

/** Units a peer may draw at once: some 30 ms. */
export const BUDGET_UNITS = 8_192;
/** Units a second a budget fills by: half a percent of a core. */
export const BUDGET_UNITS_PER_SECOND = 1_024;
/** Units a second all peers together may draw beyond `FAIR_UNITS` each: some 4 % of a core. */
const ALL_UNITS_PER_SECOND = 8_192;
const ALL_UNITS = 16_384;
/** A peer that has drawn no more is listened to, however much others draw. */
const FAIR_UNITS = 1_024;
/** What each transaction that came to something gives everybody: one peer may tell it twice. */
const UNITS_GRANTED = 2;
/** Peers remembered; beyond it the longest unchanged is forgotten. */
const MAX_REMEMBERED = 1_024;
/** Refused transactions remembered of each peer: with all peers at most 8 MB. */
const MAX_REFUSED = 128;

interface Budget {
  units: number;
  atMs: number;
  /** Of what everybody was granted, what it has had. */
  granted: number;
  /** What it told that was refused, longest ago first. */
  readonly refused: Set<string>;
}

export class WorkBudgets {
  readonly #clock: Clock;
  readonly #budgets = new Map<PeerId, Budget>();
  readonly #all: { units: number; atMs: number };
  #granted = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#all = { units: ALL_UNITS, atMs: clock.elapsed() };
  }

  /** Transactions came to something: they were accepted, or are in a block. */
  grant(transactions: number): void {
    this.#granted += UNITS_GRANTED * transactions;
  }

  /** Units drawn and not filled again; 0 for a peer whose work came to something. */
  drawn(peer: PeerId): number {
    const budget = this.#budgets.get(peer);
    return budget === undefined ? 0 : BUDGET_UNITS - this.#filled(budget).units;
  }

  isSpent(peer: PeerId): boolean {
    const drawn = this.drawn(peer);
    return drawn >= BUDGET_UNITS || (drawn > FAIR_UNITS && this.#fillAll() <= 0);
  }

  draw(peer: PeerId, units: number): void {
    if (units === 0) return;
    const budget = this.#budgetOf(peer);
    // A debt is bounded too: it is paid off in some seconds.
    budget.units = Math.max(-BUDGET_UNITS, budget.units - units);
    if (BUDGET_UNITS - budget.units > FAIR_UNITS)
      this.#all.units = Math.max(-ALL_UNITS, this.#fillAll() - units);
  }

  /**
   * Remembers a transaction as refused from this peer.
   *
   * @param key of its bytes, signature and all
   * @returns whether it was before
   */
  refusedAgain(peer: PeerId, key: string): boolean {
    const { refused } = this.#budgetOf(peer);
    if (refused.delete(key)) {
      refused.add(key);
      return true;
    }
    refused.add(key);
    for (const longest of refused) {
      if (refused.size <= MAX_REFUSED) break;
      refused.delete(longest);
    }
    return false;
  }

  #budgetOf(peer: PeerId): Budget {
    const known = this.#budgets.get(peer);
    const fresh = { units: BUDGET_UNITS, atMs: this.#clock.elapsed(), granted: this.#granted };
    const budget = known === undefined ? { ...fresh, refused: new Set<string>() } : this.#filled(known);
    this.#budgets.delete(peer);
    this.#budgets.set(peer, budget);
    for (const longest of this.#budgets.keys()) {
      if (this.#budgets.size <= MAX_REMEMBERED) break;
      this.#budgets.delete(longest);
    }
    return budget;
  }

  #filled(budget: Budget): Budget {
    const now = this.#clock.elapsed();
    const filled = secondsBetween(budget.atMs, now) * BUDGET_UNITS_PER_SECOND;
    budget.units = Math.min(BUDGET_UNITS, budget.units + filled + this.#granted - budget.granted);
    budget.atMs = now;
    budget.granted = this.#granted;
    return budget;
  }

  #fillAll(): number {
    const now = this.#clock.elapsed();
    const filled = secondsBetween(this.#all.atMs, now) * ALL_UNITS_PER_SECOND;
    this.#all.units = Math.min(ALL_UNITS, this.#all.units + filled);
    this.#all.atMs = now;
    return this.#all.units;
  }
}

/** The clock may have been set back. */
function secondsBetween(fromMs: number, toMs: number): number {
  return Math.max(0, toMs - fromMs) / 1_000;
}
