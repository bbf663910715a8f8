/** `DATA/wallet.json`: a key file readable by its owner only. Never lost half-way: it may hold money. */
import '../native/hasher.ts';
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { KeyFile, writeUnencrypted } from '../client/key-file.ts';
import { MAX_KEY_FILE_LENGTH } from '../client/key-file-content.ts';
import { Wallet } from '../client/wallet.ts';
import { findAccount } from '../client/wallet-account.ts';
import type { Address } from '../core/identifiers.ts';
import { prepareDataFolder } from './data-folder.ts';
import { CommandError, systemCode } from './errors.ts';
import { readText } from './io/read-file.ts';

const KEY_FILE = { maxBytes: MAX_KEY_FILE_LENGTH, what: 'a wallet' };

/** A wallet as it was found on disk. */
export interface StoredWallet {
  readonly path: string;
  readonly text: string;
  readonly keyFile: KeyFile;
  /** Of its first account: mined blocks pay to it, and `send` pays from it unless told another. */
  readonly address: Address;
}

function walletPath(folder: string): string {
  return join(folder, 'wallet.json');
}

/** @param text of a key file @throws CommandError if there is a wallet already */
export async function createWallet(folder: string, text: string): Promise<StoredWallet> {
  await prepareDataFolder(folder);
  const path = walletPath(folder);
  await writeNew(path, text);
  return storedWallet(path, text);
}

/** The wallet of this folder; if there is none, a new one that is not encrypted. */
export async function ensureWallet(folder: string): Promise<StoredWallet> {
  return (await findWallet(folder)) ?? (await createWallet(folder, writeUnencrypted(Wallet.create())));
}

/** @throws CommandError if there is none */
export async function readWallet(folder: string): Promise<StoredWallet> {
  const wallet = await findWallet(folder);
  if (wallet !== undefined) return wallet;
  throw new CommandError(
    `there is no wallet in ${folder}: name its folder with --data, or make one with tally wallet create`,
  );
}

/** @returns undefined if there is none @throws CommandError if there is one that cannot be read */
export async function findWallet(folder: string): Promise<StoredWallet | undefined> {
  const path = walletPath(folder);
  let text: string;
  try {
    text = await readText(path, KEY_FILE);
  } catch (error) {
    const code = systemCode((error as Error).cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
  return storedWallet(path, text);
}

/** @throws CommandError if there is one: before a person has taken pains */
export async function requireNoWallet(folder: string): Promise<void> {
  if ((await findWallet(folder)) !== undefined) throw existsAlready(walletPath(folder));
}

/**
 * Puts a changed wallet in the place of the one it was made from. The old one is `wallet.json.bak` until the new one
 * is on disk; as nobody else can make that file meanwhile, no two changes get lost in each other.
 *
 * @throws CommandError if the wallet was changed since it was read, or a change is under way
 */
export async function replaceWallet({ path, text: before }: StoredWallet, text: string): Promise<void> {
  const backup = `${path}.bak`;
  try {
    await link(path, backup);
  } catch (cause) {
    if (systemCode(cause) !== 'EEXIST') throw notWritten(path, cause);
    throw new CommandError(
      `${backup} is there: another command is changing the wallet, or one was broken off; then ${path} is whole: compare, and remove ${backup}`,
      { cause },
    );
  }
  const temporary = temporaryName(path);
  try {
    if ((await readText(path, KEY_FILE)) !== before) {
      throw new CommandError(`${path} was changed meanwhile: nothing was written, try again`);
    }
    await writeDurably(temporary, text);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    throw cause instanceof CommandError ? cause : notWritten(path, cause);
  } finally {
    await rm(temporary, { force: true });
    await rm(backup, { force: true });
  }
}

/** The whole file or none, also if the power fails; and never over another. For its owner only. */
export async function writeNew(path: string, text: string): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await writeDurably(temporary, text);
    // Unlike a rename, a link fails if the name is taken.
    await link(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    throw systemCode(cause) === 'EEXIST' ? existsAlready(path, cause) : notWritten(path, cause);
  } finally {
    await rm(temporary, { force: true });
  }
}

function storedWallet(path: string, text: string): StoredWallet {
  try {
    const keyFile = new KeyFile(text);
    return { path, text, keyFile, address: findAccount(keyFile.accounts, 0).address };
  } catch (cause) {
    throw new CommandError(
      `${path} cannot be used: ${cause instanceof Error ? cause.message : cause}; with its words, tally wallet import makes it anew`,
      { cause },
    );
  }
}

function existsAlready(path: string, cause?: unknown): CommandError {
  return new CommandError(`${path} exists already: it is never overwritten`, { cause });
}

function notWritten(path: string, cause: unknown): CommandError {
  return new CommandError(
    `cannot write ${path} (${systemCode(cause) ?? cause}): see who owns its folder, or choose another`,
    { cause },
  );
}

function temporaryName(path: string): string {
  return `${path}.${process.pid}.new`;
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A new name is on disk once its folder is. Windows has no such thing. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
