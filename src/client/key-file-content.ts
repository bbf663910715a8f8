/** The JSON of a key file, read strictly: what is there is what was written, or it is refused. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '../core/hex.ts';
import { type CanonicalValue, canonicalJson } from './canonical-json.ts';
import { checkHeader, type EncryptionHeader } from './passphrase-encryption.ts';
import { MAX_ACCOUNTS } from './wallet.ts';
import { ACCOUNT_KINDS, type AccountKind } from './wallet-account.ts';
import { WalletError } from './wallet-error.ts';

/** 1,000 accounts with names and seeds take a quarter of it. */
export const MAX_KEY_FILE_LENGTH = 1_048_576;

export interface StoredAccount {
  readonly kind: AccountKind;
  /** bech32m. */
  readonly address: string;
  readonly name?: string;
  readonly path?: string;
}

/** What a passphrase keeps. */
export interface Secrets {
  readonly words?: string;
  readonly bip39Passphrase?: string;
  /** Of the imported accounts, in their order: 32 bytes each, hex. */
  readonly seeds: readonly string[];
}

export interface UnencryptedContent {
  readonly version: 2;
  readonly kind: 'unencrypted';
  readonly accounts: readonly StoredAccount[];
  readonly secrets: Secrets;
}

export interface EncryptedContent extends EncryptionHeader {
  readonly version: 2;
  readonly kind: 'encrypted';
  readonly accounts: readonly StoredAccount[];
  /** The secrets as JSON, encrypted, and the tag of authentication behind them; hex. */
  readonly ciphertext: string;
}

/** Before there were words: one key. Still read, no longer written. */
export interface SingleKeyContent {
  readonly version: 1;
  readonly kind: 'unencrypted-ed25519-seed';
  readonly address: string;
  readonly seed: string;
}

/** The file's text, its checksum in it. */
export function writeContent(content: UnencryptedContent | EncryptedContent): string {
  const canonical = content as unknown as CanonicalValue;
  return `${JSON.stringify({ ...content, checksum: checksumOf(canonical) }, undefined, 2)}\n`;
}

/** @throws WalletError `damaged` or `unsupported` */
export function readContent(text: string): UnencryptedContent | EncryptedContent | SingleKeyContent {
  if (text.length > MAX_KEY_FILE_LENGTH) throw damaged('it is far too long');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Without the cause, which quotes the text.
    throw damaged('it is not JSON');
  }
  if (!isRecord(value)) throw damaged('it is not a JSON object');
  if (value.version === 1) return readSingleKey(value);
  if (value.version !== 2) {
    throw new WalletError('unsupported', `it is no wallet of version 1 or 2: a later tally may read it`);
  }
  const { checksum, ...content } = value;
  if (!isContent(content)) throw damaged('a field is missing, misspelt or too many');
  if (checksumOf(content as unknown as CanonicalValue) !== checksum) throw damaged('its checksum is wrong');
  return content;
}

export function damaged(reason: string): WalletError {
  return new WalletError('damaged', `it is damaged or was changed by hand: ${reason}`);
}

/** @throws WalletError `damaged` */
export function readSecrets(value: unknown): Secrets {
  if (isSecrets(value)) return value;
  throw damaged('its secrets are incomplete');
}

/** Against slips and bad disks, and readable without the passphrase; against people there is the encryption. */
function checksumOf(content: CanonicalValue): string {
  return bytesToHex(sha256(new TextEncoder().encode(canonicalJson(content))));
}

function readSingleKey(value: Record<string, unknown>): SingleKeyContent {
  const { version, kind, address, seed } = value;
  if (version !== 1 || kind !== 'unencrypted-ed25519-seed') throw damaged('its kind is unknown');
  if (typeof address !== 'string' || typeof seed !== 'string') throw damaged('a field is missing');
  return { version, kind, address, seed };
}

function isContent(
  value: Record<string, unknown>,
): value is (UnencryptedContent | EncryptedContent) & Record<string, unknown> {
  const { accounts, kind } = value;
  if (!Array.isArray(accounts) || !accounts.every(isAccount)) return false;
  if (accounts.length < 1 || accounts.length > MAX_ACCOUNTS) return false;
  if (kind === 'unencrypted') {
    return has(value, ['version', 'kind', 'accounts', 'secrets']) && isSecrets(value.secrets);
  }
  return (
    kind === 'encrypted' &&
    has(value, ['version', 'kind', 'accounts', 'scrypt', 'nonce', 'check', 'ciphertext']) &&
    typeof value.ciphertext === 'string' &&
    isHeader(value) &&
    checkHeader(value)
  );
}

function isHeader(value: Record<string, unknown>): value is EncryptionHeader & Record<string, unknown> {
  const { check, nonce, scrypt } = value;
  return (
    typeof check === 'string' &&
    typeof nonce === 'string' &&
    isRecord(scrypt) &&
    has(scrypt, ['N', 'r', 'p', 'salt']) &&
    typeof scrypt.salt === 'string' &&
    [scrypt.N, scrypt.r, scrypt.p].every((number) => typeof number === 'number')
  );
}

function isAccount(value: unknown): value is StoredAccount {
  return (
    isRecord(value) &&
    has(value, ['kind', 'address'], ['name', 'path']) &&
    ACCOUNT_KINDS.some((kind) => kind === value.kind) &&
    typeof value.address === 'string' &&
    [value.name, value.path].every(isTextOrAbsent)
  );
}

function isSecrets(value: unknown): value is Secrets {
  return (
    isRecord(value) &&
    has(value, ['seeds'], ['words', 'bip39Passphrase']) &&
    [value.words, value.bip39Passphrase].every(isTextOrAbsent) &&
    Array.isArray(value.seeds) &&
    value.seeds.every((seed) => typeof seed === 'string')
  );
}

/** `null` is neither: nothing of ours writes it. */
function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

/** Exactly these members. */
function has(value: object, required: readonly string[], optional: readonly string[] = []): boolean {
  const names = Object.keys(value);
  return (
    required.every((name) => names.includes(name)) &&
    names.every((name) => required.includes(name) || optional.includes(name))
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
