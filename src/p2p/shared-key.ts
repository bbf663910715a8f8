/**
 * The key of a private network, in the file format libp2p's implementations share: whoever does not have it is not
 * spoken to at all. It is no part of the ledger's rules.
 */
import { randomBytes } from 'node:crypto';
import { OperationError } from '../node/ports.ts';

const KEY_BYTES = 32;
const FORM = /^\/key\/swarm\/psk\/1\.0\.0\/\r?\n\/base16\/\r?\n([0-9a-f]{64})\s*$/i;

declare const brand: unique symbol;
/** The text of a key file. */
export type SharedKey = string & { readonly [brand]: 'SharedKey' };

export function createSharedKey(): SharedKey {
  return formatKey(randomBytes(KEY_BYTES).toString('hex'));
}

/** @throws OperationError if it is no such file */
export function readSharedKey(text: string): SharedKey {
  const [, hex] = FORM.exec(text) ?? [];
  if (hex === undefined) {
    throw new OperationError(
      'it is no pre-shared key (three lines: /key/swarm/psk/1.0.0/, /base16/, 64 hex digits)',
    );
  }
  return formatKey(hex.toLowerCase());
}

function formatKey(hex: string): SharedKey {
  return `/key/swarm/psk/1.0.0/\n/base16/\n${hex}\n` as SharedKey;
}
