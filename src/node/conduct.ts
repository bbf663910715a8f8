/**
 * Peers' conduct and its price. Every offence costs score; the score fades, and at the limit the peer is
 * disconnected and refused for a while. Scores outlive the connection, so reconnecting does not wash them off.
 */

import { AddressRecord } from './address-record.ts';
import type { NodeEvent } from './events.ts';
import type { Clock, Network, PeerId } from './ports.ts';

/**
 * What a peer can do wrong, and what it costs.
 *
 * Whatever cannot happen by accident and is expensive to check costs the connection at once; what a slow
 * link or a race can cause is forgiven a few times.
 */
export const OFFENCES = {
  'other-network': 100,
  /** A header that breaks a rule or has no proof of work. */
  'invalid-header': 100,
  /**
   * Served a body that is not the one its header names, or breaks a rule; or says it is on a branch with such a block.
   * Passing on a good header with a bad body costs nothing: the relayer cannot know yet, and the work was paid.
   */
  'invalid-block': 100,
  /** A wrong signature, or bytes that are no transaction. */
  'invalid-transaction': 34,
  /** Bytes that are not what the protocol says. */
  'malformed-message': 50,
  /** Claimed more work than its headers show, or a block it does not give. */
  'broken-promise': 34,
  /**
   * A request that was not answered in time. Whatever times out together has one cause and counts once, and
   * it is forgotten when the connection ends: a peer behind a cut cable is not slow, it is gone.
   */
  'too-slow': 25,
} as const;

export type Offence = keyof typeof OFFENCES;

/** At this score the connection ends. */
export const SCORE_LIMIT = 100;
/** A score halves in this time: a peer on a poor link recovers, a hostile one gets a handful of tries an hour. */
const SCORE_HALF_LIFE_MS = 10 * 60_000;
/** How long a peer stays refused that earned it by misdeeds alone. */
const BAN_MS = 10 * 60_000;
/**
 * One that is merely slow: a bad line is nobody's ill will, and in a small network there may be nobody else. For a bit
 * of both it is in between, or a single block passed on in good faith would make a bad line a long exile.
 */
const SLOW_BAN_MS = 60_000;
/** A little more than requests differ in patience. */
const SLOW_TOGETHER_MS = 8_000;
/** Peers remembered; beyond it the longest unchanged is forgotten. */
const MAX_REMEMBERED = 1_024;

interface Entry {
  readonly score: number;
  readonly atMs: number;
}

export class Conduct {
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #emit: (event: NodeEvent) => void;
  readonly #entries = new Map<PeerId, Entry>();
  readonly #addresses: AddressRecord;
  /** For being too slow on this connection. */
  readonly #slowness = new Map<PeerId, Entry>();

  constructor(network: Network, clock: Clock, emit: (event: NodeEvent) => void) {
    this.#network = network;
    this.#clock = clock;
    this.#emit = emit;
    this.#addresses = new AddressRecord(clock);
  }

  /** 0 for a peer that did nothing wrong lately, `SCORE_LIMIT` for one that is refused. */
  score(peer: PeerId): number {
    return Math.min(SCORE_LIMIT, this.#faded(this.#entries, peer) + this.#faded(this.#slowness, peer));
  }

  /** The connection ended. */
  disconnected(peer: PeerId): void {
    this.#slowness.delete(peer);
  }

  /** @param detail what exactly happened, for the log */
  penalise(peer: PeerId, offence: Offence, detail: string): void {
    const now = this.#clock.elapsed();
    const isSlowness = offence === 'too-slow';
    const lastMs = this.#slowness.get(peer)?.atMs;
    if (isSlowness && lastMs !== undefined && now - lastMs < SLOW_TOGETHER_MS) return;
    this.#add(isSlowness ? this.#slowness : this.#entries, peer, OFFENCES[offence]);
    const address = this.#network.peers().find(({ id }) => id === peer)?.address;
    const handicap = isSlowness || address === undefined ? 0 : this.#addresses.handicapOf(address);
    const score = Math.min(SCORE_LIMIT, this.score(peer) + handicap);
    this.#emit({ event: 'peer.penalised', peer, offence: `${offence}: ${detail}`, score: Math.round(score) });
    if (score >= SCORE_LIMIT) {
      const misdeeds = Math.min(1, (this.#faded(this.#entries, peer) + handicap) / SCORE_LIMIT);
      if (address !== undefined && !isSlowness) this.#addresses.refused(address);
      const banMs = SLOW_BAN_MS + misdeeds * (BAN_MS - SLOW_BAN_MS);
      // The ban is the price; afterwards it starts anew.
      this.#entries.delete(peer);
      this.#slowness.delete(peer);
      this.#network.ban(peer, banMs, misdeeds >= 1 / 2 ? 'misdeeds' : 'slowness').catch(() => {
        // The connection is gone already, which is what was wanted.
      });
    }
  }

  #add(entries: Map<PeerId, Entry>, peer: PeerId, points: number): void {
    const score = this.#faded(entries, peer) + points;
    entries.delete(peer);
    entries.set(peer, { score, atMs: this.#clock.elapsed() });
    const oldest = entries.keys().next().value;
    if (entries.size > MAX_REMEMBERED && oldest !== undefined) entries.delete(oldest);
  }

  #faded(entries: ReadonlyMap<PeerId, Entry>, peer: PeerId): number {
    const entry = entries.get(peer);
    if (entry === undefined) return 0;
    return entry.score * 2 ** (-(this.#clock.elapsed() - entry.atMs) / SCORE_HALF_LIFE_MS);
  }
}
