import { type Hasher, hasher, setHasher } from '@chainsafe/persistent-merkle-tree';
import { hasher as wasmHasher } from '@chainsafe/persistent-merkle-tree/hasher/as-sha256';
import { hasher as nobleHasher } from '@chainsafe/persistent-merkle-tree/hasher/noble';
import { ed25519 } from '@noble/curves/ed25519.js';
import { afterEach, describe, expect, it } from 'vitest';
import { InvariantError } from '../../src/core/errors.ts';
import { transactionsRoot } from '../../src/core/hashing.ts';
import {
  checkHasher,
  checkNative,
  checkSignatureRule,
  sampleTransactions,
} from '../../src/native/self-check.ts';
import { verifySignature } from '../../src/native/signatures.ts';
import { Transactions } from '../support/independent-ledger.ts';

describe('at the start of a daemon', () => {
  it('this machine passes', () => checkNative());

  it("libsodium's rule passes", () => checkSignatureRule(verifySignature));

  it.each([
    ['accepts everything', () => true, 'small-order A and R'],
    ['refuses everything', () => false, 'speccheck 3: mixed-order'],
  ])('a verifier that %s is found out', (_, verify, which) => {
    expect(() => checkSignatureRule(verify)).toThrow(InvariantError);
    expect(() => checkSignatureRule(verify)).toThrow(which);
  });

  it.each([true, false])('a verifier of another rule is found out: noble with zip215 %s', (zip215) => {
    expect(() =>
      checkSignatureRule(({ message, publicKey, signature }) => {
        try {
          return ed25519.verify(signature, message, publicKey, { zip215 });
        } catch {
          return false;
        }
      }),
    ).toThrow(InvariantError);
  });

  it('a verifier that is cofactored but else as strict is found out', () => {
    const cofactored = ({ message, publicKey, signature }: Parameters<typeof verifySignature>[0]) => {
      if (verifySignature({ message, publicKey, signature })) return true;
      try {
        const A = ed25519.Point.fromBytes(publicKey);
        const R = ed25519.Point.fromBytes(signature.subarray(0, 32));
        return (
          !A.isSmallOrder() &&
          !R.isSmallOrder() &&
          ed25519.verify(signature, message, publicKey, { zip215: true })
        );
      } catch {
        return false;
      }
    };
    expect(() => checkSignatureRule(cofactored)).toThrow(/only the cofactored equation holds/);
  });
});

describe('the hasher', () => {
  const native = hasher;
  afterEach(() => setHasher(native));

  it('under the tests is native', () => {
    expect(['hashtree', 'as-sha256']).toContain(native.name);
    checkHasher();
  });

  it.each([wasmHasher, nobleHasher])('$name gives the same', (other) => {
    setHasher(other);
    checkHasher();
  });

  it('gives the root that SSZ written a second time gives', () => {
    const sample = sampleTransactions();
    expect(transactionsRoot(sample)).toEqual(Transactions.hashTreeRoot(sample));
  });

  it.each([
    ['one hash', { digest64: () => new Uint8Array(32) }],
    ['pairs in batches', { hashInto: (_: Uint8Array, output: Uint8Array) => void output.fill(7) }],
    [
      'trees in batches',
      { merkleizeBlocksBytes: (_: Uint8Array, __: number, output: Uint8Array) => void output.fill(7) },
    ],
  ])('that is wrong about %s is found out', (_, wrong) => {
    setHasher({ ...native, ...wrong } as Hasher);
    expect(() => checkHasher()).toThrow(InvariantError);
  });
});
