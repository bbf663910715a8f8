/** Encryption by a passphrase: scrypt makes a key of it, XChaCha20-Poly1305 encrypts and authenticates. */
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { scryptAsync } from '@noble/hashes/scrypt.js';
import { bytesEqual, bytesToHex, hexToBytes } from '../core/hex.ts';
import { WalletError } from './wallet-error.ts';

/** RFC 7914's names: `N` the cost, a power of two; `r` the block size; `p` how many times in a row. */
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** 128 MiB, and about a second of one core in JavaScript: what each guess costs an attacker too. */
const DEFAULT_COST: ScryptCost = { N: 2 ** 17, r: 8, p: 1 };
/**
 * What a file may ask of its reader as N r p: twice what ours do, so at most 256 MiB (128 N r) and some seconds. A
 * hostile one could ask for the whole memory, and for hours.
 */
const MAX_SCRYPT_WORK = 2 ** 21;
const SALT_BYTES = 32;
const NONCE_BYTES = 24;
const KEY_BYTES = 32;
/** More than tells a wrong passphrase from a damaged file. */
const CHECK_BYTES = 16;

/** Stands beside the ciphertext. Bytes are hex. */
export interface EncryptionHeader {
  readonly scrypt: ScryptCost & { readonly salt: string };
  readonly nonce: string;
  /** 16 bytes that follow from the passphrase as the key does: if they differ, the passphrase is another. */
  readonly check: string;
}

/** A key for one encryption, from a passphrase and new randomness. */
export async function newKey(
  passphrase: string,
  cost: ScryptCost = DEFAULT_COST,
): Promise<{ header: EncryptionHeader; key: Uint8Array }> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const { key, check } = await derive(passphrase, salt, cost);
  const { N, r, p } = cost;
  return {
    key,
    header: {
      scrypt: { N, r, p, salt: bytesToHex(salt) },
      nonce: bytesToHex(crypto.getRandomValues(new Uint8Array(NONCE_BYTES))),
      check: bytesToHex(check),
    },
  };
}

/** @param header as `checkHeader` let it pass @throws WalletError `wrong-passphrase` */
export async function recoverKey(
  { scrypt, check }: EncryptionHeader,
  passphrase: string,
): Promise<Uint8Array> {
  const derived = await derive(passphrase, hexToBytes(scrypt.salt), scrypt);
  if (bytesEqual(derived.check, hexToBytes(check))) return derived.key;
  throw new WalletError('wrong-passphrase', 'the passphrase is wrong');
}

/** @param associated bytes that are not secret but cannot be changed either */
export function encrypt(
  key: Uint8Array,
  { nonce }: EncryptionHeader,
  associated: Uint8Array,
  plain: Uint8Array,
): string {
  return bytesToHex(xchacha20poly1305(key, hexToBytes(nonce), associated).encrypt(plain));
}

/** @returns undefined if ciphertext or associated bytes are not what was encrypted */
export function decrypt(
  key: Uint8Array,
  { nonce }: EncryptionHeader,
  associated: Uint8Array,
  ciphertext: string,
): Uint8Array | undefined {
  try {
    return xchacha20poly1305(key, hexToBytes(nonce), associated).decrypt(hexToBytes(ciphertext));
  } catch {
    return undefined;
  }
}

/** Whether a header is one that can be answered. @throws WalletError `unsupported` if it asks for too much */
export function checkHeader(header: EncryptionHeader): boolean {
  const { N, r, p, salt } = header.scrypt;
  const whole = [N, r, p].every((number) => Number.isSafeInteger(number) && number >= 1);
  if (!whole || N < 2 || !Number.isInteger(Math.log2(N))) return false;
  if (N * r * p > MAX_SCRYPT_WORK) {
    throw new WalletError(
      'unsupported',
      `its encryption asks for more work than is granted: N r p is ${N * r * p}, at most ${MAX_SCRYPT_WORK}`,
    );
  }
  return isHex(salt, SALT_BYTES) && isHex(header.nonce, NONCE_BYTES) && isHex(header.check, CHECK_BYTES);
}

async function derive(
  passphrase: string,
  salt: Uint8Array,
  { N, r, p }: ScryptCost,
): Promise<{ key: Uint8Array; check: Uint8Array }> {
  // In pieces of some milliseconds, so that a page or a daemon goes on answering.
  const bytes = await scryptAsync(passphrase.normalize('NFKC'), salt, {
    N,
    r,
    p,
    dkLen: KEY_BYTES + CHECK_BYTES,
  });
  return { key: bytes.slice(0, KEY_BYTES), check: bytes.slice(KEY_BYTES) };
}

function isHex(text: string, bytes: number): boolean {
  return text.length === 2 * bytes && /^[0-9a-f]+$/.test(text);
}
