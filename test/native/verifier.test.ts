import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { getPriority } from 'node:os';
import { promisify } from 'node:util';
import fc from 'fast-check';
import sodium from 'sodium-native';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { SignatureCheck, Urgency } from '../../src/core/signature.ts';
import { verifySignature } from '../../src/native/signatures.ts';
import {
  createSignatureVerifier,
  INLINE_CHECKS,
  type SignatureVerifierOptions,
  type ThreadedSignatureVerifier,
  VerifierClosedError,
} from '../../src/native/verifier.ts';

const execute = promisify(execFile);
const DYING = new URL('./fixtures/dying-verifier-worker.ts', import.meta.url);
const HALF_HEARTED = new URL('./fixtures/half-hearted-verifier-worker.ts', import.meta.url);

const publicKey = Buffer.alloc(sodium.crypto_sign_PUBLICKEYBYTES);
const secretKey = Buffer.alloc(sodium.crypto_sign_SECRETKEYBYTES);
sodium.crypto_sign_keypair(publicKey, secretKey);

function signedCheck(): SignatureCheck {
  const message = randomBytes(32);
  const signature = Buffer.alloc(sodium.crypto_sign_BYTES);
  sodium.crypto_sign_detached(signature, message, secretKey);
  return { message, publicKey, signature };
}

const FIELDS = ['message', 'publicKey', 'signature'] as const;

/** A check with one bit of one field turned over. */
function spoilt(check: SignatureCheck, field: (typeof FIELDS)[number], bit: number): SignatureCheck {
  const bytes = Uint8Array.from(check[field]);
  const byte = (bit >> 3) % bytes.length;
  bytes[byte] = (bytes[byte] ?? 0) ^ (1 << (bit & 7));
  return { ...check, [field]: bytes };
}

/** `length` checks, good and bad; which is which follows from `pattern`. */
function mixture(length: number, pattern: (i: number) => boolean): SignatureCheck[] {
  return Array.from({ length }, (_, i) => {
    const check = signedCheck();
    return pattern(i) ? check : spoilt(check, FIELDS[i % 3] ?? 'message', i);
  });
}

const verifiers: ThreadedSignatureVerifier[] = [];
function verifier(options: SignatureVerifierOptions): ThreadedSignatureVerifier {
  const created = createSignatureVerifier(options);
  verifiers.push(created);
  return created;
}
afterEach(async () => {
  await Promise.all(verifiers.splice(0).map((each) => each.close()));
});

describe('createSignatureVerifier', () => {
  it('leaves the calling thread its priority', async () => {
    const before = getPriority();
    const checks = mixture(INLINE_CHECKS + 1, () => true);
    expect(await verifier({ threads: 1 }).verify(checks)).not.toContain(false);
    expect(getPriority()).toBe(before);
  });

  const shared = createSignatureVerifier({ threads: 2 });
  afterAll(() => shared.close());

  it('judges random mixtures as the verifier on the calling thread does', async () => {
    const check = fc
      .tuple(fc.boolean(), fc.constantFrom(...FIELDS), fc.nat(511))
      .map(([good, field, bit]) => (good ? signedCheck() : spoilt(signedCheck(), field, bit)));
    await fc.assert(
      fc.asyncProperty(fc.array(check, { maxLength: 200, size: 'max' }), async (checks) => {
        expect(await shared.verify(checks)).toEqual(checks.map(verifySignature));
      }),
      { numRuns: 40 },
    );
  });

  it.each([0, 1, INLINE_CHECKS, INLINE_CHECKS + 1, 63, 64, 65, 127, 129, 1_000])(
    'keeps the order of %i checks',
    async (length) => {
      const pattern = (i: number): boolean => (i * 7 + length) % 5 < 3;
      const verdicts = await shared.verify(mixture(length, pattern));
      expect(verdicts).toEqual(Array.from({ length }, (_, i) => pattern(i)));
    },
  );

  it('keeps the answers of many batches at once apart', async () => {
    const patterns = Array.from({ length: 30 }, (_, n) => (i: number) => (i + n) % (2 + (n % 3)) === 0);
    const lengths = patterns.map((_, n) => 1 + ((n * 37) % 150));
    const batches = patterns.map((pattern, n) => mixture(lengths[n] ?? 0, pattern));
    const answers = await Promise.all(batches.map((checks) => shared.verify(checks)));
    for (const [n, answer] of answers.entries()) expect(answer).toEqual(batches[n]?.map(verifySignature));
  });

  it('lets a small batch overtake a large one', async () => {
    const one = verifier({ threads: 1 });
    await one.verify(mixture(20, () => true));
    const order: string[] = [];
    const large = one.verify(mixture(1_500, () => true)).then(() => order.push('large'));
    const small = one.verify(mixture(20, () => true)).then(() => order.push('small'));
    await Promise.all([large, small]);
    expect(order).toEqual(['small', 'large']);
  });

  it("lets a caller's and a block's go before strangers'", async () => {
    const one = verifier({ threads: 1 });
    await one.verify(mixture(20, () => true));
    const order: string[] = [];
    const add = async (count: number, urgency: Urgency): Promise<void> => {
      await one.verify(
        mixture(count, () => true),
        urgency,
      );
      order.push(urgency);
    };
    // Were all alike, the longest would be the last.
    await Promise.all([add(900, 'stranger'), add(600, 'block'), add(1_500, 'own')]);
    expect(order.at(-1)).toBe('stranger');
  });

  it('checks a handful without a thread', async () => {
    // Closed before any thread could have answered.
    const lazy = verifier({ threads: 1 });
    const answer = lazy.verify(mixture(INLINE_CHECKS, (i) => i !== 2));
    await lazy.close();
    expect(await answer).toEqual(Array.from({ length: INLINE_CHECKS }, (_, i) => i !== 2));
  });

  it('checks no more than a few milliseconds on the calling thread, however many small batches come', async () => {
    const one = verifier({ threads: 1 });
    const answers = Array.from({ length: 200 }, () => one.verify([signedCheck()]));
    // Closed before any thread could have answered: what is answered was checked in this turn.
    const [settled] = await Promise.all([Promise.allSettled(answers), one.close()]);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(32);
    // Every turn has its own share.
    expect(await shared.verify([signedCheck()])).toEqual([true]);
  });

  it('loses nothing when its threads die, and gives them up', async () => {
    const unlucky = verifier({ threads: 2, worker: DYING });
    let started = 0;
    const count = () => started++;
    process.on('worker', count);
    const pattern = (i: number): boolean => i % 3 !== 1;
    for (const length of [10, 500, 1_000]) {
      const verdicts = await unlucky.verify(mixture(length, pattern));
      expect(verdicts).toEqual(Array.from({ length }, (_, i) => pattern(i)));
    }
    process.off('worker', count);
    // Three deaths are enough; the other thread may have been replaced once meanwhile.
    expect(started).toBeLessThanOrEqual(5);
  });

  it('loses nothing when threads die now and then, and starts others', async () => {
    const unlucky = verifier({ threads: 2, worker: HALF_HEARTED });
    const pattern = (i: number): boolean => i % 4 !== 3;
    const verdicts = await unlucky.verify(mixture(800, pattern));
    expect(verdicts).toEqual(Array.from({ length: 800 }, (_, i) => pattern(i)));
  });

  it('loses nothing when its worker file cannot be loaded', async () => {
    const missing = verifier({ threads: 2, worker: new URL('./fixtures/missing.ts', import.meta.url) });
    expect(await missing.verify(mixture(100, () => true))).toEqual(new Array(100).fill(true));
  });

  it('does not hold up the event loop, neither with threads nor without', async () => {
    const without = verifier({ threads: 1, worker: DYING });
    for (const each of [shared, without]) {
      const checks = mixture(1_000, () => true);
      // Enough for the threads to run, or to be given up.
      for (let i = 0; i < 3; i++) await each.verify(checks.slice(0, 100));
      const turns: number[] = [];
      let last = performance.now();
      let waiting = true;
      const turn = () => {
        const now = performance.now();
        turns.push(now - last);
        last = now;
        if (waiting) setImmediate(turn);
      };
      setImmediate(turn);
      await each.verify(checks);
      waiting = false;
      // All at once would be one turn of 40 ms or more. The median, because a busy machine may stretch any one.
      expect(turns.length).toBeGreaterThan(40);
      expect(turns.sort((a, b) => a - b)[Math.floor(turns.length / 2)]).toBeLessThan(5);
    }
  });

  it('does not keep the process alive while idle', async () => {
    const verifier = new URL('../../src/native/verifier.ts', import.meta.url).href;
    const program = `
      const { createSignatureVerifier } = await import('${verifier}');
      const check = { message: new Uint8Array(32), publicKey: new Uint8Array(32), signature: new Uint8Array(64) };
      const verdicts = await createSignatureVerifier({ threads: 2 }).verify(new Array(200).fill(check));
      console.log(verdicts.length);`;
    const { stdout } = await execute(process.execPath, ['--input-type=module', '-e', program], {
      timeout: 20_000,
    });
    expect(stdout.trim()).toBe('200');
  });

  it('refuses fields of a wrong length', async () => {
    const good = signedCheck();
    const cut: SignatureCheck[] = FIELDS.map((field) => ({ ...good, [field]: good[field].subarray(1) }));
    for (const check of cut) {
      await expect(shared.verify([check])).rejects.toThrow(RangeError);
      await expect(shared.verify([...mixture(20, () => true), check])).rejects.toThrow(RangeError);
    }
  });

  it('closes quickly and twice; what is unanswered or comes later is refused', async () => {
    const closing = verifier({ threads: 2 });
    const unanswered = closing.verify(mixture(500, () => true));
    const refused = expect(unanswered).rejects.toThrow(VerifierClosedError);
    await Promise.all([closing.close(), closing.close()]);
    await refused;
    await expect(closing.verify([signedCheck()])).rejects.toThrow(VerifierClosedError);
  });

  it('refuses impossible thread counts', () => {
    for (const threads of [0, -1, 1.5, Number.NaN, 100_000]) {
      expect(() => createSignatureVerifier({ threads })).toThrow(RangeError);
    }
  });
});
