/** Ids: what each of them is the hash of. Nothing else is ever hashed or signed. */
import { digest64 } from '@chainsafe/persistent-merkle-tree';
import { type BlockId, idFromBytes, type NetworkId, type TransactionId } from './identifiers.ts';
import { hashTransactions, rootOfSignedRoots } from './transaction-hashes.ts';
import {
  type Header,
  HeaderType,
  type NetworkParams,
  NetworkParamsType,
  type SealedHeader,
  type SignedTransaction,
  type Transaction,
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
export function transactionsRoot(transactions: readonly SignedTransaction[]): Uint8Array {
  return rootOfSignedRoots(hashTransactions(transactions).signedRoots);
}

export function networkId(params: NetworkParams): NetworkId {
  return idFromBytes(NetworkParamsType.hashTreeRoot(params));
}

/** What a sender signs: `sha256(networkId ‖ transactionId)`, 32 bytes. Binds the transaction to one network. */
export function signingMessage(networkRoot: Uint8Array, transactionRoot: Uint8Array): Uint8Array {
  return digest64(networkRoot, transactionRoot);
}
