/** `DATA/wallet.json`: one key, not encrypted, readable by its owner only. Never overwritten: it may hold money. */
import '../native/hasher.ts';
import { link, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { generateKeyPair, type KeyPair, keyPairFromSeed } from '../client/keys.ts';
import { formatAddress } from '../core/address.ts';
import { bytesToHex, hexToBytes } from '../core/hex.ts';
import { prepareDataFolder } from './data-folder.ts';
import { CommandError, systemCode } from './errors.ts';

const KIND = 'unencrypted-ed25519-seed';

interface WalletFile {
  readonly version: 1;
  readonly kind: typeof KIND;
  readonly address: string;
  /** 32 secret bytes, hex. */
  readonly seed: string;
}

export function walletPath(folder: string): string {
  return join(folder, 'wallet.json');
}

/** Makes a new key. @throws CommandError if there is a wallet already */
export async function createWallet(folder: string): Promise<KeyPair> {
  await prepareDataFolder(folder);
  const key = generateKeyPair();
  const file: WalletFile = {
    version: 1,
    kind: KIND,
    address: formatAddress(key.address),
    seed: bytesToHex(key.seed),
  };
  await writeNew(walletPath(folder), `${JSON.stringify(file, undefined, 2)}\n`);
  return key;
}

/** The wallet of this folder, made if there is none. */
export async function ensureWallet(folder: string): Promise<KeyPair> {
  return (await findWallet(folder)) ?? (await createWallet(folder));
}

/** @throws CommandError if there is none */
export async function readWallet(folder: string): Promise<KeyPair> {
  const key = await findWallet(folder);
  if (key !== undefined) return key;
  throw new CommandError(
    `there is no wallet in ${folder}: name its folder with --data, or make one with tally wallet create`,
  );
}

/** @returns undefined if there is none @throws CommandError if there is one that cannot be read */
export async function findWallet(folder: string): Promise<KeyPair | undefined> {
  const path = walletPath(folder);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const code = systemCode(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new CommandError(`cannot read ${path} (${code ?? cause}): check who owns it`, { cause });
  }
  const key = parseWallet(text);
  if (key === undefined) throw new CommandError(`${path} is not a wallet of this version, or is damaged`);
  return key;
}

function parseWallet(text: string): KeyPair | undefined {
  try {
    const { version, kind, address, seed } = JSON.parse(text) as Partial<Record<keyof WalletFile, unknown>>;
    if (version !== 1 || kind !== KIND || typeof seed !== 'string') return undefined;
    const key = keyPairFromSeed(hexToBytes(seed));
    return formatAddress(key.address) === address ? key : undefined;
  } catch {
    return undefined;
  }
}

/** The whole file or none, also if the power fails; and never over another. */
async function writeNew(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.new`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    // Unlike a rename, a link fails if the name is taken.
    await link(temporary, path);
  } catch (cause) {
    const code = systemCode(cause);
    if (code === 'EEXIST')
      throw new CommandError(`${path} exists already: it is never overwritten`, { cause });
    throw new CommandError(`cannot write ${path} (${code ?? cause}): choose another folder with --data`, {
      cause,
    });
  } finally {
    await rm(temporary, { force: true });
  }
}
