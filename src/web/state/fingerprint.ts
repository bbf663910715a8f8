/** SHA-256 of a file, however large: read in pieces, which go nowhere. */
import { sha256 } from '@noble/hashes/sha2.js';

/**
 * @param onProgress bytes hashed so far
 * @param isWanted asked between pieces
 * @returns 32 bytes; undefined if it is not wanted any more
 * @throws whatever the browser finds wrong with the file: it was moved or changed
 */
export async function sha256Of(
  file: File,
  onProgress: (bytes: number) => void,
  isWanted: () => boolean,
): Promise<Uint8Array | undefined> {
  const hash = sha256.create();
  let done = 0;
  const reader = file.stream().getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    if (!isWanted()) {
      await reader.cancel();
      return undefined;
    }
    hash.update(next.value);
    done += next.value.length;
    onProgress(done);
  }
  return isWanted() ? hash.digest() : undefined;
}
