/** Many keys from one seed: SLIP-0010 for Ed25519, which has hardened steps only. */
import { hmac } from '@noble/hashes/hmac.js';
import { sha512 } from '@noble/hashes/sha2.js';

/** "TALY" in ASCII: not in SLIP-0044's register, and far from the numbers given out there. */
const COIN_TYPE = 0x54414c59;
/** BIP-43: the first step says what the others mean. */
const PURPOSE = 44;
const HARDENED = 0x80000000;
const KEY_BYTES = 32;

export interface ExtendedKey {
  /** 32 secret bytes: the seed of an Ed25519 key pair. */
  readonly key: Uint8Array;
  /** 32 secret bytes: what else its children follow from. */
  readonly chainCode: Uint8Array;
}

/** @param seed 16 to 64 bytes: of BIP-39, 64 */
export function masterKey(seed: Uint8Array): ExtendedKey {
  return split(hmac(sha512, new TextEncoder().encode('ed25519 seed'), seed));
}

/** @param index from 0 to 2^31 − 1; the step is hardened @throws RangeError if it is another number */
export function childKey(parent: ExtendedKey, index: number): ExtendedKey {
  if (!Number.isInteger(index) || index < 0 || index >= HARDENED) {
    throw new RangeError(`a step of a path is a whole number below 2^31, not ${index}`);
  }
  const data = new Uint8Array(1 + KEY_BYTES + 4);
  data.set(parent.key, 1);
  new DataView(data.buffer).setUint32(1 + KEY_BYTES, HARDENED + index);
  return split(hmac(sha512, parent.chainCode, data));
}

/** Where the accounts of a wallet hang; `childKey` gives each. @param seed of BIP-39, 64 bytes */
export function accountsRoot(seed: Uint8Array): ExtendedKey {
  return childKey(childKey(masterKey(seed), PURPOSE), COIN_TYPE);
}

/** The path of an account as people write it. */
export function accountPath(account: number): string {
  return `m/${PURPOSE}'/${COIN_TYPE}'/${account}'`;
}

function split(bytes: Uint8Array): ExtendedKey {
  return { key: bytes.slice(0, KEY_BYTES), chainCode: bytes.slice(KEY_BYTES) };
}
