/**
 * Ids and addresses are 32 bytes. In SSZ values they are `Uint8Array`; everywhere else they are branded
 * lower-case hex strings, so that they compare with `===`, serve as map keys and cannot be mixed up.
 */
import { bytesToHex, hexToBytes } from './hex.ts';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** `hash_tree_root(SealedHeader)`, hex. */
export type BlockId = Branded<'BlockId'>;
/** `hash_tree_root(Transaction)`, hex. The signature is not part of it. */
export type TransactionId = Branded<'TransactionId'>;
/** `hash_tree_root(NetworkParams)`, hex. */
export type NetworkId = Branded<'NetworkId'>;
/** An Ed25519 public key, hex. For people it is written in bech32m: see `address.ts`. */
export type Address = Branded<'Address'>;

type Id = BlockId | TransactionId | NetworkId | Address;

export const ID_BYTES = 32;

/** Names 32 bytes as an id. @throws RangeError if there are not 32: the caller broke its promise */
export function idFromBytes<T extends Id>(bytes: Uint8Array): T {
  if (bytes.length !== ID_BYTES) throw new RangeError(`an id has ${ID_BYTES} bytes, not ${bytes.length}`);
  return bytesToHex(bytes) as T;
}

export function idToBytes(id: Id): Uint8Array {
  return hexToBytes(id);
}

/** Reads an id somebody typed or sent; undefined if it is not 64 hex digits. */
export function parseId<T extends Id>(text: string): T | undefined {
  return /^[0-9a-fA-F]{64}$/.test(text) ? (text.toLowerCase() as T) : undefined;
}
