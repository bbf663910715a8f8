/** Values to columns and back. */
import type { Address, BlockId, TransactionId } from '../core/identifiers.ts';
import type { BlockStatus } from './block-record.ts';
import { damaged } from './errors.ts';
import type { Location } from './store.ts';

const WORK_BYTES = 32;
/** A block has at most this many transactions, so its number and an index share one integer. */
export const LOCATIONS_PER_BLOCK = 65_536;
const STATUSES: readonly BlockStatus[] = ['header', 'body', 'invalid'];
/** 48 bits of an id: exact in a JS number, and two of a billion seldom share them. */
const KEY_HEX_DIGITS = 12;

export function idColumn(id: BlockId | TransactionId | Address): Uint8Array {
  return Buffer.from(id, 'hex');
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

export function prefixColumn(id: TransactionId): number {
  return Number.parseInt(id.slice(0, KEY_HEX_DIGITS), 16);
}

/** Of a block the last bits: work makes the first ones zeros. */
export function suffixColumn(id: BlockId): number {
  return Number.parseInt(id.slice(-KEY_HEX_DIGITS), 16);
}

export function workColumn(work: bigint): Uint8Array {
  return Buffer.from(work.toString(16).padStart(2 * WORK_BYTES, '0'), 'hex');
}

export function workOf(column: Uint8Array): bigint {
  return BigInt(`0x${hexOf(column)}`);
}

export function statusColumn(status: BlockStatus): number {
  return STATUSES.indexOf(status);
}

/** @throws StoreError `damaged` */
export function statusOf(column: number): BlockStatus {
  const status = STATUSES[column];
  if (status === undefined) throw damaged(`a block's status is ${column}`);
  return status;
}

export function locationColumn({ block, index }: Location): number {
  return block * LOCATIONS_PER_BLOCK + index;
}

export function locationOf(column: number): Location {
  const index = column % LOCATIONS_PER_BLOCK;
  return { block: (column - index) / LOCATIONS_PER_BLOCK, index };
}
