/**
 * Dialling. libp2p neither dials whom it discovers nor redials whom it lost, so this does: it keeps the peers
 * given by hand connected, and tops up to a number of others from those discovered, remembered and learnt. It
 * sleeps until somebody is due: a node with all its connections does nothing here.
 */
import { type Background, own } from './faults.ts';
import type { Clock, Network, PeerId, Random } from './ports.ts';

/** Enough that some are honest and reachable, few enough that thousands of nodes stay cheap. */
const TARGET_CONNECTIONS = 8;
/** Dials under way at once: a default libp2p host takes five new connections a second. */
const MAX_DIALS = 4;
/** Addresses known at most, so that a peer cannot fill the memory with invented ones. */
const MAX_CANDIDATES = 1_024;
const MAX_ADDRESSES_EACH = 8;
const FIRST_RETRY_MS = 1_000;
/** Also the longest a healed partition stays unnoticed; a dial into the void every ten seconds costs nothing. */
const LONGEST_RETRY_MS = 10_000;
/** Both sides of an mDNS meeting see each other at once; the one with the higher id gives the other this long. */
const YIELD_MS = 3_000;
/** After so many failures in a row an address known by hearsay only is forgotten. */
const MAX_FAILURES = 8;

/** Where an address came from; a lower place is dialled first. */
export type AddressSource = 'given' | 'discovered' | 'remembered' | 'learnt';
const PRIORITY: Readonly<Record<AddressSource, number>> = {
  given: 0,
  discovered: 1,
  remembered: 2,
  learnt: 3,
};

interface Candidate {
  /** Known if an address names it, or once it was reached. */
  peer: PeerId | undefined;
  addresses: string[];
  source: AddressSource;
  failures: number;
  dueAtMs: number;
  dialling: boolean;
}

export interface DialerOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly background: Background;
  readonly isConnected: (peer: PeerId) => boolean;
  readonly connectionCount: () => number;
  /** A dial succeeded: the address is worth remembering. */
  readonly onReached: (address: string) => void;
  /** Given up: not worth remembering. */
  readonly onLost: (address: string) => void;
}

export class Dialer {
  readonly #options: DialerOptions;
  /** By peer id where known, else by address. */
  readonly #candidates = new Map<string, Candidate>();
  #cancelLook: (() => void) | undefined;
  #looksAtMs = Number.POSITIVE_INFINITY;
  #running = false;
  #dials = 0;

  constructor(options: DialerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = true;
    this.#dialDue();
  }

  stop(): void {
    this.#running = false;
    this.#cancelLook?.();
  }

  /** Adds an address to dial when it is its turn. */
  add(address: string, source: AddressSource): void {
    const peer = peerOf(address);
    if (peer === this.#options.network.self) return;
    const key = peer ?? address;
    const known = this.#candidates.get(key);
    if (known !== undefined) {
      // Hearsay comes last and displaces nothing: a peer must not bury another's good address under invented ones.
      const isHearsay = PRIORITY[source] > PRIORITY[known.source] || source === 'learnt';
      const others = known.addresses.filter((other) => other !== address);
      if (!isHearsay) known.addresses = [address, ...others].slice(0, MAX_ADDRESSES_EACH);
      else if (others.length === known.addresses.length && others.length < MAX_ADDRESSES_EACH)
        known.addresses = [...others, address];
      if (PRIORITY[source] < PRIORITY[known.source]) known.source = source;
      return;
    }
    if (this.#candidates.size >= MAX_CANDIDATES && !this.#makeRoom(source)) return;
    const yields = source === 'discovered' && peer !== undefined && peer < this.#options.network.self;
    this.#candidates.set(key, {
      peer,
      addresses: [address],
      source,
      failures: 0,
      dueAtMs: this.#options.clock.elapsed() + (yields ? YIELD_MS : 0),
      dialling: false,
    });
    if (source === 'given' || !this.#isFull) this.#lookIn(yields ? YIELD_MS : 0);
  }

  /** A connection ended: its address is due again soon, a little apart from the other side's try. */
  lost(peer: PeerId): void {
    const candidate = this.#find(peer);
    if (candidate !== undefined) {
      candidate.failures = 0;
      candidate.dueAtMs =
        this.#options.clock.elapsed() + FIRST_RETRY_MS * (0.5 + this.#options.random.next());
    }
    this.#lookIn(0);
  }

  /** Only those given by hand are dialled beyond. */
  get #isFull(): boolean {
    return this.#options.connectionCount() + this.#dials >= TARGET_CONNECTIONS;
  }

  #find(peer: PeerId): Candidate | undefined {
    const byKey = this.#candidates.get(peer);
    if (byKey !== undefined) return byKey;
    for (const candidate of this.#candidates.values()) if (candidate.peer === peer) return candidate;
    return undefined;
  }

  /** Drops a candidate of lower standing than `source`. */
  #makeRoom(source: AddressSource): boolean {
    for (const [key, candidate] of this.#candidates) {
      if (
        PRIORITY[candidate.source] >= PRIORITY[source] &&
        candidate.source !== 'given' &&
        !candidate.dialling
      ) {
        this.#candidates.delete(key);
        return true;
      }
    }
    return false;
  }

  /** Looks who is due, `delayMs` from now at the latest. */
  #lookIn(delayMs: number): void {
    const { clock } = this.#options;
    const atMs = clock.elapsed() + delayMs;
    if (!this.#running || this.#looksAtMs <= atMs) return;
    this.#cancelLook?.();
    this.#looksAtMs = atMs;
    this.#cancelLook = clock.after(delayMs, () => this.#dialDue());
  }

  #dialDue(): void {
    const { background, clock } = this.#options;
    this.#cancelLook?.();
    this.#looksAtMs = Number.POSITIVE_INFINITY;
    if (!this.#running) return;
    const now = clock.elapsed();
    const wanted = [...this.#candidates].filter(([, candidate]) => this.#isWanted(candidate));
    const due = wanted
      .filter(([, { dueAtMs }]) => dueAtMs <= now)
      .sort(([, a], [, b]) => PRIORITY[a.source] - PRIORITY[b.source]);
    for (const [key, candidate] of due) {
      if (this.#dials >= MAX_DIALS) return; // the next look is when one of them has ended
      if (candidate.source === 'given' || !this.#isFull) background(own(this.#dial(key, candidate)));
    }
    const later = wanted.filter(([, { dueAtMs }]) => dueAtMs > now).map(([, { dueAtMs }]) => dueAtMs - now);
    if (later.length > 0) this.#lookIn(Math.min(...later));
  }

  #isWanted({ dialling, peer, source }: Candidate): boolean {
    if (dialling || (source !== 'given' && this.#isFull)) return false;
    return peer === undefined || !this.#options.isConnected(peer);
  }

  async #dial(key: string, candidate: Candidate): Promise<void> {
    const { clock, network, onLost, onReached, random } = this.#options;
    candidate.dialling = true;
    this.#dials++;
    try {
      for (const address of candidate.addresses) {
        try {
          candidate.peer = await network.dial(address);
          candidate.failures = 0;
          onReached(address);
          return;
        } catch {
          // The next address may work; a candidate none of whose addresses work is tried again later.
        }
      }
      candidate.failures++;
      if (candidate.failures >= MAX_FAILURES && candidate.source === 'learnt') {
        this.#candidates.delete(key);
        for (const address of candidate.addresses) onLost(address);
      }
      const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** candidate.failures);
      candidate.dueAtMs = clock.elapsed() + wait * (0.5 + random.next());
    } finally {
      candidate.dialling = false;
      this.#dials--;
      this.#lookIn(0);
    }
  }
}

/** The peer id a multiaddr ends in, if it names one. */
function peerOf(address: string): PeerId | undefined {
  const match = /\/p2p\/([a-zA-Z0-9]+)$/.exec(address);
  return match?.[1] as PeerId | undefined;
}
