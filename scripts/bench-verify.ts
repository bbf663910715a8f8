/**
 * How fast signatures are checked: libsodium bare on one thread, beside the verifier's threads, in turns.
 *
 *     node scripts/bench-verify.ts [--json]
 */
import sodium from 'sodium-native';
import type { SignatureCheck } from '../src/core/signature.ts';
import { verifySignature } from '../src/native/signatures.ts';
import { createSignatureVerifier } from '../src/native/verifier.ts';

const THREADS = [1, 2];
/** A block's worth. */
const CHECKS = 4_000;
const RUNS = 5;

const checks = signedChecks(CHECKS);
const verifiers = THREADS.map((threads) => createSignatureVerifier({ threads }));
for (const verifier of verifiers) await verifier.verify(checks.slice(0, 200));

const bare: number[] = [];
const pools: number[][] = THREADS.map(() => []);
for (let run = 0; run < RUNS; run++) {
  bare.push(await rate(async () => checks.map(verifySignature)));
  for (const [i, verifier] of verifiers.entries()) {
    pools[i]?.push(await rate(() => verifier.verify(checks)));
  }
}
await Promise.all(verifiers.map((verifier) => verifier.close()));

const rows = [
  { name: 'libsodium, calling thread', runs: bare },
  ...verifiers.map(({ threads }, i) => ({ name: `verifier, threads: ${threads}`, runs: pools[i] ?? [] })),
].map(({ name, runs }) => ({
  name,
  value: median(runs),
  unit: 'verifications/s',
  limit: null,
  ratio: median(runs.map((value, run) => value / (bare[run] ?? Number.NaN))),
  runs,
}));

if (process.argv.includes('--json')) {
  console.log(JSON.stringify(rows, null, 2));
} else {
  for (const { name, value, unit, ratio, runs } of rows) {
    const range = `${Math.min(...runs).toFixed(0)} to ${Math.max(...runs).toFixed(0)}`;
    console.log(`${name.padEnd(28)} ${value.toFixed(0)} ${unit} (${range})   × ${ratio.toFixed(2)}`);
  }
}

/** Checks a second. */
async function rate(verify: () => Promise<boolean[]>): Promise<number> {
  const startMs = performance.now();
  const verdicts = await verify();
  const elapsedMs = performance.now() - startMs;
  if (verdicts.length !== CHECKS || verdicts.includes(false)) throw new Error('a good signature was refused');
  return (CHECKS / elapsedMs) * 1_000;
}

function signedChecks(count: number): SignatureCheck[] {
  const publicKey = Buffer.alloc(sodium.crypto_sign_PUBLICKEYBYTES);
  const secretKey = Buffer.alloc(sodium.crypto_sign_SECRETKEYBYTES);
  sodium.crypto_sign_keypair(publicKey, secretKey);
  return Array.from({ length: count }, (_, i) => {
    const message = Buffer.alloc(32);
    message.writeUInt32LE(i);
    const signature = Buffer.alloc(sodium.crypto_sign_BYTES);
    sodium.crypto_sign_detached(signature, message, secretKey);
    return { message, publicKey, signature };
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
