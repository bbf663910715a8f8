/** Ids: what each of them is the hash of. Nothing else is ever hashed or signed. */
import { digest64, hashInto, merkleizeBlocksBytes } from '@chainsafe/persistent-merkle-tree';
import { type BlockId, ID_BYTES, idFromBytes, type NetworkId, type TransactionId } from './identifiers.ts';
import {
  type Header,
  HeaderType,
  MAX_TRANSACTIONS,
  type NetworkParams,
  NetworkParamsType,
  type SealedHeader,
  type SignedTransaction,
  type Transaction,
  TransactionsType,
  TransactionType,
} from './types.ts';

/** `hash_tree_root(Transaction)`: 32 bytes. */
export function transactionRoot(transaction: Transaction): Uint8Array {
  return TransactionType.hashTreeRoot(transaction);
}

export function transactionId(transaction: Transaction): TransactionId {
  return idFromBytes(transactionRoot(transaction));
}

/** `hash_tree_root(Header)`: the left half of the 64 bytes a miner hashes; the nonce is the right half. */
export function headerRoot(header: Header): Uint8Array {
  return HeaderType.hashTreeRoot(header);
}

/** `hash_tree_root(SealedHeader)` = `sha256(hash_tree_root(Header) ‖ nonce)`: 32 bytes. */
export function sealedHeaderRoot(sealed: SealedHeader): Uint8Array {
  return digest64(headerRoot(sealed.header), sealed.nonce);
}

export function blockId(sealed: SealedHeader): BlockId {
  return idFromBytes(sealedHeaderRoot(sealed));
}

/** `hash_tree_root(List[SignedTransaction, 65536])`: 32 bytes. */
export function transactionsRoot(transactions: SignedTransaction[]): Uint8Array {
  return TransactionsType.hashTreeRoot(transactions);
}

/**
 * `transactionsRoot` where the transactions' ids are known: `hash_tree_root(SignedTransaction)` is
 * `sha256(id ‖ sha256(signature))`, so there is little left to hash, all of it in batches.
 *
 * @param ids `hash_tree_root(Transaction)` of each, one after the other
 */
export function transactionsRootFromIds(
  ids: Uint8Array,
  transactions: readonly Pick<SignedTransaction, 'signature'>[],
): Uint8Array {
  const count = transactions.length;
  const pairs = new Uint8Array(2 * ID_BYTES * count);
  const signatureRoots = new Uint8Array(ID_BYTES * count);
  transactions.forEach(({ signature }, index) => {
    pairs.set(signature, 2 * ID_BYTES * index);
  });
  if (count > 0) hashInto(pairs, signatureRoots);
  for (let at = 0; at < ids.length; at += ID_BYTES) {
    pairs.set(ids.subarray(at, at + ID_BYTES), 2 * at);
    pairs.set(signatureRoots.subarray(at, at + ID_BYTES), 2 * at + ID_BYTES);
  }
  // An even number: an odd one is filled up with zeros, as the tree of the list's type is.
  const leaves = new Uint8Array(ID_BYTES * (count + (count % 2)));
  if (count > 0) hashInto(pairs, leaves.subarray(0, ID_BYTES * count));
  const root = new Uint8Array(ID_BYTES);
  merkleizeBlocksBytes(leaves, MAX_TRANSACTIONS, root, 0);
  const length = new Uint8Array(ID_BYTES);
  new DataView(length.buffer).setUint32(0, count, true);
  return digest64(root, length);
}

export function networkId(params: NetworkParams): NetworkId {
  return idFromBytes(NetworkParamsType.hashTreeRoot(params));
}

/** What a sender signs: `sha256(networkId ‖ transactionId)`, 32 bytes. Binds the transaction to one network. */
export function signingMessage(networkRoot: Uint8Array, transactionRoot: Uint8Array): Uint8Array {
  return digest64(networkRoot, transactionRoot);
}
