/** SHA-256 of files, however large: read in pieces, with a progress line on a terminal. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { CommandError, systemCode } from './errors.ts';
import { ProgressLine } from './progress-line.ts';

const MEGABYTE = 1_000_000;
/** What is read at once: larger pieces are no faster. */
const PIECE_BYTES = 1_024 * 1_024;

/** @returns 32 bytes @throws CommandError if the file cannot be read */
export async function fingerprint(path: string): Promise<Uint8Array> {
  const progress = new ProgressLine();
  const hash = createHash('sha256');
  let read = 0;
  try {
    const info = await stat(path);
    if (info.isDirectory()) throw new CommandError(`${path} is a folder: name the files in it`);
    for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES })) {
      hash.update(piece);
      read += piece.length;
      const share = info.size > 0 ? Math.min(1, read / info.size) : 0;
      progress.tell(share, () => `${path}: ${Math.round(read / MEGABYTE).toLocaleString('en-US')} MB`);
    }
  } catch (cause) {
    if (cause instanceof CommandError) throw cause;
    throw new CommandError(
      `cannot read ${path} (${systemCode(cause) ?? cause}): check its name and who owns it`,
      {
        cause,
      },
    );
  } finally {
    progress.done();
  }
  return new Uint8Array(hash.digest());
}
