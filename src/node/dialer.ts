/**
 * Dialling. libp2p neither dials whom it discovers nor redials whom it lost, so this does: it keeps the peers
 * given by hand connected, and tops up to a number of others from those discovered, remembered and learnt. It
 * sleeps until somebody is due: a node with all its connections does nothing here.
 */
import { classOf, hostOf, networkOf } from './address-group.ts';
import { type Background, own } from './faults.ts';
import { mayTell, peerOf } from './hearsay.ts';
import type { Clock, Network, PeerConnection, PeerId, Random } from './ports.ts';

/**
 * Connections this node opens by itself. Enough that some are honest and reachable, few enough that thousands of nodes stay
 * cheap. Those that others open do not count: strangers would decide whom this node does not dial.
 */
const TARGET_OUTBOUND = 8;
/** Of them, in one network: who has a whole /24 has bought one thing, not 256. Loopback and LANs are no such networks. */
const MAX_OUTBOUND_IN_NETWORK = 2;
/** Dials under way at once: a default libp2p host takes five new connections a second. */
const MAX_DIALS = 4;
/** Of them, to peers heard of, and as many to peers seen on the LAN: either may be invented and take the whole deadline each. */
const MAX_DIALS_OF_SOURCE = 2;
/** Addresses known at most, so that a peer cannot fill the memory with invented ones. */
const MAX_CANDIDATES = 1_024;
const MAX_ADDRESSES_EACH = 8;
/** Of the rumours about a peer, those tried each time: each may take the whole deadline, and its own addresses wait for them. */
const RUMOURS_AT_ONCE = 1;
/** Of them, those that peers of one address told, or that were seen on the LAN: as many as a node needs to find all others. */
export const MAX_CANDIDATES_OF_OWNER = 128;
/** Owns whatever mDNS tells: a single machine there can tell of any number, each at an address of its own. */
const LAN = 'discovered';
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
  /** Further ones, by hearsay; the next to be tried first. */
  rumours: string[];
  source: AddressSource;
  /** The one that was reached last, in this run or before. */
  reached: string | undefined;
  /** Pays for the place: the address of who told it, or the LAN. Undefined if it is this node's own knowledge. */
  readonly owner: string | undefined;
  /** How many places the owner had before this one: all owners' first come first. */
  readonly turn: number;
  failures: number;
  dueAtMs: number;
}

export interface DialerOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly background: Background;
  readonly isConnected: (peer: PeerId) => boolean;
  /** The addresses of the peers this node dialled. */
  readonly outbound: () => readonly string[];
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
  readonly #dialling = new Set<Candidate>();

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
  add(address: string, source: Exclude<AddressSource, 'learnt'>): void {
    this.#add(address, source, source === 'discovered' ? LAN : undefined);
  }

  /** Adds what a peer tells, as far as it can know: see `hearsay.ts`. */
  learn(addresses: readonly string[], teller: PeerConnection): void {
    const known = this.#find(teller.id)?.source;
    const isTrusted = known === 'given' || known === 'discovered';
    for (const address of addresses)
      if (mayTell(address, teller, isTrusted)) this.#add(address, 'learnt', hostOf(teller.address));
  }

  #add(address: string, source: AddressSource, owner: string | undefined): void {
    const peer = peerOf(address);
    if (peer === this.#options.network.self) return;
    const key = peer ?? address;
    const known = this.#candidates.get(key);
    if (known !== undefined) {
      tellMore(known, address, source);
      return;
    }
    const turn = this.#countOf(owner);
    if (turn >= MAX_CANDIDATES_OF_OWNER && !this.#makeRoom(source, owner)) return;
    if (this.#candidates.size >= MAX_CANDIDATES && !this.#makeRoom(source, undefined)) return;
    const yields = source === 'discovered' && peer !== undefined && peer < this.#options.network.self;
    this.#candidates.set(key, {
      peer,
      addresses: source === 'learnt' ? [] : [address],
      rumours: source === 'learnt' ? [address] : [],
      source,
      reached: source === 'remembered' ? address : undefined,
      owner,
      turn,
      failures: 0,
      dueAtMs: this.#options.clock.elapsed() + (yields ? YIELD_MS : 0),
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
    return this.#options.outbound().length + this.#dialling.size >= TARGET_OUTBOUND;
  }

  #countOf(owner: string | undefined): number {
    if (owner === undefined) return 0;
    let count = 0;
    for (const candidate of this.#candidates.values()) if (candidate.owner === owner) count++;
    return count;
  }

  #find(peer: PeerId): Candidate | undefined {
    const byKey = this.#candidates.get(peer);
    if (byKey !== undefined) return byKey;
    for (const candidate of this.#candidates.values()) if (candidate.peer === peer) return candidate;
    return undefined;
  }

  /**
   * Drops a candidate of no higher standing than `source`: of the lowest there is, of the owner with most.
   *
   * @param owner only of this one, and only one that has failed: it has had its share
   */
  #makeRoom(source: AddressSource, owner: string | undefined): boolean {
    const held = new Map<string | undefined, number>();
    for (const candidate of this.#candidates.values())
      held.set(candidate.owner, (held.get(candidate.owner) ?? 0) + 1);
    let victim: { readonly key: string; readonly priority: number; readonly held: number } | undefined;
    for (const [key, candidate] of this.#candidates) {
      const priority = PRIORITY[candidate.source];
      if (candidate.source === 'given' || priority < PRIORITY[source] || this.#dialling.has(candidate))
        continue;
      if (owner !== undefined && (candidate.owner !== owner || candidate.failures === 0)) continue;
      const count = held.get(candidate.owner) ?? 0;
      const isLower = victim === undefined || priority > victim.priority;
      if (isLower || (priority === victim?.priority && count > victim.held))
        victim = { key, priority, held: count };
    }
    if (victim === undefined) return false;
    this.#candidates.delete(victim.key);
    return true;
  }

  /** Looks who is due, `delayMs` from now at the latest. */
  #lookIn(delayMs: number): void {
    const { clock } = this.#options;
    const atMs = clock.elapsed() + delayMs;
    if (!this.#running || this.#looksAtMs <= atMs) return;
    this.#cancelLook?.();
    this.#looksAtMs = atMs;
    // Whole, or a clock of whole milliseconds could look many times within the last one.
    this.#cancelLook = clock.after(Math.ceil(delayMs), () => this.#dialDue());
  }

  #dialDue(): void {
    const { background, clock } = this.#options;
    this.#cancelLook?.();
    this.#looksAtMs = Number.POSITIVE_INFINITY;
    if (!this.#running) return;
    const now = clock.elapsed();
    const wanted = [...this.#candidates].filter(([, candidate]) => this.#isWanted(candidate));
    const due = wanted.filter(([, { dueAtMs }]) => dueAtMs <= now).sort(([, a], [, b]) => inTurn(a, b));
    for (const [key, candidate] of due) {
      if (this.#dialling.size >= MAX_DIALS) return; // the next look is when one of them has ended
      if (this.#isDiallable(candidate)) background(own(this.#dial(key, candidate)));
    }
    const later = wanted.filter(([, { dueAtMs }]) => dueAtMs > now).map(([, { dueAtMs }]) => dueAtMs - now);
    if (later.length > 0) this.#lookIn(Math.min(...later));
  }

  #isWanted(candidate: Candidate): boolean {
    const { peer, source } = candidate;
    if (this.#dialling.has(candidate) || (source !== 'given' && this.#isFull)) return false;
    return peer === undefined || !this.#options.isConnected(peer);
  }

  #isDiallable({ addresses, rumours, source }: Candidate): boolean {
    if (source === 'given') return true;
    if (this.#isFull || this.#dialsOf(source) >= MAX_DIALS_OF_SOURCE) return false;
    const [address] = [...addresses, ...rumours];
    if (address === undefined || classOf(address) !== 'public') return true;
    const network = networkOf(address);
    const others = [...this.#options.outbound(), ...this.#underWay()];
    return others.filter((other) => networkOf(other) === network).length < MAX_OUTBOUND_IN_NETWORK;
  }

  /** Dials under way to addresses others told; what this node knows itself is not counted. */
  #dialsOf(source: AddressSource): number {
    if (source === 'remembered') return 0;
    return [...this.#dialling].filter((candidate) => candidate.source === source).length;
  }

  /** The addresses of dials under way, one of each. */
  #underWay(): string[] {
    return [...this.#dialling].flatMap(({ addresses, rumours }) => addresses[0] ?? rumours[0] ?? []);
  }

  async #dial(key: string, candidate: Candidate): Promise<void> {
    const { clock, network, onLost, onReached, random } = this.#options;
    this.#dialling.add(candidate);
    try {
      const rumours = candidate.rumours.slice(0, RUMOURS_AT_ONCE);
      for (const address of [...candidate.addresses, ...rumours]) {
        const peer = await network.dial(address).catch(() => undefined);
        // The next address may work; a candidate none of whose addresses work is tried again later.
        if (peer === undefined) continue;
        candidate.peer = peer;
        candidate.failures = 0;
        candidate.reached = address;
        confirm(candidate, address);
        onReached(address);
        return;
      }
      candidate.rumours = [...candidate.rumours.slice(rumours.length), ...rumours];
      candidate.failures++;
      if (candidate.failures >= MAX_FAILURES && candidate.source === 'learnt') {
        this.#candidates.delete(key);
        for (const address of [...candidate.addresses, ...candidate.rumours]) onLost(address);
      }
      const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** candidate.failures);
      candidate.dueAtMs = clock.elapsed() + wait * (0.5 + random.next());
    } finally {
      this.#dialling.delete(candidate);
      this.#lookIn(0);
    }
  }
}

/** Hearsay comes last and displaces nothing: a peer must not bury another's good address under invented ones. */
function tellMore(known: Candidate, address: string, source: AddressSource): void {
  const others = known.addresses.filter((other) => other !== address);
  if (source !== 'learnt' && PRIORITY[source] <= PRIORITY[known.source]) confirm(known, address);
  else if (others.length === known.addresses.length && !known.rumours.includes(address)) {
    known.rumours = [...known.rumours, address].slice(0, MAX_ADDRESSES_EACH);
  }
  if (PRIORITY[source] < PRIORITY[known.source]) known.source = source;
}

/** This address works, or is told by who should know. What comes so goes before the others, but never displaces the one that worked. */
function confirm(known: Candidate, address: string): void {
  const others = known.addresses.filter((other) => other !== address);
  known.addresses = [address, ...others];
  if (known.addresses.length > MAX_ADDRESSES_EACH)
    known.addresses.splice(
      known.addresses.findLastIndex((other) => other !== known.reached),
      1,
    );
  known.rumours = known.rumours.filter((other) => other !== address);
}

/** Better known first, then those that failed less often, then every owner's first, second, and so on. */
function inTurn(a: Candidate, b: Candidate): number {
  return PRIORITY[a.source] - PRIORITY[b.source] || a.failures - b.failures || a.turn - b.turn;
}
