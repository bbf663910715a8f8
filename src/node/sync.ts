/**
 * Catching up: decides whose headers to fetch and when, lets the bodies follow, and tells how far it is.
 * Headers are fetched from one peer at a time while it gets on, and from others beside one that does not, in the order
 * they gave cause to, so that no peer can push in with ever heavier claims; bodies from all that have them.
 */
import type { Chain } from '../chain/chain.ts';
import type { BodySync } from './body-sync.ts';
import type { NodeEvent, SyncProgress, SyncState } from './events.ts';
import { type Background, type During, type OwnWork, own } from './faults.ts';
import { type HeaderSync, HeaderTurn } from './header-sync.ts';
import type { PeerStatus, Peers } from './peers.ts';
import type { Clock, PeerId } from './ports.ts';

/** How often progress is told. */
const PROGRESS_MS = 1_000;
/** An answer or two: whoever really has more work has shown some of it by then. */
const CLAIM_GRACE_MS = 5_000;
/** One grace in so long: claims are free, and every one of them could keep us from mining. */
const GRACE_INTERVAL_MS = 60_000;
/** Turns at once: what they hold unproven is 3 MB each. */
const MAX_TURNS = 4;
/** Twice a round trip around the planet. */
const PATIENCE_MS = 2_000;
/** An honest peer gives some ten thousand a second, over a line of 160 kB/s as many as this. */
const LEAST_HEADERS_PER_SECOND = 1_000;
/** Even one that gets on has company by then: a million headers, and it costs one more peer's answers. */
const LONG_TURN_MS = 30_000;
/** A turn is not ended for others before: an answer over 40 kB/s. */
const FAIR_TURN_MS = 10_000;
/** How often the turns are looked at while others wait. */
const LOOK_MS = 1_000;

export interface SyncOptions {
  readonly chain: Chain;
  readonly clock: Clock;
  readonly peers: Peers;
  readonly during: During;
  readonly headers: HeaderSync;
  readonly bodies: BodySync;
  readonly background: Background;
  readonly emit: (event: NodeEvent) => void;
}

export class Sync {
  readonly #options: SyncOptions;
  /** Whose headers to fetch, in the order they gave cause to. */
  readonly #queue = new Set<PeerId>();
  /** Peers with news, whatever their status says: they sent a block whose parent we lack. */
  readonly #hinted = new Set<PeerId>();
  /** Claims that were looked into: not again until the next status, or a liar would keep us busy. */
  readonly #settled = new WeakSet<PeerStatus>();
  #graceEndsAtMs = 0;
  #nextGraceAtMs = 0;
  /** The peers whose headers are being fetched; those whose turn is over are there until they have answered. */
  readonly #turns = new Map<PeerId, HeaderTurn>();
  #cancelLook: (() => void) | undefined;
  #cancelProgress: (() => void) | undefined;
  /** Who waits for it to be idle; each leaves by itself at the end of its time. */
  readonly #waiters = new Set<() => void>();
  #stopped = false;

  constructor(options: SyncOptions) {
    this.#options = options;
  }

  get queued(): number {
    return this.#queue.size;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelLook?.();
    this.#cancelProgress?.();
    this.#settle();
  }

  /** A peer sent a block we cannot place. */
  hint(peer: PeerId): void {
    this.#queue.add(peer);
    this.#hinted.add(peer);
    this.#fetch();
  }

  /** A peer told its status. */
  heard(peer: PeerId): void {
    if (this.#claims(this.#options.peers.get(peer)?.status)) this.#queue.add(peer);
    this.#fetch();
  }

  /** Looks for work, whoever has some: a peer is gone, and what was asked of it is to be asked of another. */
  wake(): void {
    for (const { connection, status } of this.#options.peers.all()) {
      if (this.#claims(status)) this.#queue.add(connection.id);
    }
    this.#fetch();
  }

  #fetch(): void {
    if (this.#stopped) return;
    this.#fetchHeaders();
    this.#options.bodies.wake();
    this.#tell();
  }

  /** No bodies are on their way any more: whoever waits for that need not wait for the next look. */
  bodiesRest(): void {
    this.#tell();
  }

  progress(): SyncProgress {
    const { bodies, chain } = this.#options;
    const state: SyncState = bodies.active ? 'blocks' : this.#isFetchingHeaders ? 'headers' : 'idle';
    return {
      state,
      height: chain.tip.height,
      targetHeight: Math.max(chain.tip.height, chain.bestHeader.height),
    };
  }

  /**
   * True while mining would only lengthen a chain that is about to be left behind. A claim nobody has proven
   * counts for a moment only.
   */
  isCatchingUp(): boolean {
    const { bodies, clock } = this.#options;
    return bodies.isArriving || (this.#isFetchingHeaders && clock.elapsed() < this.#graceEndsAtMs);
  }

  /** Waits until nothing is being fetched, so long at most. @returns whether that is so */
  async idle(limitMs: number): Promise<boolean> {
    if (this.#isIdle()) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const cancel = this.#options.clock.after(limitMs, () => resolve(false));
    const waiter = (): void => resolve(true);
    this.#waiters.add(waiter);
    this.#tell();
    try {
      return await promise;
    } finally {
      cancel();
      this.#waiters.delete(waiter);
    }
  }

  get #isFetchingHeaders(): boolean {
    return this.#turnsUnderWay().length > 0;
  }

  /** Without those that are over and only wait for their last answer. */
  #turnsUnderWay(): HeaderTurn[] {
    return [...this.#turns.values()].filter(({ isOver }) => !isOver);
  }

  #isIdle(): boolean {
    return this.#stopped || (!this.#isFetchingHeaders && !this.#options.bodies.active);
  }

  #settle(): void {
    for (const tell of this.#waiters) tell();
    this.#waiters.clear();
  }

  /** Begins turns as long as there is a peer to ask and a place. */
  #fetchHeaders(): void {
    const { background, clock } = this.#options;
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    if (this.#stopped) return;
    for (let peer = this.#nextPeer(); peer !== undefined && this.#hasPlace(); peer = this.#nextPeer()) {
      this.#queue.delete(peer);
      this.#hinted.delete(peer);
      background(this.#fetchHeadersOf(peer));
    }
    if (this.#queue.size > 0) this.#cancelLook = clock.after(LOOK_MS, () => this.#fetchHeaders());
  }

  /**
   * The first turn has all to itself while it gets on. Beside one that is slow, or has lasted long, another begins; and
   * when all places are taken, the one that has shown least ends. Only for a peer that is to have the place.
   */
  #hasPlace(): boolean {
    const now = this.#options.clock.elapsed();
    const turns = this.#turnsUnderWay();
    if (!turns.every((turn) => needsCompany(turn, now))) return false;
    if (turns.length < MAX_TURNS) return true;
    const least = turns
      .filter(({ beganAtMs }) => now - beganAtMs > FAIR_TURN_MS)
      .sort((a, b) => rate(a, now) - rate(b, now))[0];
    if (least === undefined) return false;
    least.isOver = true;
    return true;
  }

  /** Those we dialled come first: a stranger chose to connect to us, and perhaps many times. */
  #nextPeer(): PeerId | undefined {
    const { peers } = this.#options;
    let first: PeerId | undefined;
    for (const id of this.#queue) {
      if (this.#turns.has(id)) continue;
      const peer = peers.get(id);
      if (peer === undefined || !(this.#hinted.has(id) || this.#claims(peer.status))) {
        this.#queue.delete(id);
        this.#hinted.delete(id);
        continue;
      }
      first ??= id;
      if (peer.connection.direction !== 'outbound') continue;
      return id;
    }
    return first;
  }

  /** It says it has more work than all headers we know, and nobody looked into that yet. */
  #claims(status: PeerStatus | undefined): status is PeerStatus {
    return (
      status !== undefined && status.work > this.#options.chain.bestHeader.work && !this.#settled.has(status)
    );
  }

  #fetchHeadersOf(id: PeerId): OwnWork {
    const { clock, during, headers, peers } = this.#options;
    const status = peers.get(id)?.status;
    if (this.#claims(status)) {
      this.#settled.add(status);
      this.#giveGrace();
    }
    const turn = new HeaderTurn(clock.elapsed());
    this.#turns.set(id, turn);
    const run = during(id, 'headers', () => headers.run(id, status?.work ?? 0n, turn));
    return own(run.finally(() => this.#turnEnded(id)));
  }

  #turnEnded(id: PeerId): void {
    this.#turns.delete(id);
    if (this.#stopped) return;
    this.#fetchHeaders();
    this.#options.bodies.wake();
    this.#tell();
  }

  #giveGrace(): void {
    const now = this.#options.clock.elapsed();
    if (now < this.#nextGraceAtMs) return;
    this.#graceEndsAtMs = now + CLAIM_GRACE_MS;
    this.#nextGraceAtMs = now + GRACE_INTERVAL_MS;
  }

  /** Tells progress while there is some, and whoever waits once there is none. */
  #tell(): void {
    if (this.#isIdle()) {
      if (this.#cancelProgress !== undefined) {
        this.#cancelProgress();
        this.#cancelProgress = undefined;
        this.#options.emit({ event: 'sync.progress', ...this.progress() });
      }
      this.#settle();
      return;
    }
    if (this.#cancelProgress !== undefined || this.#stopped) return;
    this.#cancelProgress = this.#options.clock.after(PROGRESS_MS, () => {
      this.#cancelProgress = undefined;
      if (!this.#isIdle()) this.#options.emit({ event: 'sync.progress', ...this.progress() });
      this.#tell();
    });
  }
}

/** It has not answered for a while, gives little, or has gone on for long. */
function needsCompany(turn: HeaderTurn, now: number): boolean {
  const lastsMs = now - turn.beganAtMs;
  return (
    now - turn.answeredAtMs > PATIENCE_MS ||
    (lastsMs > PATIENCE_MS && turn.headers < (LEAST_HEADERS_PER_SECOND * lastsMs) / 1_000) ||
    lastsMs > LONG_TURN_MS
  );
}

/** Headers a millisecond. */
function rate(turn: HeaderTurn, now: number): number {
  return turn.headers / (now - turn.beganAtMs);
}
