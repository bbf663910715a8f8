/** SHA-256 of files, however large: read in pieces, with a progress line on a terminal. */
import { createHash } from 'node:crypto';
import { openInput } from './io/read-file.ts';
import { ProgressLine } from './progress-line.ts';

const MEGABYTE = 1_000_000;

/** @returns 32 bytes @throws CommandError if the file cannot be read */
export async function fingerprint(path: string): Promise<Uint8Array> {
  const { bytes, pieces } = await openInput(path);
  const progress = new ProgressLine();
  const hash = createHash('sha256');
  let read = 0;
  try {
    for await (const piece of pieces) {
      hash.update(piece);
      read += piece.length;
      const share = bytes === undefined || bytes === 0 ? 0 : Math.min(1, read / bytes);
      progress.tell(share, () => `${path}: ${Math.round(read / MEGABYTE).toLocaleString('en-US')} MB`);
    }
  } finally {
    progress.done();
  }
  return new Uint8Array(hash.digest());
}
