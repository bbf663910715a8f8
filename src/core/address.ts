/** Addresses as people write them: bech32m with the prefix `tally`, which catches typing errors. */
import { bech32m } from '@scure/base';
import { type Address, ID_BYTES, idFromBytes, idToBytes } from './identifiers.ts';

const PREFIX = 'tally';
/** `tally1` + 52 characters for 32 bytes + 6 of checksum. */
export const ADDRESS_TEXT_LENGTH = 64;

export function formatAddress(address: Address): string {
  return bech32m.encode(PREFIX, bech32m.toWords(idToBytes(address)));
}

/** @throws TypeError saying what is wrong with `text` */
export function parseAddress(text: string): Address {
  let decoded: { prefix: string; bytes: Uint8Array };
  try {
    decoded = bech32m.decodeToBytes(text);
  } catch (cause) {
    throw new TypeError('not an address: it has a typing error or is not bech32m', { cause });
  }
  if (decoded.prefix !== PREFIX)
    throw new TypeError(`not an address: it begins with ${decoded.prefix}, not ${PREFIX}`);
  if (decoded.bytes.length !== ID_BYTES)
    throw new TypeError(`not an address: ${decoded.bytes.length} bytes, not ${ID_BYTES}`);
  return idFromBytes(decoded.bytes);
}
