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
/** More than these of one address are a crowd, in which a household is not. */
const MANY_HANDSHAKES = 8;
/** The first bytes come with the connection; while others wait, one that stays silent for so long has little to say. */
export const SILENCE_MS = 250;
/** Begun by one address. Ten a second are some 3 % of a core; a devnet of forty fits the burst twice. */
export const HANDSHAKE_RATE_OF_HOST: Rate = { burst: 100, perSecond: 10 };
/** Begun by everybody: a third of a core at most. */
const HANDSHAKE_RATE: Rate = { burst: 256, perSecond: 100 };

interface Handshake {
  readonly host: string;
  readonly sinceMs: number;
  readonly remote: RemoteEnd;
}

/** The peer that began a handshake. */
export interface RemoteEnd {
  /** Whether a byte of it has come. */
  hasSpoken(): boolean;
  /** The handshake hangs, and its place is needed. */
  end(reason: Error): void;
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

  /** @returns what gives the place back; undefined if there is none now */
  begin(address: string, remote: RemoteEnd): (() => void) | undefined {
    const host = hostOf(address);
    if (!this.#mayBegin(host, address)) return undefined;
    if (!this.#makeRoom(host)) {
      this.#giveBack(host, address);
      return undefined;
    }
    const handshake: Handshake = { host, sinceMs: this.#now(), remote };
    this.#underWay.add(handshake);
    return () => {
      this.#underWay.delete(handshake);
      // It cost nothing but its place.
      if (!remote.hasSpoken()) this.#giveBack(host, address);
    };
  }

  #mayBegin(host: string, address: string): boolean {
    return this.#rates.take(`host ${host}`, this.#rateOf(address)) && this.#rates.take('all', HANDSHAKE_RATE);
  }

  #giveBack(host: string, address: string): void {
    this.#rates.spend(`host ${host}`, this.#rateOf(address), -1);
    this.#rates.spend('all', HANDSHAKE_RATE, -1);
  }

  #rateOf(address: string): Rate {
    const { burst, perSecond } = HANDSHAKE_RATE_OF_HOST;
    const price = 2 ** this.#debts.of(address);
    return { burst: Math.max(1, burst / price), perSecond: perSecond / price };
  }

  #makeRoom(host: string): boolean {
    const byHost = Map.groupBy(this.#underWay, (handshake) => handshake.host);
    const own = byHost.get(host) ?? [];
    if (own.length >= MAX_HANDSHAKES_OF_HOST) return this.#endLongest(own);
    if (this.#underWay.size < MAX_HANDSHAKES) return true;
    const [largest = []] = [...byHost.values()].sort((a, b) => b.length - a.length);
    // A host that has none need not wait for one that has many, however young they are.
    const mayEndAtOnce = own.length === 0 && largest.length > MANY_HANDSHAKES;
    return this.#endLongest(largest, mayEndAtOnce ? 0 : PATIENCE_MS);
  }

  /** Silent ones first. */
  #endLongest(all: readonly Handshake[], patienceMs = PATIENCE_MS): boolean {
    const now = this.#now();
    const mayEnd = ({ remote, sinceMs }: Handshake): boolean =>
      now - sinceMs >= (remote.hasSpoken() ? patienceMs : Math.min(patienceMs, SILENCE_MS));
    const longest = all.find((one) => !one.remote.hasSpoken() && mayEnd(one)) ?? all.find(mayEnd);
    if (longest === undefined) return false;
    this.#underWay.delete(longest);
    longest.remote.end(new Error('the handshake took too long while others waited'));
    return true;
  }
}
