/**
 * Places for handshakes. A handshake costs a few milliseconds of processor time and, until it ends, one of few places; so
 * each address has a rate and a share, and when there is no place the handshake that hangs longest gives its own.
 */
import { hostOf } from '../../node/address-group.ts';
import { type Rate, TokenBuckets } from '../token-buckets.ts';
import type { AddressDebts } from './address-debts.ts';

/** Under way at once. */
export const MAX_HANDSHAKES = 128;
/** Of one address: a devnet of forty daemons starts behind one, all at once. */
export const MAX_HANDSHAKES_OF_HOST = 48;
/** Each takes a few round trips; more than this it may take only while there is room. */
export const PATIENCE_MS = 2_000;
/** Begun by one address. Ten a second are some 3 % of a core; a devnet of forty fits the burst twice. */
export const HANDSHAKE_RATE_OF_HOST: Rate = { burst: 100, perSecond: 10 };
/** Begun by everybody: a third of a core at most. */
const HANDSHAKE_RATE: Rate = { burst: 256, perSecond: 100 };

interface Handshake {
  readonly host: string;
  readonly sinceMs: number;
  readonly end: (reason: Error) => void;
}

export class Handshakes {
  readonly #now: () => number;
  readonly #debts: AddressDebts;
  readonly #rates: TokenBuckets;
  /** Longest under way first. */
  readonly #underWay = new Set<Handshake>();

  /** @param now ms on a clock that never runs back */
  constructor(now: () => number, debts: AddressDebts) {
    this.#now = now;
    this.#debts = debts;
    this.#rates = new TokenBuckets(now);
  }

  get count(): number {
    return this.#underWay.size;
  }

  /**
   * @param end is called if the handshake hangs and its place is needed
   * @returns what gives the place back; undefined if there is none now
   */
  begin(address: string, end: (reason: Error) => void): (() => void) | undefined {
    const host = hostOf(address);
    if (!this.#makeRoom(host) || !this.#mayBegin(host, address)) return undefined;
    const handshake: Handshake = { host, sinceMs: this.#now(), end };
    this.#underWay.add(handshake);
    return () => this.#underWay.delete(handshake);
  }

  #mayBegin(host: string, address: string): boolean {
    const { burst, perSecond } = HANDSHAKE_RATE_OF_HOST;
    const price = 2 ** this.#debts.of(address);
    const rate = { burst: Math.max(1, burst / price), perSecond: perSecond / price };
    return this.#rates.take(`host ${host}`, rate) && this.#rates.take('all', HANDSHAKE_RATE);
  }

  #makeRoom(host: string): boolean {
    const byHost = Map.groupBy(this.#underWay, (handshake) => handshake.host);
    const own = byHost.get(host) ?? [];
    if (own.length >= MAX_HANDSHAKES_OF_HOST) return this.#endLongest(own);
    if (this.#underWay.size < MAX_HANDSHAKES) return true;
    const [largest = []] = [...byHost.values()].sort((a, b) => b.length - a.length);
    return this.#endLongest(largest);
  }

  #endLongest([longest]: readonly Handshake[]): boolean {
    if (longest === undefined || this.#now() - longest.sinceMs < PATIENCE_MS) return false;
    this.#underWay.delete(longest);
    longest.end(new Error('the handshake took too long while others waited'));
    return true;
  }
}
