import fc from 'fast-check';
import { expect, test } from 'vitest';
import { generateKeyPair, keyPairFromSeed, signPayment } from '../../src/client/keys.ts';
import { hexToBytes } from '../../src/core/hex.ts';
import { signatureCheck } from '../../src/core/signature.ts';
import { verifySignature } from '../../src/native/signatures.ts';
import { payment, testKey, testNetwork } from '../support/ledger.ts';

const network = testNetwork();

test('a seed gives the key of RFC 8032, test 1', () => {
  const seed = hexToBytes('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60');
  expect(keyPairFromSeed(seed).address).toBe(
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
  );
});

test('a seed of another length is refused', () => {
  expect(() => keyPairFromSeed(new Uint8Array(31))).toThrow(RangeError);
});

test('two new keys differ', () => {
  expect(generateKeyPair().address).not.toBe(generateKeyPair().address);
});

test('what it signs, libsodium verifies, for this network only; and both sign alike', () => {
  const seed = new Uint8Array(32);
  seed[0] = 9;
  const key = keyPairFromSeed(seed);
  const recipient = testKey(2).address;
  fc.assert(
    fc.property(
      fc.bigInt(0n, 2n ** 63n - 1n),
      fc.bigInt(0n, 2n ** 63n - 1n),
      fc.uint8Array({ maxLength: 1_024 }),
      (amount, sequence, data) => {
        const { id, signed } = signPayment(network.id, key, { recipient, sequence, amount, fee: 7n, data });
        expect(verifySignature(signatureCheck(signed, network.id))).toBe(true);
        expect(verifySignature(signatureCheck(signed, testNetwork({ subsidy: 1n }).id))).toBe(false);
        const native = payment(network, { from: testKey(9), to: recipient, sequence, amount, fee: 7n, data });
        expect(native).toMatchObject({ id, signed: { signature: signed.signature } });
      },
    ),
    { numRuns: 20 },
  );
});

test.each([
  ['amount', { amount: -1n }],
  ['fee', { fee: 2n ** 64n }],
  ['data', { data: new Uint8Array(1_025) }],
])('%s that does not fit is refused, not cut', (field, change) => {
  const payment = { recipient: testKey(2).address, sequence: 0n, amount: 1n, fee: 1n, ...change };
  expect(() => signPayment(network.id, generateKeyPair(), payment)).toThrow(field);
});
