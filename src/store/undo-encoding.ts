/** Undo records as bytes: an address (32), a balance (8) and a sequence (8, both big-endian) an account. */
import type { Address } from '../core/identifiers.ts';
import type { Account } from '../core/state.ts';
import { damaged } from './errors.ts';
import type { Undo } from './store.ts';

const ADDRESS_BYTES = 32;
const ENTRY_BYTES = ADDRESS_BYTES + 8 + 8;

export function encodeUndo(undo: Undo): Uint8Array {
  const bytes = Buffer.allocUnsafe(undo.size * ENTRY_BYTES);
  let offset = 0;
  for (const [address, { balance, sequence }] of undo) {
    bytes.write(address, offset, 'hex');
    bytes.writeBigInt64BE(balance, offset + ADDRESS_BYTES);
    bytes.writeBigInt64BE(sequence, offset + ADDRESS_BYTES + 8);
    offset += ENTRY_BYTES;
  }
  return bytes;
}

/** @throws StoreError `damaged` */
export function decodeUndo(column: Uint8Array): Undo {
  if (column.length % ENTRY_BYTES !== 0) throw damaged(`an undo record of ${column.length} bytes`);
  const bytes = Buffer.from(column.buffer, column.byteOffset, column.length);
  const undo = new Map<Address, Account>();
  for (let offset = 0; offset < bytes.length; offset += ENTRY_BYTES) {
    undo.set(bytes.toString('hex', offset, offset + ADDRESS_BYTES) as Address, {
      balance: bytes.readBigInt64BE(offset + ADDRESS_BYTES),
      sequence: bytes.readBigInt64BE(offset + ADDRESS_BYTES + 8),
    });
  }
  return undo;
}
