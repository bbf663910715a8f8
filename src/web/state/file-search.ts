/** Looks for a file on the ledger: its SHA-256 is made here, piece by piece; the file itself goes nowhere. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { signal } from '@preact/signals';
import { go } from '../routing.ts';

export interface FileSearch {
  readonly name: string;
  readonly size: number;
  /** Bytes hashed so far. */
  readonly done: number;
  readonly error?: string;
}

export const fileSearch = signal<FileSearch | undefined>(undefined);

let current: File | undefined;

export function lookUpFile(file: File): void {
  current = file;
  go('/file');
  void fingerprint(file);
}

async function fingerprint(file: File): Promise<void> {
  const { name, size } = file;
  fileSearch.value = { name, size, done: 0 };
  const hash = sha256.create();
  let done = 0;
  try {
    const reader = file.stream().getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (current !== file) return await reader.cancel();
      hash.update(next.value);
      done += next.value.length;
      fileSearch.value = { name, size, done };
    }
  } catch (error) {
    fileSearch.value = { name, size, done, error: error instanceof Error ? error.message : String(error) };
    return;
  }
  if (current === file) go(`/file/${bytesToHex(hash.digest())}`);
}
