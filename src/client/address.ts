/** Addresses as people type them, and pages show them. */
import { formatAddress, parseAddress } from '../core/address.ts';
import { describeAddressTypo } from '../core/address-typo.ts';
import type { Address } from '../core/identifiers.ts';

export { formatAddress };

/** @param text bech32m @throws TypeError saying which character is wrong, or what else */
export function readAddress(text: string): Address {
  try {
    return parseAddress(text);
  } catch (error) {
    const typo = describeAddressTypo(text);
    throw typo === undefined ? error : new TypeError(`not an address: ${typo}`, { cause: error });
  }
}
