/** Transactions and blocks: from the ledger's values to JSON and back. The only place that knows both. */
import { formatAddress, parseAddressBytes } from '../core/address.ts';
import { bytesToHex, hexToBytes } from '../core/hex.ts';
import { type BlockId, idFromBytes, type TransactionId } from '../core/identifiers.ts';
import type { Block, Header, SignedTransaction } from '../core/types.ts';
import type { BlockJson, HeaderJson, SubmittedJson, TransactionJson } from './schemas.ts';

/** The last millisecond an ISO time can name (the year 275760). */
const MAX_ISO_MS = 8_640_000_000_000_000n;

/** @throws RangeError if the sequence is above 2^53 − 1: no such transaction can ever be applied */
export function transactionToJson(id: TransactionId, signed: SignedTransaction): TransactionJson {
  const { sender, sequence, recipient, amount, fee, data } = signed.transaction;
  return {
    id,
    sender: formatAddress(idFromBytes(sender)),
    sequence: toCount(sequence, 'sequence'),
    recipient: formatAddress(idFromBytes(recipient)),
    amount: amount.toString(),
    fee: fee.toString(),
    data: bytesToHex(data),
    signature: bytesToHex(signed.signature),
  };
}

/** @throws TypeError naming the field whose text cannot be read */
export function transactionFromJson(json: SubmittedJson): SignedTransaction {
  return {
    transaction: {
      sender: addressBytes(json.sender, 'sender'),
      sequence: BigInt(json.sequence),
      recipient: addressBytes(json.recipient, 'recipient'),
      amount: BigInt(json.amount),
      fee: BigInt(json.fee),
      data: hexToBytes(json.data),
    },
    signature: hexToBytes(json.signature),
  };
}

export interface BlockFacts {
  readonly id: BlockId;
  /** In the block's order. */
  readonly transactionIds: readonly TransactionId[];
  /** SSZ bytes. */
  readonly size: number;
  /** Accumulated. */
  readonly work: bigint;
  readonly confirmations: number;
}

export function blockToJson({ sealed, transactions }: Block, facts: BlockFacts): BlockJson {
  return {
    id: facts.id,
    nonce: bytesToHex(sealed.nonce),
    header: headerToJson(sealed.header),
    transactions: transactions.map((signed, index) =>
      transactionToJson(facts.transactionIds[index] as TransactionId, signed),
    ),
    size: facts.size,
    work: facts.work.toString(),
    confirmations: facts.confirmations,
  };
}

/** @throws TypeError naming the field that cannot be read */
export function blockFromJson(json: BlockJson): Block {
  return {
    sealed: { header: headerFromJson(json.header), nonce: hexToBytes(json.nonce) },
    transactions: json.transactions.map(transactionFromJson),
  };
}

export function headerToJson(header: Header): HeaderJson {
  return {
    parent: bytesToHex(header.parent),
    height: toCount(header.height, 'height'),
    timestamp: timeToJson(header.timestamp),
    bits: bitsToJson(header.bits),
    miner: formatAddress(idFromBytes(header.miner)),
    transactionsRoot: bytesToHex(header.transactionsRoot),
    extra: bytesToHex(header.extra),
  };
}

/** @throws TypeError naming the field that cannot be read */
export function headerFromJson(json: HeaderJson): Header {
  return {
    parent: hexToBytes(json.parent),
    height: BigInt(json.height),
    timestamp: timeFromJson(json.timestamp),
    bits: Number(json.bits),
    miner: addressBytes(json.miner, 'miner'),
    transactionsRoot: hexToBytes(json.transactionsRoot),
    extra: hexToBytes(json.extra),
  };
}

export function bitsToJson(bits: number): string {
  return `0x${bits.toString(16).padStart(8, '0')}`;
}

/** ISO; a time no calendar reaches (only a genesis can have one) is left a decimal number of ms. */
export function timeToJson(ms: bigint | number): string {
  return ms <= MAX_ISO_MS ? new Date(Number(ms)).toISOString() : ms.toString();
}

function timeFromJson(text: string): bigint {
  if (/^[0-9]+$/.test(text)) return BigInt(text);
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new TypeError(`timestamp: "${text}" is no time`);
  return BigInt(ms);
}

function toCount(value: bigint, field: string): number {
  if (value > Number.MAX_SAFE_INTEGER) throw new RangeError(`${field}: ${value} is above 2^53 − 1`);
  return Number(value);
}

function addressBytes(text: string, field: string): Uint8Array {
  try {
    return parseAddressBytes(text);
  } catch (cause) {
    throw new TypeError(`${field}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
