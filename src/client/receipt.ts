/**
 * Receipts, and their compact form: SSZ behind a magic and a version byte.
 *
 * A receipt shows that a transaction is in a block, and how much work has been done on top of it, to anybody who knows
 * the network's parameters and nothing else. Reading one proves nothing; `verify-receipt.ts` does.
 */
import { ContainerType, ListCompositeType, VectorCompositeType } from '@chainsafe/ssz';
import { BRANCH_NODES } from '../core/branch.ts';
import { MAX_SEALED_HEADER_BYTES, MAX_SIGNED_TRANSACTION_BYTES } from '../core/encoding.ts';
import { sealedHeaderRoot } from '../core/hashing.ts';
import { bytesEqual } from '../core/hex.ts';
import {
  Bytes32,
  HeaderType,
  type SealedHeader,
  SealedHeaderType,
  type SignedTransaction,
  SignedTransactionType,
  uint16,
} from '../core/types.ts';
import { ReceiptError } from './receipt-error.ts';

/** Headers on top of the block: 14 hours of blocks of five seconds, 1.5 MB. More proves no more to anybody. */
export const MAX_BURYING_HEADERS = 10_000;
/** Of both forms. */
export const RECEIPT_VERSION = 1;
/** What the JSON form calls itself. */
export const RECEIPT_FORMAT = 'tallystick-receipt';

const MAGIC = Uint8Array.from('TSR', (character) => character.charCodeAt(0));
const PREFIX_BYTES = MAGIC.length + 1;
const OFFSET_BYTES = 4;
/** Without extra: timestamp, bits, miner, transactionsRoot, the offset of extra, nonce. */
const BURYING_HEADER_BYTES = 8 + 4 + 32 + 32 + OFFSET_BYTES + 32;
/** The longest there can be, so that nothing longer is looked at. */
const MAX_RECEIPT_BYTES =
  PREFIX_BYTES +
  3 * OFFSET_BYTES +
  2 +
  (2 + BRANCH_NODES) * 32 +
  MAX_SIGNED_TRANSACTION_BYTES +
  (1 + MAX_BURYING_HEADERS) * (OFFSET_BYTES + MAX_SEALED_HEADER_BYTES);

/** A header with its id. */
export interface IdentifiedHeader {
  /** 32 bytes. */
  readonly id: Uint8Array;
  readonly sealed: SealedHeader;
}

export interface Receipt {
  /** 32 bytes. */
  readonly networkId: Uint8Array;
  readonly signed: SignedTransaction;
  /** Place of the transaction in its block. */
  readonly index: number;
  /** See `core/branch.ts`. */
  readonly branch: readonly Uint8Array[];
  /** That of the transaction's block, then those that bury it, each the child of the one before. */
  readonly headers: readonly [IdentifiedHeader, ...IdentifiedHeader[]];
}

/** A receipt as it was read: its ids, parents and heights are computed. */
export interface ReadReceipt extends Receipt {
  /** Id of the last header, as the receipt names it: if it is another, a header was changed. */
  readonly lastId: Uint8Array;
}

/** Without parent and height, which follow from the header before: a receipt cannot contradict itself. */
const { timestamp, bits, miner, transactionsRoot, extra } = HeaderType.fields;
const BuryingHeaderType = new ContainerType({
  timestamp,
  bits,
  miner,
  transactionsRoot,
  extra,
  nonce: Bytes32,
});

const ReceiptType = new ContainerType({
  networkId: Bytes32,
  signed: SignedTransactionType,
  index: uint16,
  branch: new VectorCompositeType(Bytes32, BRANCH_NODES),
  block: SealedHeaderType,
  burying: new ListCompositeType(BuryingHeaderType, MAX_BURYING_HEADERS),
  lastId: Bytes32,
});

/** The compact form. Checks nothing: for receipts a daemon makes, or that were read here. */
export function encodeReceipt({ headers, ...rest }: Receipt): Uint8Array<ArrayBuffer> {
  const [block, ...burying] = headers;
  const parts = [
    encodeReceiptStart({ ...rest, block, lastId: (headers.at(-1) ?? block).id }),
    encodeBuryingOffsets(burying.map(({ sealed }) => sealed.header.extra.length)),
    encodeBurying(burying),
  ];
  const bytes = new Uint8Array(parts.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** All of a receipt but the headers that bury the block. */
export interface ReceiptStart extends Omit<Receipt, 'headers'> {
  /** Header of the transaction's block. */
  readonly block: IdentifiedHeader;
  /** Id of the last header. */
  readonly lastId: Uint8Array;
}

/** The first part of the compact form: the list of burying headers stands behind everything else. */
export function encodeReceiptStart({ block, branch, ...rest }: ReceiptStart): Uint8Array {
  const content = ReceiptType.serialize({ ...rest, branch: [...branch], block: block.sealed, burying: [] });
  const bytes = new Uint8Array(PREFIX_BYTES + content.length);
  bytes.set([...MAGIC, RECEIPT_VERSION]);
  bytes.set(content, PREFIX_BYTES);
  return bytes;
}

/** The second part: where each burying header begins. @param extraLengths bytes of each header's extra */
export function encodeBuryingOffsets(extraLengths: ArrayLike<number>): Uint8Array {
  const offsets = new Uint8Array(OFFSET_BYTES * extraLengths.length);
  const view = new DataView(offsets.buffer);
  let start = offsets.length;
  for (let place = 0; place < extraLengths.length; place++) {
    view.setUint32(OFFSET_BYTES * place, start, true);
    start += BURYING_HEADER_BYTES + (extraLengths[place] ?? 0);
  }
  return offsets;
}

/** What follows: all burying headers, or some at a time, without parent and height. */
export function encodeBurying(burying: readonly Pick<IdentifiedHeader, 'sealed'>[]): Uint8Array {
  const parts = burying.map(({ sealed: { header, nonce } }) =>
    BuryingHeaderType.serialize({ ...header, nonce }),
  );
  const bytes = new Uint8Array(parts.reduce((size, { length }) => size + length, 0));
  let end = 0;
  for (const part of parts) {
    bytes.set(part, end);
    end += part.length;
  }
  return bytes;
}

/** Whether bytes are meant to be a receipt's compact form; the other form is text. */
export function isCompact(bytes: Uint8Array): boolean {
  return bytesEqual(bytes.subarray(0, MAGIC.length), MAGIC);
}

/** @throws ReceiptError `receipt-format`, `receipt-version` */
export function decodeReceipt(bytes: Uint8Array): ReadReceipt {
  if (!isCompact(bytes))
    throw new ReceiptError('receipt-format', 'its first bytes are not those of a receipt');
  const version = bytes[MAGIC.length];
  if (version !== RECEIPT_VERSION)
    throw new ReceiptError(
      'receipt-version',
      `version ${version ?? 'unknown'}, this reads ${RECEIPT_VERSION}`,
    );
  if (bytes.length > MAX_RECEIPT_BYTES)
    throw new ReceiptError('receipt-format', `${bytes.length} bytes of at most ${MAX_RECEIPT_BYTES}`);
  const { signed, block, burying, ...rest } = decodeContent(bytes);
  const last = block.header.height + BigInt(burying.length);
  // Beyond this a number is not exact, and no ledger gets there.
  if (signed.transaction.sequence > MAX_COUNT || last > MAX_COUNT)
    throw new ReceiptError('receipt-format', 'a height or sequence is above 2^53 − 1');
  const headers: [IdentifiedHeader, ...IdentifiedHeader[]] = [{ id: sealedHeaderRoot(block), sealed: block }];
  let before = headers[0];
  for (const { nonce, ...fields } of burying) {
    const header = { parent: before.id, height: before.sealed.header.height + 1n, ...fields };
    const sealed = { header, nonce };
    before = { id: sealedHeaderRoot(sealed), sealed };
    headers.push(before);
  }
  return { ...rest, signed, headers };
}

const MAX_COUNT = BigInt(Number.MAX_SAFE_INTEGER);

function decodeContent(bytes: Uint8Array) {
  try {
    // A Node Buffer would give values whose slice() shares memory; a plain view of it does not.
    return ReceiptType.deserialize(
      new Uint8Array(bytes.buffer, bytes.byteOffset + PREFIX_BYTES, bytes.length - PREFIX_BYTES),
    );
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ReceiptError('receipt-format', reason, { cause });
  }
}
