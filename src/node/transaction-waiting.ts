/**
 * Transactions that overtook their predecessor on the way here: kept a little while, a few of them. Their signatures
 * are verified when they can be used, not before; so each peer's are kept apart, for one could bring a wrong signature
 * under another's name.
 */
import { type Address, idFromBytes } from '../core/identifiers.ts';
import type { PeerId } from './ports.ts';
import type { WeighedTransaction } from './transaction-check.ts';

/** At most 5 MB. */
const MAX_WAITING = 4_096;
/** Of one peer: as many as a pool takes of one sender. */
const MAX_WAITING_OF_PEER = MAX_WAITING / 4;
/** Longer than any message is under way. */
const WAITING_MS = 30_000;

interface Waiting {
  readonly weighed: WeighedTransaction;
  readonly from: PeerId;
  readonly untilMs: number;
}

export class WaitingTransactions {
  /** By sender and sequence, and then by peer: each has one for a place. */
  readonly #places = new Map<string, Map<PeerId, Waiting>>();
  /** Of each peer, the longest waiting first. */
  readonly #byPeer = new Map<PeerId, Set<Waiting>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  senders(): Set<Address> {
    return new Set([...this.#places.keys()].map((key) => key.slice(0, key.indexOf(':')) as Address));
  }

  add(weighed: WeighedTransaction, from: PeerId, nowMs: number): void {
    const { sender, sequence } = weighed.signed.transaction;
    const key = keyOf(idFromBytes(sender), sequence);
    const before = this.#places.get(key)?.get(from);
    if (before !== undefined) this.#remove(before);
    const place = this.#places.get(key) ?? new Map<PeerId, Waiting>();
    const ofPeer = this.#byPeer.get(from) ?? new Set<Waiting>();
    const waiting = { weighed, from, untilMs: nowMs + WAITING_MS };
    this.#places.set(key, place.set(from, waiting));
    this.#byPeer.set(from, ofPeer.add(waiting));
    this.#size++;
    if (ofPeer.size > MAX_WAITING_OF_PEER) this.#removeOldestOf(ofPeer);
    if (this.#size > MAX_WAITING) this.#removeOldestOf(this.#most());
  }

  /**
   * Takes out a row of the sender's transactions that begins with this sequence, all from one peer.
   *
   * @returns undefined if none waits with this sequence; the peer that brought them, and `limit` at most
   */
  take(
    sender: Address,
    sequence: bigint,
    nowMs: number,
    limit: number,
  ): { readonly from: PeerId; readonly row: WeighedTransaction[] } | undefined {
    if (this.#size === 0) return undefined;
    for (const first of this.#places.get(keyOf(sender, sequence))?.values() ?? []) {
      const row = this.#takeRow(sender, sequence, first.from, nowMs, limit);
      if (row.length > 0) return { from: first.from, row };
    }
    return undefined;
  }

  /** The peer is gone: what it brought is not verified any more. */
  drop(peer: PeerId): void {
    for (const waiting of [...(this.#byPeer.get(peer) ?? [])]) this.#remove(waiting);
  }

  #takeRow(sender: Address, first: bigint, from: PeerId, nowMs: number, limit: number): WeighedTransaction[] {
    const row: WeighedTransaction[] = [];
    while (row.length < limit) {
      const waiting = this.#places.get(keyOf(sender, first + BigInt(row.length)))?.get(from);
      if (waiting === undefined) break;
      this.#remove(waiting);
      if (waiting.untilMs < nowMs) break;
      row.push(waiting.weighed);
    }
    return row;
  }

  #most(): Set<Waiting> {
    return [...this.#byPeer.values()].reduce((a, b) => (b.size > a.size ? b : a));
  }

  #removeOldestOf(ofPeer: ReadonlySet<Waiting>): void {
    const [oldest] = ofPeer;
    if (oldest !== undefined) this.#remove(oldest);
  }

  #remove(waiting: Waiting): void {
    const { from, weighed } = waiting;
    const { sender, sequence } = weighed.signed.transaction;
    const key = keyOf(idFromBytes(sender), sequence);
    const place = this.#places.get(key);
    const ofPeer = this.#byPeer.get(from);
    if (ofPeer?.delete(waiting)) this.#size--;
    if (ofPeer?.size === 0) this.#byPeer.delete(from);
    place?.delete(from);
    if (place?.size === 0) this.#places.delete(key);
  }
}

function keyOf(sender: Address, sequence: bigint): string {
  return `${sender}:${sequence}`;
}
