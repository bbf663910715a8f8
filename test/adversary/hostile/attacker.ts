/** What an attack has at hand: its targets, money, identities, and a report of what it did. */
import { setTimeout as delay } from 'node:timers/promises';
import { type KeyPair, keyPairFromSeed } from '../../../src/client/keys.ts';
import { hexToBytes } from '../../../src/core/hex.ts';
import { parseNetworkFile } from '../../../src/core/network-file.ts';
import { defineNetwork, type NetworkDefinition } from '../../../src/core/network-params.ts';
import type { AttackerOrders, AttackerReport, Target } from '../attack.ts';
import { HostilePeer, type PeerOptions } from './peer.ts';

const DEFAULT_HASH_SHARE = 1 / 3;
/** Between two tries of something that failed at once, so that failing is not all that the attacker does. */
const PAUSE_AFTER_FAILURE_MS = 100;

export class Attacker {
  readonly definition: NetworkDefinition;
  /** Of an account with money. */
  readonly key: KeyPair;
  /** The honest daemons. */
  readonly targets: readonly Target[];
  /** Of the processes of this attack, from 0. */
  readonly index: number;
  /** Of all honest miners' hash power: what it takes for itself. */
  readonly hashShare: number;
  /** Aborts when the attack is over. */
  readonly signal: AbortSignal;
  readonly #newcomer = Promise.withResolvers<Target>();
  readonly #peers: HostilePeer[] = [];
  readonly #done = new Map<string, number>();
  readonly #held = new Set<number>();
  #longestHeldMs = 0;
  #work = 0;

  constructor(
    { index, network, seed, targets }: AttackerOrders,
    hashShare: number | undefined,
    signal: AbortSignal,
  ) {
    this.hashShare = hashShare ?? DEFAULT_HASH_SHARE;
    this.definition = defineNetwork(parseNetworkFile(network));
    this.key = keyPairFromSeed(hexToBytes(seed));
    this.targets = targets;
    this.index = index;
    this.signal = signal;
    this.#newcomer.promise.catch(() => {});
    signal.addEventListener('abort', () => this.#newcomer.reject(signal.reason), { once: true });
  }

  /** One of the honest daemons: the process's own, unless told otherwise. */
  target(number = this.index): Target {
    return this.targets[number % this.targets.length] as Target;
  }

  /** The daemon that is started while the attack runs. */
  get newcomer(): Promise<Target> {
    return this.#newcomer.promise;
  }

  newcomerStarted(target: Target): void {
    this.#newcomer.resolve(target);
  }

  /** A new identity, connected to nobody yet; it ends with the attack. */
  async peer(options: PeerOptions = {}): Promise<HostilePeer> {
    const peer = await HostilePeer.create(this.definition, options);
    this.#peers.push(peer);
    return peer;
  }

  /** A new identity that is connected to each of these. */
  async peerOf(targets: readonly Target[], options: PeerOptions = {}): Promise<HostilePeer> {
    const peer = await this.peer(options);
    await Promise.all(targets.map((target) => peer.connect(target)));
    return peer;
  }

  /** Does it again and again until the attack is over; what fails is tried anew. */
  async forever(what: () => Promise<void>): Promise<void> {
    while (!this.signal.aborted) {
      try {
        await what();
      } catch {
        this.did('failed');
        await this.pause(PAUSE_AFTER_FAILURE_MS);
      }
      // Other loops of this process, and what the daemons send, have their turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Ends early, without an error, when the attack is over. */
  async pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.signal }).catch(() => {});
  }

  /** Until the attack is over. */
  async rest(): Promise<void> {
    if (this.signal.aborted) return;
    await new Promise((resolve) => this.signal.addEventListener('abort', resolve, { once: true }));
  }

  did(what: string, times = 1): void {
    this.#done.set(what, (this.#done.get(what) ?? 0) + times);
  }

  /** A block was mined that stands for so many hashes. */
  worked(hashes: number): void {
    this.#work += hashes;
  }

  /** A socket is open that libp2p knows nothing of. @returns to be called when it has been closed, once or more often */
  holds(): () => void {
    // Never the same number twice.
    let since = performance.now();
    while (this.#held.has(since)) since += 1e-6;
    this.#held.add(since);
    return () => {
      if (this.#held.delete(since))
        this.#longestHeldMs = Math.max(this.#longestHeldMs, performance.now() - since);
    };
  }

  report(): AttackerReport {
    const { system, user } = process.cpuUsage();
    const held = [...this.#held].map((since) => performance.now() - since);
    return {
      hasBegun: true,
      work: this.#work,
      cpuSeconds: (system + user) / 1e6,
      done: Object.fromEntries(this.#done),
      longestHeldMs: held.reduce((most, ms) => Math.max(most, ms), this.#longestHeldMs),
    };
  }

  async end(): Promise<void> {
    await Promise.allSettled(this.#peers.map((peer) => peer.end()));
  }
}
