/** Files that commands write, never over another. */
import { open } from 'node:fs/promises';
import { CommandError, systemCode } from './errors.ts';

/**
 * @param mode who may read and write it; default: as the system has it for new files
 * @throws CommandError if something is there, or it cannot be written
 */
export async function writeNewFile(path: string, text: string, mode?: number): Promise<void> {
  try {
    const file = await open(path, 'wx', mode);
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
  } catch (cause) {
    const code = systemCode(cause);
    throw new CommandError(
      code === 'EEXIST'
        ? `${path} exists already: it is never overwritten`
        : `cannot write ${path} (${code ?? cause}): choose another place`,
      { cause },
    );
  }
}
