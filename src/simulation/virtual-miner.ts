/**
 * The miner port: when a miner of some hash power finds its block is a draw, as it is in nature. The nonce is
 * real, for everybody checks it; the targets of simulated networks take a few dozen hashes.
 */
import { digest64 } from '@chainsafe/persistent-merkle-tree';
import { invariant } from '../core/errors.ts';
import { bytesToBigInt } from '../core/hex.ts';
import type { Clock, Miner, MiningJob } from '../node/ports.ts';
import type { SeededRandom } from './random.ts';

/** A target so hard that finding a nonce takes minutes has no place in a simulation. */
const MAX_TRIES = 100_000_000;

export class VirtualMiner implements Miner {
  readonly threads = 1;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #hashesPerMs: () => number;

  /** @param hashesPerMs its hash power now; 0: it never finds anything */
  constructor(clock: Clock, random: SeededRandom, hashesPerMs: () => number) {
    this.#clock = clock;
    this.#random = random;
    this.#hashesPerMs = hashesPerMs;
  }

  search({ headerRoot, target }: MiningJob, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const hashes = this.#random.exponential(expectedHashes(target));
    const rate = this.#hashesPerMs();
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve(undefined);
        return;
      }
      const stop =
        rate > 0
          ? this.#clock.after(hashes / rate, () => resolve(this.#nonceFor(headerRoot, target)))
          : () => {};
      signal.addEventListener('abort', () => {
        stop();
        resolve(undefined);
      });
    });
  }

  hashrate(): number {
    return this.#hashesPerMs() * 1_000;
  }

  async close(): Promise<void> {}

  #nonceFor(headerRoot: Uint8Array, target: bigint): Uint8Array {
    return findNonce(headerRoot, target, this.#random.bytes(32));
  }
}

/** How many hashes a block takes on average. */
export function expectedHashes(target: bigint): number {
  return Number(2n ** 256n / (target + 1n));
}

/** Counts up from `start`, which it changes, until the proof of work holds. */
export function findNonce(headerRoot: Uint8Array, target: bigint, start: Uint8Array): Uint8Array {
  const view = new DataView(start.buffer, start.byteOffset);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    view.setUint32(0, (view.getUint32(0, true) + 1) >>> 0, true);
    if (bytesToBigInt(digest64(headerRoot, start)) <= target) return start;
  }
  invariant(false, 'a simulated network has an easy target');
}
