/**
 * Catching up: decides whose headers to fetch and when, lets the bodies follow, and tells how far it is.
 * Headers are fetched from one peer at a time, the heaviest claim first; bodies from all that have them.
 */
import type { Chain } from '../chain/chain.ts';
import { RuleError } from '../core/errors.ts';
import type { Background } from './background.ts';
import type { BodySync } from './body-sync.ts';
import type { Conduct } from './conduct.ts';
import type { NodeEvent, SyncProgress, SyncState } from './events.ts';
import { BrokenPromise, type HeaderSync } from './header-sync.ts';
import type { Peers } from './peers.ts';
import type { Clock, PeerId } from './ports.ts';

/** How often progress is told. */
const PROGRESS_MS = 1_000;

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
  /** Peers with news, whatever their status says: they sent a block whose parent we lack. */
  readonly #hinted = new Set<PeerId>();
  #fetchingHeaders = false;
  #cancelProgress: (() => void) | undefined;
  #waiters: (() => void)[] = [];
  #stopped = false;

  constructor(options: SyncOptions) {
    this.#options = options;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelProgress?.();
    this.#settle();
  }

  /** A peer's status became known, or it sent something we cannot place. */
  hint(peer: PeerId): void {
    this.#hinted.add(peer);
    this.wake();
  }

  /** Looks for work: after a status, a lost peer, a refused block. */
  wake(): void {
    if (this.#stopped) return;
    this.#options.background(this.#fetchHeaders());
    this.#options.bodies.wake();
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

  /** Resolves once nothing is being fetched. */
  idle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
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

  /** The peer with the heaviest claim above our best header, else one that hinted at something. */
  #nextPeer(): PeerId | undefined {
    const { chain, peers } = this.#options;
    const heaviest = peers.withWork(chain.bestHeader.work + 1n)[0];
    if (heaviest !== undefined) return heaviest.connection.id;
    for (const peer of this.#hinted) {
      this.#hinted.delete(peer);
      if (peers.has(peer)) return peer;
    }
    return undefined;
  }

  async #fetchHeadersOf(id: PeerId): Promise<void> {
    const { conduct, headers, peers } = this.#options;
    this.#hinted.delete(id);
    const peer = peers.get(id);
    const claimed = peer?.status?.work ?? 0n;
    try {
      await headers.run(id, claimed);
    } catch (error) {
      if (error instanceof RuleError && error.code !== 'malformed-encoding')
        conduct.penalise(id, 'invalid-header', error.message);
      else if (error instanceof BrokenPromise) conduct.penalise(id, 'broken-promise', error.message);
      else conduct.blame(id, error, 'headers');
    } finally {
      // What it claimed is fetched, or it did not keep it; its next status says what is new.
      if (peer?.status !== undefined && peer.status.work === claimed) this.#settleClaim(id);
    }
  }

  /** A claim that was looked into is not looked into again, or a liar would keep us busy. */
  #settleClaim(id: PeerId): void {
    const { chain, peers } = this.#options;
    const peer = peers.get(id);
    if (peer?.status !== undefined && peer.status.work > chain.bestHeader.work) {
      peer.status = { ...peer.status, work: chain.bestHeader.work };
    }
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
