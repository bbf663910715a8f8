/** Files of receipts: whole or not there, and never over another unless that is asked for. */
import { access, constants, link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { encodeReceipt } from '../client/receipt.ts';
import { MAX_RECEIPT_CHARACTERS, receiptFromJson } from '../client/receipt-json.ts';
import type { ReceiptJson } from '../client/schemas.ts';
import { CommandError, systemCode } from './errors.ts';
import { readBytes } from './io/read-file.ts';
import { printableJson } from './printable.ts';

const ENDING = '.receipt.json';

/**
 * Where the receipt of each file goes: beside it, or where `--out` says, which is a folder if there are several.
 *
 * @throws CommandError if the folder cannot be made
 */
export async function receiptPaths(files: readonly string[], out: string | undefined): Promise<string[]> {
  if (out === undefined) return files.map((file) => `${file}${ENDING}`);
  const [file] = files;
  if (files.length === 1 && file !== undefined && !/[/\\]$/.test(out) && !(await isFolder(out))) return [out];
  try {
    await mkdir(out, { recursive: true });
  } catch (cause) {
    throw new CommandError(
      `cannot make the folder ${out} (${systemCode(cause) ?? cause}): choose another --out`,
      {
        cause,
      },
    );
  }
  return files.map((name) => join(out, `${basename(name)}${ENDING}`));
}

/** What a file of a receipt holds. */
export function formatReceipt(receipt: ReceiptJson, { compact = false } = {}): string | Uint8Array {
  return compact
    ? encodeReceipt(receiptFromJson(receipt))
    : `${printableJson(JSON.stringify(receipt, undefined, 2))}\n`;
}

/** Asked before anything is paid. @throws CommandError if nothing can be written there, or something may not be overwritten */
export async function requireWritable(path: string, { force = false }: { force?: boolean }): Promise<void> {
  if (!force && (await exists(path))) throw takenError(path);
  try {
    await access(dirname(path), constants.W_OK);
  } catch (cause) {
    throw unwritableError(path, cause);
  }
}

/** @throws CommandError if it cannot be written, or something is there and may not be overwritten */
export async function writeReceipt(
  path: string,
  content: string | Uint8Array,
  { force = false }: { force?: boolean },
): Promise<void> {
  const temporary = `${path}.${process.pid}.new`;
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    // Unlike a rename, a link fails if the name is taken.
    if (force) await rename(temporary, path);
    else await link(temporary, path);
  } catch (cause) {
    if (systemCode(cause) === 'EEXIST') throw takenError(path, cause);
    throw unwritableError(path, cause);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** @throws CommandError if it cannot be read, or is far too long */
export function readReceiptFile(path: string): Promise<Uint8Array> {
  return readBytes(path, { maxBytes: MAX_RECEIPT_CHARACTERS, what: 'a receipt' });
}

function takenError(path: string, cause?: unknown): CommandError {
  return new CommandError(`${path} exists already: move it away, or overwrite it with --force`, { cause });
}

function unwritableError(path: string, cause: unknown): CommandError {
  return new CommandError(
    `cannot write ${path} (${systemCode(cause) ?? cause}): choose another place with --out`,
    { cause },
  );
}

async function exists(path: string): Promise<boolean> {
  return (await statOf(path)) !== undefined;
}

async function isFolder(path: string): Promise<boolean> {
  return (await statOf(path))?.isDirectory() === true;
}

async function statOf(path: string) {
  try {
    return await stat(path);
  } catch {
    return undefined;
  }
}
