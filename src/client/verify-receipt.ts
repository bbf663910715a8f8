/**
 * What a receipt proves, to somebody who trusts nobody and has nothing but the network's parameters: no daemon, no
 * connection, in a browser or in Node.
 */
import { rootOfBranch } from '../core/branch.ts';
import { transactionId } from '../core/hashing.ts';
import { bytesEqual, bytesToHex } from '../core/hex.ts';
import { type BlockId, idFromBytes, type NetworkId } from '../core/identifiers.ts';
import { type NetworkFile, parseNetworkFile } from '../core/network-file.ts';
import { defineNetwork, type NetworkDefinition } from '../core/network-params.ts';
import { signatureCheck } from '../core/signature.ts';
import { SignedTransactionType } from '../core/types.ts';
import { timeToJson, transactionToJson } from './json.ts';
import { decodeReceipt, type IdentifiedHeader, isCompact, type ReadReceipt } from './receipt.ts';
import { ReceiptError } from './receipt-error.ts';
import { checkReceiptHeaders } from './receipt-headers.ts';
import { MAX_RECEIPT_CHARACTERS, receiptFromJson, receiptFromText } from './receipt-json.ts';
import { decodeRecord } from './record.ts';
import type { TransactionJson } from './schemas.ts';
import { loadSignatureVerifier } from './strict-signatures.ts';

export { ReceiptError } from './receipt-error.ts';

export interface VerifyReceiptOptions {
  /** SHA-256 of a file, 32 bytes: it must be the one on record. */
  readonly fileSha256?: Uint8Array;
}

export interface ProvenBlock {
  readonly id: BlockId;
  readonly height: number;
  /** ISO 8601, as its miner's clock said. */
  readonly time: string;
}

/** What is proved. Plain data, but for the bigint. */
export interface ProvenReceipt {
  readonly network: { readonly id: NetworkId; readonly name: string };
  /** Signed by its sender, for this network. */
  readonly transaction: TransactionJson;
  /**
   * What it says of a file, if it is a record. `fileMatches`: a file was given, and it is that one; left out if none
   * was given, and another one is refused.
   */
  readonly record?: { readonly sha256: string; readonly note?: string; readonly fileMatches?: true };
  /** Which the transaction is in. */
  readonly block: ProvenBlock;
  /** Place in the block, from 0. */
  readonly index: number;
  /** Headers in the receipt: 1 is the block alone. */
  readonly confirmations: number;
  /** The last header that buries it; the block itself if none does. */
  readonly last: ProvenBlock;
  /** Hashes it takes on average to forge a receipt like this one. */
  readonly work: bigint;
  /** What nobody can tell from a receipt alone, in words. */
  readonly notProved: readonly string[];
}

const NOT_PROVED = [
  'that this block is on the chain everybody else agrees on: ask a daemon of the network for its id',
  "that the time is exact: it is the miner's clock, held between the blocks around it",
  'who holds the key that signed',
  'that the sender had the money and the block kept every other rule: the work of the miners speaks for that',
] as const;

/**
 * Checks a receipt of either form.
 *
 * @param receipt bytes of a receipt's file, its JSON as text, or its JSON as an object
 * @param network the parameters, as in a network file: known from elsewhere, not from whoever gave the receipt
 * @throws ReceiptError with a code for what is wrong, RuleError `invalid-network-parameters`, RangeError if
 *   `fileSha256` has not 32 bytes
 */
export async function verifyReceipt(
  receipt: Uint8Array | string | object,
  network: NetworkFile,
  { fileSha256 }: VerifyReceiptOptions = {},
): Promise<ProvenReceipt> {
  if (fileSha256 !== undefined && fileSha256.length !== 32)
    throw new RangeError(`fileSha256: ${fileSha256.length} bytes, not 32`);
  const definition = defineNetwork(parseNetworkFile(network));
  const read = readReceipt(receipt);
  requireNetwork(read, definition);
  await requireSignature(read, definition);
  const work = checkReceiptHeaders(read, definition);
  requireBranch(read);
  const record = proveRecord(read, fileSha256);
  return {
    network: { id: definition.id, name: definition.name },
    transaction: transactionToJson(transactionId(read.signed.transaction), read.signed),
    ...(record === undefined ? {} : { record }),
    block: provenBlock(read.headers[0]),
    index: read.index,
    confirmations: read.headers.length,
    last: provenBlock(read.headers.at(-1) ?? read.headers[0]),
    work,
    notProved: NOT_PROVED,
  };
}

/** @throws ReceiptError if it is neither form of a receipt */
export function readReceipt(receipt: Uint8Array | string | object): ReadReceipt {
  if (typeof receipt === 'string') return receiptFromText(receipt);
  if (!(receipt instanceof Uint8Array)) return receiptFromJson(receipt);
  return isCompact(receipt) ? decodeReceipt(receipt) : receiptFromText(decodeText(receipt));
}

/** The bytes of a JSON receipt's file. */
function decodeText(bytes: Uint8Array): string {
  // A character of a receipt takes one byte.
  if (bytes.length > MAX_RECEIPT_CHARACTERS)
    throw new ReceiptError('receipt-format', `${bytes.length} bytes of at most ${MAX_RECEIPT_CHARACTERS}`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ReceiptError('receipt-format', 'it is neither the compact form nor text', { cause });
  }
}

function requireNetwork({ networkId }: ReadReceipt, { id, name, idBytes }: NetworkDefinition): void {
  if (bytesEqual(networkId, idBytes)) return;
  throw new ReceiptError('other-network', `of ${bytesToHex(networkId)}; "${name}" is ${id}`);
}

async function requireSignature({ signed }: ReadReceipt, { id }: NetworkDefinition): Promise<void> {
  const verify = await loadSignatureVerifier();
  if (verify(signatureCheck(signed, id))) return;
  throw new ReceiptError('signature', `transaction ${transactionId(signed.transaction)}`);
}

function requireBranch({ signed, index, branch, headers: [block] }: ReadReceipt): void {
  const { height, transactionsRoot } = block.sealed.header;
  const root = rootOfBranch(SignedTransactionType.hashTreeRoot(signed), index, branch);
  if (root !== undefined && bytesEqual(root, transactionsRoot)) return;
  throw new ReceiptError('branch', `place ${index} of block ${height}`);
}

/** @throws ReceiptError `no-record`, `fingerprint` if a file was given */
function proveRecord({ signed }: ReadReceipt, fileSha256: Uint8Array | undefined): ProvenReceipt['record'] {
  const record = decodeRecord(signed.transaction.data);
  if (fileSha256 !== undefined) {
    if (record === undefined)
      throw new ReceiptError('no-record', `transaction ${transactionId(signed.transaction)}`);
    if (!bytesEqual(record.sha256, fileSha256)) {
      throw new ReceiptError(
        'fingerprint',
        `its SHA-256 is ${bytesToHex(fileSha256)}, on record is ${bytesToHex(record.sha256)}`,
      );
    }
  }
  return (
    record && {
      sha256: bytesToHex(record.sha256),
      ...(record.note === undefined ? {} : { note: record.note }),
      ...(fileSha256 === undefined ? {} : { fileMatches: true }),
    }
  );
}

function provenBlock({ id, sealed: { header } }: IdentifiedHeader): ProvenBlock {
  return { id: idFromBytes(id), height: Number(header.height), time: timeToJson(header.timestamp) };
}
