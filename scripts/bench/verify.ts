/** The verifier's threads beside libsodium alone on as many. */
import sodium from 'sodium-native';
import type { SignatureCheck } from '../../src/core/signature.ts';
import { createSignatureVerifier, type ThreadedSignatureVerifier } from '../../src/native/verifier.ts';
import { type BenchCase, comparedWith } from './case.ts';
import { benchKey } from './ledger.ts';
import { rawLibsodium } from './raw-libsodium.ts';

const THREADS = [1, 2];
/** A block's worth. */
const CHECKS = 4_000;
const RAW_MS = 200;

export const verify: BenchCase = {
  name: 'verify',
  about: 'signatures checked a second, beside libsodium alone on as many threads',
  async measure({ runs, tell }) {
    const checks = signedChecks(CHECKS);
    const contenders = await Promise.all(
      THREADS.map(async (threads) => ({
        threads,
        verifier: createSignatureVerifier({ threads }),
        raw: await rawLibsodium(threads),
        rates: [] as number[],
        limits: [] as number[],
      })),
    );
    try {
      for (const { verifier } of contenders) await verifier.verify(checks.slice(0, 200));
      for (let run = 1; run <= runs; run++) {
        tell(`verify: run ${run} of ${runs}`);
        for (const { limits, rates, raw, verifier } of contenders) {
          limits.push(await raw.rate(RAW_MS));
          rates.push(await rate(verifier, checks));
        }
      }
    } finally {
      await Promise.all(contenders.flatMap(({ raw, verifier }) => [raw.close(), verifier.close()]));
    }
    return contenders.map(({ limits, rates, threads }) =>
      comparedWith(
        `verify, ${threads === 1 ? '1 thread' : `${threads} threads`}`,
        'signatures/s',
        rates,
        limits,
      ),
    );
  },
};

/** Checks a second. */
async function rate(verifier: ThreadedSignatureVerifier, checks: readonly SignatureCheck[]): Promise<number> {
  const startMs = performance.now();
  const verdicts = await verifier.verify(checks);
  const elapsedMs = performance.now() - startMs;
  if (verdicts.length !== checks.length || verdicts.includes(false)) {
    throw new Error('a good signature was refused');
  }
  return (checks.length / elapsedMs) * 1_000;
}

function signedChecks(count: number): SignatureCheck[] {
  const { publicKey, secretKey } = benchKey(0);
  return Array.from({ length: count }, (_, i) => {
    const message = Buffer.alloc(32);
    message.writeUInt32LE(i);
    const signature = Buffer.alloc(sodium.crypto_sign_BYTES);
    sodium.crypto_sign_detached(signature, message, secretKey);
    return { message, publicKey, signature };
  });
}
