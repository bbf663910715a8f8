/**
 * Ids and roots of many transactions at once: the Merkle trees SSZ describes, laid out flat and hashed level by
 * level, so that the hasher gets long runs of 64-byte pairs instead of one pair at a time.
 *
 * A transaction's tree has its six fields as leaves, padded to eight:
 *
 *     sender  sequence  recipient  amount  fee  data  0  0
 *
 * `data` is a tree of its own, 32 chunks wide, with its length mixed in. A signed transaction's root is the hash of
 * the transaction's root and the signature's.
 */
import { zeroHash } from '@chainsafe/persistent-merkle-tree';
import { ancestors, evened, HASH_BYTES, PAIR_BYTES, padded, parents, partOf, withLength } from './merkle.ts';
import { MAX_DATA_BYTES, MAX_TRANSACTIONS, type SignedTransaction, type Transaction } from './types.ts';

const SIGNATURE_BYTES = 64;
const TRANSACTION_LEAVES_BYTES = 8 * HASH_BYTES;
const TRANSACTION_LEVELS = 3;
const SEQUENCE_AT = HASH_BYTES;
const RECIPIENT_AT = 2 * HASH_BYTES;
const AMOUNT_AT = 3 * HASH_BYTES;
const FEE_AT = 4 * HASH_BYTES;
const DATA_AT = 5 * HASH_BYTES;
const DATA_LEVELS = Math.log2(MAX_DATA_BYTES / HASH_BYTES);
const LIST_LEVELS = Math.log2(MAX_TRANSACTIONS);
const EMPTY_LIST_ROOT = withLength(zeroHash(LIST_LEVELS), [0]);
/** Transactions laid out together: 64 kB, so that they stay in a core's cache. */
const RUN_TRANSACTIONS = 256;

/** 32 bytes for each transaction, one after the other. */
export interface TransactionHashes {
  /** `hash_tree_root(Transaction)`: the ids. */
  readonly ids: Uint8Array;
  /** `hash_tree_root(SignedTransaction)`: what a block's root is made of. */
  readonly signedRoots: Uint8Array;
}

export function hashTransactions(transactions: readonly SignedTransaction[]): TransactionHashes {
  const ids = new Uint8Array(HASH_BYTES * transactions.length);
  const signedRoots = new Uint8Array(HASH_BYTES * transactions.length);
  for (let start = 0; start < transactions.length; start += RUN_TRANSACTIONS) {
    const run = transactions.slice(start, start + RUN_TRANSACTIONS);
    const runIds = transactionRoots(run.map(({ transaction }) => transaction));
    ids.set(runIds, HASH_BYTES * start);
    signedRoots.set(signedTransactionRoots(runIds, run), HASH_BYTES * start);
  }
  return { ids, signedRoots };
}

/** `hash_tree_root(List[SignedTransaction, 65536])` from the roots of its items: 32 bytes. */
export function rootOfSignedRoots(signedRoots: Uint8Array): Uint8Array {
  if (signedRoots.length === 0) return EMPTY_LIST_ROOT;
  let level = signedRoots;
  let depth = 0;
  for (; level.length > HASH_BYTES; depth++) level = parents(evened(level, depth));
  return withLength(padded(level, depth, LIST_LEVELS), [signedRoots.length / HASH_BYTES]);
}

/** What each sender signed: `sha256(networkId ‖ transactionId)`, 32 bytes each. */
export function signingMessages(networkRoot: Uint8Array, ids: Uint8Array): Uint8Array {
  const pairs = new Uint8Array(2 * ids.length);
  for (let at = 0; at < ids.length; at += HASH_BYTES) {
    pairs.set(networkRoot, 2 * at);
    pairs.set(ids.subarray(at, at + HASH_BYTES), 2 * at + HASH_BYTES);
  }
  return parents(pairs);
}

function transactionRoots(transactions: readonly Transaction[]): Uint8Array {
  const leaves = new Uint8Array(TRANSACTION_LEAVES_BYTES * transactions.length);
  const view = new DataView(leaves.buffer);
  const dataRoots = rootsOfData(transactions.map(({ data }) => data));
  for (const [index, { amount, fee, recipient, sender, sequence }] of transactions.entries()) {
    const at = TRANSACTION_LEAVES_BYTES * index;
    leaves.set(sender, at);
    view.setBigUint64(at + SEQUENCE_AT, sequence, true);
    leaves.set(recipient, at + RECIPIENT_AT);
    view.setBigUint64(at + AMOUNT_AT, amount, true);
    view.setBigUint64(at + FEE_AT, fee, true);
    leaves.set(partOf(dataRoots, index), at + DATA_AT);
  }
  return ancestors(leaves, TRANSACTION_LEVELS);
}

/** Most transactions have no data: theirs is a constant. */
function rootsOfData(data: readonly Uint8Array[]): Uint8Array {
  const roots = new Uint8Array(HASH_BYTES * data.length);
  const filled = [...data.keys()].filter((index) => (data[index] as Uint8Array).length > 0);
  const chunks = new Uint8Array(MAX_DATA_BYTES * filled.length);
  for (const [place, index] of filled.entries())
    chunks.set(data[index] as Uint8Array, MAX_DATA_BYTES * place);
  const lengths = filled.map((index) => (data[index] as Uint8Array).length);
  const filledRoots = withLength(ancestors(chunks, DATA_LEVELS), lengths);
  if (filled.length < data.length) {
    const empty = withLength(zeroHash(DATA_LEVELS), [0]);
    for (let index = 0; index < data.length; index++) roots.set(empty, HASH_BYTES * index);
  }
  for (const [place, index] of filled.entries()) {
    roots.set(partOf(filledRoots, place), HASH_BYTES * index);
  }
  return roots;
}

/**
 * `hash_tree_root(SignedTransaction)` of each where the ids are known: little is left to hash.
 *
 * @param ids 32 bytes for each, one after the other
 */
export function signedTransactionRoots(
  ids: Uint8Array,
  signed: readonly Pick<SignedTransaction, 'signature'>[],
): Uint8Array {
  const signatures = new Uint8Array(SIGNATURE_BYTES * signed.length);
  for (const [index, { signature }] of signed.entries()) signatures.set(signature, SIGNATURE_BYTES * index);
  const signatureRoots = parents(signatures);
  const pairs = new Uint8Array(PAIR_BYTES * signed.length);
  for (let at = 0; at < ids.length; at += HASH_BYTES) {
    pairs.set(ids.subarray(at, at + HASH_BYTES), 2 * at);
    pairs.set(signatureRoots.subarray(at, at + HASH_BYTES), 2 * at + HASH_BYTES);
  }
  return parents(pairs);
}
