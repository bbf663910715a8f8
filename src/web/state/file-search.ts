/** Looks for a file on the ledger: its SHA-256 is made here, piece by piece; the file itself goes nowhere. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { signal } from '@preact/signals';
import { go } from '../routing.ts';
import { sha256Of } from './fingerprint.ts';

export interface FileSearch {
  readonly name: string;
  readonly size: number;
  /** Bytes hashed so far. */
  readonly done: number;
  readonly error?: string;
}

export const fileSearch = signal<FileSearch | undefined>(undefined);

/** The file that is looked for, or was last. */
let current: File | undefined;

export function searchedFile(): File | undefined {
  return current;
}

export function lookUpFile(file: File): void {
  current = file;
  go('/file');
  void fingerprint(file);
}

async function fingerprint(file: File): Promise<void> {
  const { name, size } = file;
  let done = 0;
  const tell = (bytes: number) => {
    done = bytes;
    if (current === file) fileSearch.value = { name, size, done };
  };
  tell(0);
  try {
    const digest = await sha256Of(file, tell, () => current === file);
    if (digest !== undefined) go(`/file/${bytesToHex(digest)}`);
  } catch (error) {
    fileSearch.value = { name, size, done, error: error instanceof Error ? error.message : String(error) };
  }
}
