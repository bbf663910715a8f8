/** The limit of everything that takes transactions: libsodium and nothing else, on as many threads as there are cores. */
import { availableParallelism } from 'node:os';
import { parentPort, Worker } from 'node:worker_threads';
import sodium from 'sodium-native';

/** Signatures each thread goes over, again and again: more than fit the fast caches. */
const SIGNATURES = 2_000;

export interface RawLibsodium {
  readonly threads: number;
  /** Verifications a second of all threads together. */
  rate(ms: number): Promise<number>;
  close(): Promise<void>;
}

export async function rawLibsodium(threads: number = availableParallelism()): Promise<RawLibsodium> {
  const workers = Array.from({ length: threads }, () => new Worker(new URL(import.meta.url)));
  const ask = (worker: Worker, ms: number): Promise<number> =>
    new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.postMessage(ms);
    });
  const rate = async (ms: number): Promise<number> => {
    const rates = await Promise.all(workers.map((worker) => ask(worker, ms)));
    return rates.reduce((sum, one) => sum + one, 0);
  };
  await rate(50); // warm
  return {
    threads,
    rate,
    close: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function verifyWhenAsked(): void {
  const publicKey = Buffer.alloc(sodium.crypto_sign_PUBLICKEYBYTES);
  const secretKey = Buffer.alloc(sodium.crypto_sign_SECRETKEYBYTES);
  sodium.crypto_sign_keypair(publicKey, secretKey);
  const signed = Array.from({ length: SIGNATURES }, (_, i) => {
    const message = Buffer.alloc(32);
    message.writeUInt32LE(i);
    const signature = Buffer.alloc(sodium.crypto_sign_BYTES);
    sodium.crypto_sign_detached(signature, message, secretKey);
    return { message, signature };
  });
  parentPort?.on('message', (ms: number) => {
    const startMs = performance.now();
    let verified = 0;
    let elapsedMs = 0;
    while (elapsedMs < ms) {
      for (let i = 0; i < 100; i++) {
        const { message, signature } = signed[(verified + i) % SIGNATURES] as (typeof signed)[number];
        if (!sodium.crypto_sign_verify_detached(signature, message, publicKey)) throw new Error('refused');
      }
      verified += 100;
      elapsedMs = performance.now() - startMs;
    }
    parentPort?.postMessage((verified / elapsedMs) * 1_000);
  });
}

if (parentPort !== null) verifyWhenAsked();
