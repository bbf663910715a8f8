/** The file of a pre-shared key, as `tally start --psk` reads it. */
import { OperationError } from '../node/ports.ts';
import { readSharedKey, type SharedKey } from '../p2p/shared-key.ts';
import { CommandError } from './errors.ts';
import { MAX_SHARED_KEY_BYTES } from './io/limits.ts';
import { readText } from './io/read-file.ts';

/** @throws CommandError if it cannot be read or holds no key */
export async function readSharedKeyFile(path: string): Promise<SharedKey> {
  const text = await readText(path, { maxBytes: MAX_SHARED_KEY_BYTES, what: 'a pre-shared key' });
  try {
    return readSharedKey(text);
  } catch (cause) {
    if (!(cause instanceof OperationError)) throw cause;
    throw new CommandError(`${path}: ${cause.message}; make one with: tally network psk FILE`, { cause });
  }
}
