/** Files whose size is known to be small, read whole: a larger one is another, or a device that never ends. */
import { open } from 'node:fs/promises';
import { CommandError, systemCode } from './errors.ts';

/**
 * @param path `-` is standard input
 * @param what the file should be, for the message
 * @throws CommandError if it cannot be read or is too long; the system's error is its cause
 */
export async function readSmallFile(path: string, maxBytes: number, what: string): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of path === '-' ? process.stdin : (await open(path)).createReadStream()) {
      pieces.push(piece as Buffer);
      length += (piece as Buffer).length;
      if (length > maxBytes) break;
    }
  } catch (cause) {
    throw new CommandError(
      `cannot read ${path} (${systemCode(cause) ?? cause}): check its name and who owns it`,
      {
        cause,
      },
    );
  }
  if (length > maxBytes) throw new CommandError(`${path} is longer than ${what} can be: check its name`);
  return Buffer.concat(pieces).toString('utf8');
}
