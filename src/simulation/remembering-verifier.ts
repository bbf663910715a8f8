/**
 * The verifier port for a simulation: real signatures, really checked, but each once, however many nodes ask. A
 * verdict follows from the bytes alone, so no node can tell.
 */
import type { SignatureCheck } from '../core/signature.ts';
import { verifySignature } from '../native/signatures.ts';
import type { SignatureVerifier } from '../node/ports.ts';

/** Verdicts kept: some hundred bytes each. */
const MAX_REMEMBERED = 100_000;

export function rememberingVerifier(): SignatureVerifier {
  const verdicts = new Map<string, boolean>();
  const verify = (check: SignatureCheck): boolean => {
    const key = keyOf(check);
    let verdict = verdicts.get(key);
    if (verdict === undefined) {
      verdict = verifySignature(check);
      verdicts.set(key, verdict);
      const oldest = verdicts.keys().next().value;
      if (verdicts.size > MAX_REMEMBERED && oldest !== undefined) verdicts.delete(oldest);
    }
    return verdict;
  };
  return { verify: async (checks) => checks.map(verify) };
}

function keyOf({ message, publicKey, signature }: SignatureCheck): string {
  return Buffer.concat([message, publicKey, signature]).toString('latin1');
}
