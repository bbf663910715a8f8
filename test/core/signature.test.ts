import { createPublicKey, verify } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { signingMessage } from '../../src/core/hashing.ts';
import { bytesToHex, hexToBytes } from '../../src/core/hex.ts';
import { DEV_PARAMS, defineNetwork, TEST_PARAMS } from '../../src/core/network-params.ts';
import { checkSignature, type SignatureCheck, signatureCheck } from '../../src/core/signature.ts';
import { verifySignature } from '../../src/native/signatures.ts';
import { sha256 } from '../support/independent-ssz.ts';
import { refusedWith } from '../support/refused.ts';
import { flipByte, signer, signTransaction } from '../support/rule-ledger.ts';
import flagged from '../vectors/ed25519/ed25519vectors.json' with { type: 'json' };
import speccheck from '../vectors/ed25519/speccheck.json' with { type: 'json' };

const network = defineNetwork(TEST_PARAMS);
const alice = signer(1);
const bob = signer(2);

/** 2^252 + …, the order of the base point. */
const L = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;

describe('what is signed', () => {
  const signed = signTransaction(network, alice, { recipient: bob.publicKey, amount: 5n, fee: 1n });

  it('is sha256(networkId ‖ transactionId)', () => {
    const check = signatureCheck(signed, network.id);
    const [left, right] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    expect(signingMessage(left, right)).toEqual(sha256(left, right));
    expect(check.message).toHaveLength(32);
    expect(verifySignature(check)).toBe(true);
  });

  it('is every field: none can be changed', () => {
    const { transaction } = signed;
    for (const change of [
      { recipient: alice.publicKey },
      { sequence: 1n },
      { amount: 6n },
      { fee: 0n },
      { data: new Uint8Array(1) },
      { sender: bob.publicKey },
    ]) {
      const changed = { ...signed, transaction: { ...transaction, ...change } };
      expect(verifySignature(signatureCheck(changed, network.id)), Object.keys(change).join()).toBe(false);
    }
  });

  it('is bound to the network: the same signature is refused on another', () => {
    const valid = verifySignature(signatureCheck(signed, defineNetwork(DEV_PARAMS).id));
    refusedWith('invalid-signature', () => checkSignature(signed, valid));
  });

  it('is refused when any bit of the signature differs', () => {
    for (let position = 0; position < 64; position++) {
      for (const mask of [1, 0x80]) {
        const changed = { ...signed, signature: flipByte(signed.signature, position, mask) };
        expect(verifySignature(signatureCheck(changed, network.id))).toBe(false);
      }
    }
  });

  it('is accepted silently when valid', () => {
    expect(checkSignature(signed, true)).toBeUndefined();
  });
});

/** One verifier of the flagged set and of speccheck. */
function fromVector(vector: { key?: string; publicKey?: string; message: Uint8Array; signature: string }) {
  return {
    message: vector.message,
    publicKey: hexToBytes(vector.key ?? vector.publicKey ?? ''),
    signature: hexToBytes(vector.signature),
  };
}

/** The flagged set's messages are text. */
const flaggedChecks = flagged.map(({ key, sig, msg, flags }) => ({
  check: fromVector({ key, message: new TextEncoder().encode(msg), signature: sig }),
  flags: new Set<string>(flags ?? []),
}));
const speccheckChecks = speccheck.map(({ message, publicKey, signature }) =>
  fromVector({ publicKey, message: hexToBytes(message), signature }),
);

function verifiesWithNode({ message, publicKey, signature }: SignatureCheck): boolean {
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]);
  return verify(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature);
}

function verifiesWithNoble({ message, publicKey, signature }: SignatureCheck, zip215: boolean): boolean {
  try {
    return ed25519.verify(signature, message, publicKey, { zip215 });
  } catch {
    return false;
  }
}

const asLetters = (verdicts: boolean[]) => verdicts.map((valid) => (valid ? 'V' : 'X')).join(' ');

describe('the signature rule', () => {
  /**
   * The flags by their documentation: A or R of small order; A or R not canonical; and low_order_residue,
   * which says that the cofactorless equation does not hold. Each alone is a reason to refuse. A low-order
   * *component* beside a large-order one (mixed order) is none, and `reencoded_k` goes with a non-canonical part.
   */
  const REFUSED = ['low_order_A', 'low_order_R', 'non_canonical_A', 'non_canonical_R', 'low_order_residue'];
  const expected = (flags: Set<string>) => !REFUSED.some((flag) => flags.has(flag));

  it('has among the 914 flagged signatures ones for every reason, and 43 to accept', () => {
    expect(flaggedChecks).toHaveLength(914);
    expect(flaggedChecks.filter(({ flags }) => expected(flags))).toHaveLength(43);
    for (const reason of ['low_order_A', 'low_order_R', 'low_order_residue']) {
      const alone = flaggedChecks.filter(
        ({ flags }) => flags.has(reason) && REFUSED.filter((flag) => flags.has(flag)).length === 1,
      );
      expect(alone.length, reason).toBeGreaterThan(0);
    }
  });

  it('is what libsodium does with each of them', () => {
    const wrong = flaggedChecks.filter(({ check, flags }) => verifySignature(check) !== expected(flags));
    expect(wrong).toEqual([]);
  });

  it('is what Node does with each of them: a second opinion', () => {
    const wrong = flaggedChecks.filter(({ check, flags }) => verifiesWithNode(check) !== expected(flags));
    expect(wrong).toEqual([]);
  });

  it('decides the twelve speccheck cases X X X V X X X X X X X X', () => {
    expect(asLetters(speccheckChecks.map(verifySignature))).toBe('X X X V X X X X X X X X');
    expect(asLetters(speccheck.map(({ valid }) => valid))).toBe('X X X V X X X X X X X X');
    expect(asLetters(speccheckChecks.map(verifiesWithNode))).toBe('X X X V X X X X X X X X');
  });

  it('is neither of the rules @noble/curves has: a third opinion that must differ', () => {
    expect(asLetters(speccheckChecks.map((check) => verifiesWithNoble(check, true)))).toBe(
      'V V V V V V X X X V V V',
    );
    expect(asLetters(speccheckChecks.map((check) => verifiesWithNoble(check, false)))).toBe(
      'X X V V V V X X X X X X',
    );
  });

  it('accepts nothing that the wider rule ZIP215 refuses', () => {
    const checks = [...speccheckChecks, ...flaggedChecks.map(({ check }) => check)];
    const wrong = checks.filter((check) => verifySignature(check) && !verifiesWithNoble(check, true));
    expect(wrong).toEqual([]);
  });

  it('refuses S + L beside S', () => {
    const message = new Uint8Array(32);
    const signature = alice.sign(message);
    const check = { message, publicKey: alice.publicKey, signature };
    expect(verifySignature(check)).toBe(true);
    const s = BigInt(`0x${bytesToHex(signature.slice(32).reverse())}`) + L;
    const high = hexToBytes(s.toString(16).padStart(64, '0')).reverse();
    const malleated = Uint8Array.from([...signature.slice(0, 32), ...high]);
    expect(verifySignature({ ...check, signature: malleated })).toBe(false);
  });
});
