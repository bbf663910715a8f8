/**
 * Catching up: decides whose headers to fetch and when, lets the bodies follow, and tells how far it is.
 * Headers are fetched from one peer at a time, in the order they gave cause to, so that nobody can push in
 * with ever heavier claims; bodies from all that have them.
 */
import type { Chain } from '../chain/chain.ts';
import { RuleError } from '../core/errors.ts';
import type { Background } from './background.ts';
import type { BodySync } from './body-sync.ts';
import type { Conduct } from './conduct.ts';
import type { NodeEvent, SyncProgress, SyncState } from './events.ts';
import { BrokenPromise, type HeaderSync } from './header-sync.ts';
import type { PeerStatus, Peers } from './peers.ts';
import type { Clock, PeerId } from './ports.ts';

/** How often progress is told. */
const PROGRESS_MS = 1_000;
/** An answer or two: whoever really has more work has shown some of it by then. */
const CLAIM_GRACE_MS = 5_000;
/** One grace in so long: claims are free, and every one of them could keep us from mining. */
const GRACE_INTERVAL_MS = 60_000;

export interface SyncOptions {
  readonly chain: Chain;
  readonly clock: Clock;
  readonly peers: Peers;
  readonly conduct: Conduct;
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
  #fetchingHeaders = false;
  #cancelProgress: (() => void) | undefined;
  #waiters: (() => void)[] = [];
  #stopped = false;

  constructor(options: SyncOptions) {
    this.#options = options;
  }

  get queued(): number {
    return this.#queue.size;
  }

  stop(): void {
    this.#stopped = true;
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
    if (this.#queue.size > 0) this.#options.background(this.#fetchHeaders());
    this.#options.bodies.wake();
    this.#tell();
  }

  /** No bodies are on their way any more: whoever waits for that need not wait for the next look. */
  bodiesRest(): void {
    this.#tell();
  }

  progress(): SyncProgress {
    const { bodies, chain } = this.#options;
    const state: SyncState = bodies.active ? 'blocks' : this.#fetchingHeaders ? 'headers' : 'idle';
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
    return bodies.active || (this.#fetchingHeaders && clock.elapsed() < this.#graceEndsAtMs);
  }

  /** Resolves once nothing is being fetched. */
  idle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
      this.#tell();
    });
  }

  #isIdle(): boolean {
    return this.#stopped || (!this.#fetchingHeaders && !this.#options.bodies.active);
  }

  #settle(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }

  async #fetchHeaders(): Promise<void> {
    if (this.#fetchingHeaders) return;
    this.#fetchingHeaders = true;
    try {
      for (let peer = this.#nextPeer(); peer !== undefined && !this.#stopped; peer = this.#nextPeer()) {
        await this.#fetchHeadersOf(peer);
        this.#options.bodies.wake();
      }
    } finally {
      this.#fetchingHeaders = false;
      this.#tell();
    }
  }

  #nextPeer(): PeerId | undefined {
    const { peers } = this.#options;
    for (const peer of this.#queue) {
      this.#queue.delete(peer);
      const isHinted = this.#hinted.delete(peer);
      if (peers.has(peer) && (isHinted || this.#claims(peers.get(peer)?.status))) return peer;
    }
    return undefined;
  }

  /** It says it has more work than all headers we know, and nobody looked into that yet. */
  #claims(status: PeerStatus | undefined): status is PeerStatus {
    return (
      status !== undefined && status.work > this.#options.chain.bestHeader.work && !this.#settled.has(status)
    );
  }

  async #fetchHeadersOf(id: PeerId): Promise<void> {
    const { conduct, headers, peers } = this.#options;
    const status = peers.get(id)?.status;
    if (this.#claims(status)) {
      this.#settled.add(status);
      this.#giveGrace();
    }
    try {
      await headers.run(id, status?.work ?? 0n);
    } catch (error) {
      if (error instanceof RuleError && error.code !== 'malformed-encoding')
        conduct.penalise(id, 'invalid-header', error.message);
      else if (error instanceof BrokenPromise) conduct.penalise(id, 'broken-promise', error.message);
      else conduct.blame(id, error, 'headers');
    }
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
