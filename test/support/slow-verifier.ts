/** A verifier with one thread on a virtual clock: whatever is asked of it waits for what was asked before. */
import type { SignatureCheck } from '../../src/core/signature.ts';
import type { SignatureVerifier } from '../../src/node/ports.ts';
import type { VirtualClock } from './virtual-clock.ts';
import { inlineVerifier } from './virtual-node.ts';

const MS_PER_CHECK = 0.1;

export class SlowVerifier implements SignatureVerifier {
  /** Checks so far. */
  verified = 0;
  readonly #clock: VirtualClock;
  #busyUntilMs = 0;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  async verify(checks: readonly SignatureCheck[]): Promise<boolean[]> {
    this.verified += checks.length;
    const now = this.#clock.now();
    this.#busyUntilMs = Math.max(now, this.#busyUntilMs) + MS_PER_CHECK * checks.length;
    await new Promise<void>((resolve) => this.#clock.after(this.#busyUntilMs - now, resolve));
    return inlineVerifier.verify(checks);
  }
}
