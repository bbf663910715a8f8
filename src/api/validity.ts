/** Validates the whole stored chain, in turns with everything else the daemon does. */
import { setImmediate as turnOfOthers } from 'node:timers/promises';
import type { Chain } from '../chain/chain.ts';
import type { AnswerOf } from '../client/contract.ts';
import type { SignatureCheck } from '../core/signature.ts';
import { verifySignature } from '../native/signatures.ts';
import { SIGNATURES_PER_TURN } from './limits.ts';

type Validity = AnswerOf<'chainValidity'>;

/** Whoever asks while it runs waits for the same result: it reads the whole chain. */
export class ChainValidation {
  readonly #chain: Chain;
  readonly #stop = new AbortController();
  #running: Promise<Validity> | undefined;

  constructor(chain: Chain) {
    this.#chain = chain;
  }

  run(): Promise<Validity> {
    this.#running ??= this.#validate().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  close(): void {
    this.#stop.abort();
  }

  async #validate(): Promise<Validity> {
    const start = performance.now();
    const result = await this.#chain.verify({
      verifySignatures,
      pause: () => turnOfOthers(),
      signal: this.#stop.signal,
    });
    return { ...result, elapsedMs: Math.round(performance.now() - start) };
  }
}

async function verifySignatures(checks: readonly SignatureCheck[]): Promise<boolean[]> {
  const verdicts: boolean[] = [];
  for (const check of checks) {
    verdicts.push(verifySignature(check));
    if (verdicts.length % SIGNATURES_PER_TURN === 0) await turnOfOthers();
  }
  return verdicts;
}
