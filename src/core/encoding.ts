/**
 * Bytes to values and back. Whatever decodes here is the one canonical encoding of its value and within
 * every limit of its type. Encoding checks nothing (SSZ would cut what is too long, silently): it is for
 * values that were decoded here or made by `makeTransaction`.
 */
import { RuleError } from './errors.ts';
import {
  type Block,
  BlockType,
  MAX_DATA_BYTES,
  MAX_EXTRA_BYTES,
  MAX_TRANSACTIONS,
  MAX_UINT64,
  type NetworkParams,
  NetworkParamsType,
  type SealedHeader,
  SealedHeaderType,
  type SignedTransaction,
  SignedTransactionType,
  type Transaction,
  TransactionsType,
} from './types.ts';

const OFFSET_BYTES = 4;
const SIGNATURE_BYTES = 64;
/** Fixed part of a Transaction: sender, sequence, recipient, amount, fee, offset of data. */
const TRANSACTION_FIXED_BYTES = 32 + 8 + 32 + 8 + 8 + OFFSET_BYTES;
/** A signed transaction without data. */
export const SIGNED_TRANSACTION_BYTES = OFFSET_BYTES + SIGNATURE_BYTES + TRANSACTION_FIXED_BYTES;
export const MAX_SIGNED_TRANSACTION_BYTES = SIGNED_TRANSACTION_BYTES + MAX_DATA_BYTES;
/** Fixed part of a Header: parent, height, timestamp, bits, miner, transactionsRoot, offset of extra. */
const HEADER_FIXED_BYTES = 32 + 8 + 8 + 4 + 32 + 32 + OFFSET_BYTES;
/** Fixed part of a SealedHeader: offset of the header, nonce. */
const SEALED_FIXED_BYTES = OFFSET_BYTES + 32;
/** A sealed header without extra. */
export const SEALED_HEADER_BYTES = SEALED_FIXED_BYTES + HEADER_FIXED_BYTES;
export const MAX_SEALED_HEADER_BYTES = SEALED_HEADER_BYTES + MAX_EXTRA_BYTES;
/** Where a block's sealed header begins: behind the offsets of its two parts. */
const BLOCK_FIXED_BYTES = 2 * OFFSET_BYTES;
/** What a transaction takes in a block beyond its own bytes. */
const BLOCK_BYTES_PER_TRANSACTION = OFFSET_BYTES;

interface Decoder<T> {
  deserialize(bytes: Uint8Array): T;
}

function decode<T>(type: Decoder<T>, bytes: Uint8Array, what: string): T {
  try {
    // A Node Buffer would give values whose slice() shares memory; a plain view of it does not.
    return type.deserialize(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RuleError('malformed-encoding', `${what}: ${reason}`, { cause });
  }
}

/** @throws RuleError `malformed-encoding`, `oversized-transaction` */
export function decodeSignedTransaction(bytes: Uint8Array): SignedTransaction {
  if (bytes.length > MAX_SIGNED_TRANSACTION_BYTES) {
    throw new RuleError(
      'oversized-transaction',
      `${bytes.length} bytes of at most ${MAX_SIGNED_TRANSACTION_BYTES}`,
    );
  }
  return decode(SignedTransactionType, bytes, 'signed transaction');
}

/** @throws RuleError `malformed-encoding` */
export function decodeSealedHeader(bytes: Uint8Array): SealedHeader {
  return decode(SealedHeaderType, bytes, 'sealed header');
}

/** @throws RuleError `oversized-block`, `malformed-encoding` */
export function decodeBlock(bytes: Uint8Array, params: NetworkParams): Block {
  checkBlockSize(bytes.length, params);
  checkTransactionCount(bytes);
  return decode(BlockType, bytes, 'block');
}

/** @throws RuleError `malformed-encoding` */
export function decodeNetworkParams(bytes: Uint8Array): NetworkParams {
  return decode(NetworkParamsType, bytes, 'network parameters');
}

/** @throws RuleError `oversized-block` */
export function checkBlockSize(byteLength: number, params: NetworkParams): void {
  if (byteLength > params.maxBlockBytes) {
    throw new RuleError('oversized-block', `${byteLength} bytes of at most ${params.maxBlockBytes}`);
  }
}

function checkTransactionCount(bytes: Uint8Array): void {
  if (bytes.length < BLOCK_FIXED_BYTES) return; // too short for anything: decoding says so
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  checkItemCount(bytes, view.getUint32(OFFSET_BYTES, true));
}

/**
 * A list that claims more items than its bytes can hold would cost much time before it fails: refused at once.
 *
 * @param start where the list begins
 */
function checkItemCount(bytes: Uint8Array, start: number): void {
  if (start + OFFSET_BYTES > bytes.length) return; // empty, or an offset that decoding refuses
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = view.getUint32(start, true) / OFFSET_BYTES;
  const most = (bytes.length - start) / (SIGNED_TRANSACTION_BYTES + BLOCK_BYTES_PER_TRANSACTION);
  if (count > Math.min(most, MAX_TRANSACTIONS)) {
    throw new RuleError('malformed-encoding', `room for ${Math.floor(most)} transactions, ${count} claimed`);
  }
}

export function encodeSignedTransaction(signed: SignedTransaction): Uint8Array {
  return SignedTransactionType.serialize(signed);
}

/** Written out by hand: a daemon that catches up does this twenty thousand times a second. */
export function encodeSealedHeader({ header, nonce }: SealedHeader): Uint8Array {
  const bytes = new Uint8Array(SEALED_HEADER_BYTES + header.extra.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, SEALED_FIXED_BYTES, true);
  bytes.set(nonce, OFFSET_BYTES);
  bytes.set(header.parent, SEALED_FIXED_BYTES);
  view.setBigUint64(SEALED_FIXED_BYTES + 32, header.height, true);
  view.setBigUint64(SEALED_FIXED_BYTES + 40, header.timestamp, true);
  view.setUint32(SEALED_FIXED_BYTES + 48, header.bits, true);
  bytes.set(header.miner, SEALED_FIXED_BYTES + 52);
  bytes.set(header.transactionsRoot, SEALED_FIXED_BYTES + 84);
  view.setUint32(SEALED_FIXED_BYTES + 116, HEADER_FIXED_BYTES, true);
  bytes.set(header.extra, SEALED_HEADER_BYTES);
  return bytes;
}

export function encodeBlock(block: Block): Uint8Array {
  return BlockType.serialize(block);
}

export function encodeNetworkParams(params: NetworkParams): Uint8Array {
  return NetworkParamsType.serialize(params);
}

/** A block's list of transactions by itself: what follows the sealed header in the block's bytes. */
export function encodeTransactions(transactions: SignedTransaction[]): Uint8Array {
  return TransactionsType.serialize(transactions);
}

/** @throws RuleError `malformed-encoding` */
export function decodeTransactions(bytes: Uint8Array): SignedTransaction[] {
  checkItemCount(bytes, 0);
  return decode(TransactionsType, bytes, 'transactions');
}

/**
 * One transaction of an encoded list. Of the list, which may be 2 MiB, only what it takes is read.
 *
 * @param read the list's bytes from an offset up to another
 * @param size of the list in bytes
 * @returns undefined if there are not that many
 * @throws RuleError `malformed-encoding`, RangeError if bytes are missing
 */
export function decodeTransactionAt(
  read: (from: number, to: number) => Uint8Array,
  size: number,
  index: number,
): SignedTransaction | undefined {
  if (size < OFFSET_BYTES) return undefined;
  const offset = (at: number): number => {
    const bytes = read(at, at + OFFSET_BYTES);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0, true);
  };
  const offsetsEnd = offset(0);
  const at = OFFSET_BYTES * index;
  if (at >= offsetsEnd) return undefined;
  const next = at + OFFSET_BYTES;
  return decodeSignedTransaction(read(offset(at), next === offsetsEnd ? size : offset(next)));
}

/** How many transactions an encoded list has. @param head from `encodeTransactions`: its first four bytes are enough */
export function countTransactions(head: Uint8Array): number {
  if (head.length < OFFSET_BYTES) return 0;
  return new DataView(head.buffer, head.byteOffset, head.length).getUint32(0, true) / OFFSET_BYTES;
}

/**
 * Some transactions of an encoded list, as an encoded list, without decoding any.
 *
 * @param transactions from `encodeTransactions`
 * @returns undefined if there are not that many
 */
export function pickTransactions(
  transactions: Uint8Array,
  indexes: readonly number[],
): Uint8Array | undefined {
  const view = new DataView(transactions.buffer, transactions.byteOffset, transactions.length);
  const count = countTransactions(transactions);
  const startOf = (index: number): number =>
    index === count ? transactions.length : view.getUint32(OFFSET_BYTES * index, true);
  if (indexes.some((index) => index >= count)) return undefined;
  const parts = indexes.map((index) => transactions.subarray(startOf(index), startOf(index + 1)));
  let end = OFFSET_BYTES * parts.length;
  const picked = new Uint8Array(parts.reduce((size, { length }) => size + length, end));
  const offsets = new DataView(picked.buffer);
  parts.forEach((part, at) => {
    offsets.setUint32(OFFSET_BYTES * at, end, true);
    picked.set(part, end);
    end += part.length;
  });
  return picked;
}

/** A block's SSZ bytes from those of its two parts. */
export function assembleBlock(sealed: Uint8Array, transactions: Uint8Array): Uint8Array {
  const block = new Uint8Array(BLOCK_FIXED_BYTES + sealed.length + transactions.length);
  const view = new DataView(block.buffer);
  view.setUint32(0, BLOCK_FIXED_BYTES, true);
  view.setUint32(OFFSET_BYTES, BLOCK_FIXED_BYTES + sealed.length, true);
  block.set(sealed, BLOCK_FIXED_BYTES);
  block.set(transactions, BLOCK_FIXED_BYTES + sealed.length);
  return block;
}

/** The SSZ bytes of a list from those of its items, which are of no fixed size. */
export function assembleList(items: readonly Uint8Array[]): Uint8Array {
  const fixed = OFFSET_BYTES * items.length;
  const list = new Uint8Array(items.reduce((size, item) => size + item.length, fixed));
  const view = new DataView(list.buffer);
  let at = fixed;
  for (const [index, item] of items.entries()) {
    view.setUint32(OFFSET_BYTES * index, at, true);
    list.set(item, at);
    at += item.length;
  }
  return list;
}

/** SSZ bytes of a signed transaction. */
export function signedTransactionSize(signed: SignedTransaction): number {
  return SIGNED_TRANSACTION_BYTES + signed.transaction.data.length;
}

/** How many transactions a block of so many bytes can have at most. */
export function mostTransactions(blockBytes: number): number {
  return Math.max(
    0,
    Math.floor((blockBytes - emptyBlockSize(0)) / (SIGNED_TRANSACTION_BYTES + BLOCK_BYTES_PER_TRANSACTION)),
  );
}

/** What a signed transaction adds to a block's SSZ bytes. */
export function sizeInBlock(signed: SignedTransaction): number {
  return BLOCK_BYTES_PER_TRANSACTION + signedTransactionSize(signed);
}

/** SSZ bytes of a block with this many bytes of extra and no transactions. */
export function emptyBlockSize(extraBytes: number): number {
  return BLOCK_FIXED_BYTES + SEALED_HEADER_BYTES + extraBytes;
}

/** SSZ bytes of a block. */
export function blockSize(block: Block): number {
  return block.transactions.reduce(
    (size, signed) => size + sizeInBlock(signed),
    emptyBlockSize(block.sealed.header.extra.length),
  );
}

/**
 * A transaction from parts somebody chose, checked: what SSZ would cut or wrap is refused.
 *
 * @throws RangeError naming the field
 */
export function makeTransaction(fields: Transaction): Transaction {
  requireLength('sender', fields.sender, 32);
  requireLength('recipient', fields.recipient, 32);
  if (fields.data.length > MAX_DATA_BYTES) {
    throw new RangeError(`data: ${fields.data.length} bytes of at most ${MAX_DATA_BYTES}`);
  }
  for (const name of ['sequence', 'amount', 'fee'] as const) {
    if (fields[name] < 0n || fields[name] > MAX_UINT64)
      throw new RangeError(`${name}: ${fields[name]} is no uint64`);
  }
  return { ...fields };
}

function requireLength(name: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw new RangeError(`${name}: ${bytes.length} bytes, not ${length}`);
}
