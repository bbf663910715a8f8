import { expect, test } from 'vitest';
import {
  accountPath,
  accountsRoot,
  childKey,
  type ExtendedKey,
  masterKey,
} from '../../src/client/derivation.ts';
import { keyPairFromSeed } from '../../src/client/keys.ts';
import { bytesToHex, hexToBytes } from '../../src/core/hex.ts';
import vectors from '../vectors/slip10.json' with { type: 'json' };

function follow(seed: Uint8Array, path: string): ExtendedKey {
  const steps = path.split('/').slice(1);
  return steps.reduce((key, step) => childKey(key, Number(step.replace("'", ''))), masterKey(seed));
}

const cases = vectors.flatMap(({ seed, keys }) => keys.map((key) => ({ seed, ...key })));

test.each(cases)('SLIP-0010: $path', ({ seed, path, chainCode, key, publicKey }) => {
  const derived = follow(hexToBytes(seed), path);
  expect(bytesToHex(derived.chainCode)).toBe(chainCode);
  expect(bytesToHex(derived.key)).toBe(key);
  expect(keyPairFromSeed(derived.key).address).toBe(publicKey);
});

test('an account is where its path says', () => {
  const seed = hexToBytes(vectors[1]?.seed ?? '');
  expect(accountPath(7)).toBe("m/44'/1413565529'/7'");
  expect(childKey(accountsRoot(seed), 7)).toEqual(follow(seed, accountPath(7)));
});

test.each([-1, 0.5, 2 ** 31, Number.NaN])('%s is no step', (index) => {
  expect(() => childKey(masterKey(new Uint8Array(64)), index)).toThrow(RangeError);
});
