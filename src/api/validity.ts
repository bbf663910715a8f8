/** Validates the whole stored chain, in turns with everything else the daemon does. */
import type { Chain } from '../chain/chain.ts';
import type { AnswerOf } from '../client/contract.ts';
import type { SignatureCheck } from '../core/signature.ts';
import { verifySignature } from '../native/signatures.ts';
import type { Caller } from './callers/caller.ts';
import { SIGNATURES_PER_TURN, VALIDITY_REST } from './limits.ts';

type Validity = AnswerOf<'chainValidity'>;

/**
 * It reads the whole chain, so all who ask while it runs wait for the same result, and strangers together have a tenth
 * of the daemon's time: after one run they are told its result for nine times as long.
 */
export class ChainValidation {
  readonly #chain: Chain;
  readonly #stop = new AbortController();
  #running: Promise<Validity> | undefined;
  #last: { readonly result: Validity; readonly untilMs: number } | undefined;

  constructor(chain: Chain) {
    this.#chain = chain;
  }

  run(caller: Caller): Promise<Validity> {
    const last = this.#last;
    if (!caller.isOwn && last !== undefined && performance.now() < last.untilMs)
      return Promise.resolve(last.result);
    this.#running ??= this.#validate(caller).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  close(): void {
    this.#stop.abort();
  }

  async #validate(caller: Caller): Promise<Validity> {
    const start = performance.now();
    const found = await this.#chain.verify({
      verifySignatures: (checks) => verifySignatures(checks, caller),
      pause: () => caller.turn(),
      signal: this.#stop.signal,
    });
    const elapsedMs = performance.now() - start;
    const result = { ...found, elapsedMs: Math.round(elapsedMs) };
    this.#last = { result, untilMs: start + elapsedMs * (1 + VALIDITY_REST) };
    return result;
  }
}

async function verifySignatures(checks: readonly SignatureCheck[], caller: Caller): Promise<boolean[]> {
  const verdicts: boolean[] = [];
  for (const check of checks) {
    verdicts.push(verifySignature(check));
    if (verdicts.length % SIGNATURES_PER_TURN === 0) await caller.turn();
  }
  return verdicts;
}
