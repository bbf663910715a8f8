/**
 * The readable form of a receipt. It says exactly what the compact form says, and ids, parents and heights besides, so
 * that a person can follow it; on reading all of these are computed again and compared.
 */
import { BRANCH_NODES } from '../core/branch.ts';
import { transactionRoot } from '../core/hashing.ts';
import { bytesToHex, hexToBytes } from '../core/hex.ts';
import { idFromBytes } from '../core/identifiers.ts';
import { MAX_DATA_BYTES } from '../core/types.ts';
import { headerFromJson, headerToJson, transactionFromJson, transactionToJson } from './json.ts';
import {
  decodeReceipt,
  encodeReceipt,
  type IdentifiedHeader,
  MAX_BURYING_HEADERS,
  RECEIPT_FORMAT,
  RECEIPT_VERSION,
  type ReadReceipt,
  type Receipt,
} from './receipt.ts';
import { ReceiptError, type ReceiptFault } from './receipt-error.ts';
import type { ReceiptJson } from './schemas.ts';

/** As text: a header takes some 750 characters, well indented. */
export const MAX_RECEIPT_CHARACTERS = 1_024 * (MAX_BURYING_HEADERS + 16);

/** The longest is data in hex. A number of millions of digits would take its time to read. */
const MAX_FIELD_CHARACTERS = 2 * MAX_DATA_BYTES;

export function receiptToJson({ networkId, signed, index, branch, headers }: Receipt): ReceiptJson {
  const [block, ...burying] = headers;
  return {
    format: RECEIPT_FORMAT,
    version: RECEIPT_VERSION,
    networkId: bytesToHex(networkId),
    transaction: transactionToJson(idFromBytes(transactionRoot(signed.transaction)), signed),
    index,
    branch: branch.map(bytesToHex),
    block: identifiedToJson(block),
    burying: burying.map(identifiedToJson),
  };
}

/**
 * Reads what `receiptToJson` wrote, and nothing that differs from it in any way.
 *
 * @throws ReceiptError `receipt-format`, `receipt-version`, `transaction-id`, `block-id`, `header-chain`: naming the field
 */
export function receiptFromJson(json: unknown): ReadReceipt {
  checkVersion(json);
  checkShape(json, RECEIPT_SHAPE, 'receipt');
  const receipt = decodeReceipt(toCompact(json as ReceiptJson));
  // Written again from what was understood: whatever was left out, cut off or contradictory shows.
  requireSame(json, receiptToJson(receipt), '');
  return receipt;
}

/** @throws ReceiptError also if it is no JSON, or too long */
export function receiptFromText(text: string): ReadReceipt {
  if (text.length > MAX_RECEIPT_CHARACTERS)
    throw new ReceiptError(
      'receipt-format',
      `${text.length} characters of at most ${MAX_RECEIPT_CHARACTERS}`,
    );
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ReceiptError('receipt-format', `it is no JSON: ${reason}`, { cause });
  }
  return receiptFromJson(json);
}

/** The id last: on reading, what it is computed from is compared first. */
function identifiedToJson({ id, sealed }: IdentifiedHeader): ReceiptJson['block'] {
  return { header: headerToJson(sealed.header), nonce: bytesToHex(sealed.nonce), id: bytesToHex(id) };
}

function identifiedFromJson({ id, header, nonce }: ReceiptJson['block']): IdentifiedHeader {
  return { id: hexToBytes(id), sealed: { header: headerFromJson(header), nonce: hexToBytes(nonce) } };
}

/** The compact form of what the fields say; nonsense is refused here or shows in the comparison. */
function toCompact(json: ReceiptJson): Uint8Array {
  try {
    if (json.branch.length !== BRANCH_NODES)
      throw new RangeError(`the branch has ${json.branch.length} nodes, not ${BRANCH_NODES}`);
    return encodeReceipt({
      networkId: hexToBytes(json.networkId),
      signed: transactionFromJson(json.transaction),
      index: json.index,
      branch: json.branch.map(hexToBytes),
      headers: [identifiedFromJson(json.block), ...json.burying.map(identifiedFromJson)],
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ReceiptError('receipt-format', reason, { cause });
  }
}

/** What stands where: a type of JSON, a list of one shape, or the fields of an object. */
type Shape = 'string' | 'number' | readonly [Shape] | { readonly [name: string]: Shape };

const HEADER_SHAPE: Shape = {
  id: 'string',
  nonce: 'string',
  header: {
    parent: 'string',
    height: 'number',
    timestamp: 'string',
    bits: 'string',
    miner: 'string',
    transactionsRoot: 'string',
    extra: 'string',
  },
};
const RECEIPT_SHAPE: Shape = {
  format: 'string',
  version: 'number',
  networkId: 'string',
  transaction: {
    id: 'string',
    sender: 'string',
    sequence: 'number',
    recipient: 'string',
    amount: 'string',
    fee: 'string',
    data: 'string',
    signature: 'string',
  },
  index: 'number',
  branch: ['string'],
  block: HEADER_SHAPE,
  burying: [HEADER_SHAPE],
};

function checkVersion(json: unknown): void {
  if (typeof json !== 'object' || json === null || !('format' in json) || json.format !== RECEIPT_FORMAT)
    throw new ReceiptError('receipt-format', `it has no "format": "${RECEIPT_FORMAT}"`);
  const version = 'version' in json ? json.version : undefined;
  if (typeof version !== 'number') throw new ReceiptError('receipt-format', 'it has no "version": a number');
  if (version !== RECEIPT_VERSION)
    throw new ReceiptError('receipt-version', `version ${version}, this reads ${RECEIPT_VERSION}`);
}

function checkShape(value: unknown, shape: Shape, path: string): void {
  if (typeof shape === 'string') {
    if (typeof value !== shape) refuse(path, `is not a ${shape}`);
    if (typeof value === 'string' && value.length > MAX_FIELD_CHARACTERS) refuse(path, 'is too long');
  } else if (isListShape(shape)) {
    if (!Array.isArray(value)) refuse(path, 'is not a list');
    if (value.length > MAX_BURYING_HEADERS) refuse(path, `has more than ${MAX_BURYING_HEADERS} items`);
    for (const [index, item] of value.entries()) checkShape(item, shape[0], `${path}[${index}]`);
  } else {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(path, 'is not an object');
    const unknown = Object.keys(value).find((name) => !Object.hasOwn(shape, name));
    if (unknown !== undefined) refuse(path, `has an unknown field: ${unknown.slice(0, 40)}`);
    for (const [name, inner] of Object.entries(shape)) {
      if (!Object.hasOwn(value, name)) refuse(path, `lacks ${name}`);
      checkShape((value as Record<string, unknown>)[name], inner, `${path}.${name}`);
    }
  }
}

function refuse(path: string, what: string): never {
  throw new ReceiptError('receipt-format', `${path} ${what}`);
}

function isListShape(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape);
}

/**
 * @param given of the shape of `expected`
 * @throws ReceiptError at the first place where they differ
 */
function requireSame(given: unknown, expected: unknown, path: string): void {
  if (typeof expected !== 'object' || expected === null) {
    if (given !== expected)
      throw new ReceiptError(
        faultAt(path),
        `${path.slice(1)} is ${show(given)}, by the rest it is ${show(expected)}`,
      );
    return;
  }
  const fields = given as Record<string, unknown>;
  for (const [name, value] of Object.entries(expected)) {
    requireSame(fields[name], value, Array.isArray(expected) ? `${path}[${name}]` : `${path}.${name}`);
  }
}

/** What is computed on reading, and so differs if something else was changed. */
function faultAt(path: string): ReceiptFault {
  if (path === '.transaction.id') return 'transaction-id';
  if (/^\.burying\[[0-9]+\]\.header\.(parent|height)$/.test(path)) return 'header-chain';
  return /\.id$/.test(path) ? 'block-id' : 'receipt-format';
}

function show(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 80) ?? 'missing';
}
