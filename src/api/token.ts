/** `DATA/api-token`: whoever can read the data folder may command the daemon. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OperationError } from '../node/ports.ts';

const TOKEN_BYTES = 32;
const TOKEN = new RegExp(`^[0-9a-f]{${2 * TOKEN_BYTES}}$`);

export function apiTokenPath(dataDir: string): string {
  return join(dataDir, 'api-token');
}

/** The token of this folder, made on first use, readable by its owner only. @throws OperationError */
export async function ensureApiToken(dataDir: string): Promise<string> {
  const path = apiTokenPath(dataDir);
  if (!existsSync(path)) {
    // Whole or not at all: a daemon may be stopped in the middle of its start.
    const temporary = `${path}.new`;
    try {
      await writeFile(temporary, `${randomBytes(TOKEN_BYTES).toString('hex')}\n`, {
        mode: 0o600,
        flush: true,
      });
      await rename(temporary, path);
    } catch (cause) {
      throw new OperationError(`cannot write ${path}: choose another folder with --data`, { cause });
    }
  }
  const token = await readApiToken(dataDir);
  if (token === undefined || !TOKEN.test(token)) {
    throw new OperationError(`${path} holds no token: delete it and a new one will be made`);
  }
  return token;
}

/** @returns undefined if the file cannot be read: most likely the daemon is another user's or elsewhere */
export async function readApiToken(dataDir: string): Promise<string | undefined> {
  try {
    return (await readFile(apiTokenPath(dataDir), 'utf8')).trim();
  } catch {
    return undefined;
  }
}
