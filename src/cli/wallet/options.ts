/** What the wallet commands share: which folder, and how a wallet is told of. */
import { accountToJson } from '../../client/wallet-account.ts';
import { dataFolder } from '../data-folder.ts';
import { UsageError } from '../errors.ts';
import { MAX_SEED_BYTES } from '../io/limits.ts';
import { readText } from '../io/read-file.ts';
import type { NewPassphraseOptions } from '../passphrase.ts';
import type { StoredWallet } from '../wallet-file.ts';

export interface WalletOptions {
  readonly data?: string;
  readonly network: string;
  readonly json?: boolean;
}

/** What `wallet create` and `wallet import` take. */
export interface MakeOptions extends WalletOptions, NewPassphraseOptions {
  readonly name?: string;
}

/** Reading a network file takes loading the rules; the name of one built in is its folder's. */
export async function folderOf({ data, network }: WalletOptions): Promise<string> {
  if (data !== undefined) return dataFolder(data, network);
  const { chooseNetwork } = await import('../network-choice.ts');
  return dataFolder(undefined, (await chooseNetwork(network)).name);
}

/** Nothing secret. `address` is the first account's. */
export function walletToJson({ keyFile, path }: StoredWallet) {
  const accounts = keyFile.accounts.map(accountToJson);
  return { address: accounts[0]?.address ?? '', file: path, encrypted: keyFile.encrypted, accounts };
}

/** 32 bytes from a file of 64 hex digits. */
export async function readSeedFile(path: string): Promise<Uint8Array> {
  const { hexToBytes } = await import('../../core/hex.ts');
  const text = (await readText(path, { maxBytes: MAX_SEED_BYTES, what: 'a seed' })).trim();
  // Without what was found: it may be most of a seed.
  if (!/^[0-9a-fA-F]{64}$/.test(text)) throw new UsageError(`${path} is not a seed: 64 hex digits`);
  return hexToBytes(text);
}
