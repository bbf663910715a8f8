/** Tells receipts, network files and other files apart, whichever way they were dropped. */

import { counted } from '../state/activity.ts';
import { isNamedReceipt } from '../state/file-drop.ts';

/** A receipt of ten thousand confirmations has less, and so has any network file. */
const MAX_READ_BYTES = 12 * 1_024 * 1_024;
/** Compact receipts begin so: TSR. */
const MAGIC = [0x54, 0x53, 0x52];

export type Role = 'receipt' | 'network' | 'file';

export async function roleOf(file: File): Promise<Role> {
  if (isNamedReceipt(file)) return 'receipt';
  if (file.size > MAX_READ_BYTES) return 'file';
  const start = new Uint8Array(await file.slice(0, MAGIC.length).arrayBuffer());
  if (MAGIC.every((byte, at) => start[at] === byte)) return 'receipt';
  const json = jsonOf(await file.text());
  if (json === undefined) return 'file';
  if (json.format === 'tallystick-receipt') return 'receipt';
  return 'genesisTime' in json && 'initialBits' in json ? 'network' : 'file';
}

/** @throws Error if it is longer than any receipt or network file */
export async function readWhole(file: File): Promise<Uint8Array> {
  if (file.size > MAX_READ_BYTES) {
    throw new Error(`${file.name} has ${counted(file.size, 'byte')}: that is no receipt and no network file`);
  }
  return new Uint8Array(await file.arrayBuffer());
}

function jsonOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
