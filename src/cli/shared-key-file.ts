/** The file of a pre-shared key, as `tally start --psk` reads it. */
import { OperationError } from '../node/ports.ts';
import { readSharedKey, type SharedKey } from '../p2p/shared-key.ts';
import { CommandError } from './errors.ts';
import { readSmallFile } from './small-file.ts';

/** 95 characters and what editors add. */
const MAX_BYTES = 256;

/** @throws CommandError if it cannot be read or holds no key */
export async function readSharedKeyFile(path: string): Promise<SharedKey> {
  const text = await readSmallFile(path, MAX_BYTES, 'a pre-shared key');
  try {
    return readSharedKey(text);
  } catch (cause) {
    if (!(cause instanceof OperationError)) throw cause;
    throw new CommandError(`${path}: ${cause.message}; make one with: tally network psk FILE`, { cause });
  }
}
