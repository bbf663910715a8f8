/** `tally wallet add`, `rename`, `encrypt`, `decrypt`: the wallet there is, changed and put back in one step. */
import { writeEncrypted, writeUnencrypted } from '../../client/key-file.ts';
import type { Wallet } from '../../client/wallet.ts';
import { accountToJson, type WalletAccount } from '../../client/wallet-account.ts';
import { formatAddress } from '../../core/address.ts';
import type { Address } from '../../core/identifiers.ts';
import { CommandError, UsageError } from '../errors.ts';
import { openWallet } from '../open-wallet.ts';
import { print, printJson } from '../output.ts';
import {
  askNewPassphrase,
  givenPassphrase,
  type PassphraseOptions,
  readPassphraseFile,
} from '../passphrase.ts';
import { readWallet, replaceWallet } from '../wallet-file.ts';
import { folderOf, readSeedFile, type WalletOptions } from './options.ts';

type OpenOptions = WalletOptions & PassphraseOptions;

export interface AddOptions extends OpenOptions {
  readonly watch?: Address;
  readonly seedFile?: string;
}

export interface EncryptOptions extends OpenOptions {
  readonly newPassphraseFile?: string;
}

export async function add(name: string | undefined, options: AddOptions): Promise<void> {
  const { seedFile, watch } = options;
  if (seedFile === '-' && options.passphraseFile === '-') {
    throw new UsageError('standard input is one file only');
  }
  const seed = seedFile === undefined ? undefined : await readSeedFile(seedFile);
  const account = await change(options, (wallet) => {
    if (watch !== undefined) return wallet.watch(watch, name);
    return seed === undefined ? wallet.addAccount(name) : wallet.importSeed(seed, name);
  });
  if (options.json === true) return printJson(accountToJson(account));
  print(formatAddress(account.address));
  print(
    `account ${account.index}${account.path === undefined ? `, ${account.kind}` : ` at ${account.path}`}`,
  );
  if (account.kind === 'imported') print("the wallet's words do not bring it back: keep its seed");
}

export async function rename(which: string, name: string, options: OpenOptions): Promise<void> {
  const account = await change(options, (wallet) => wallet.rename(which, name === '' ? undefined : name));
  if (options.json === true) return printJson(accountToJson(account));
  print(`account ${account.index} ${name === '' ? 'has no name' : `is called ${name}`}`);
}

export async function encrypt(options: EncryptOptions): Promise<void> {
  const stored = await readWallet(await folderOf(options));
  const { passphrase: old, wallet } = await openWallet(stored, options);
  const passphrase = await chosenPassphrase(options, old !== undefined);
  await replaceWallet(stored, await writeEncrypted(wallet, passphrase));
  tell(options, stored.path, true, 'encrypted; copies made before are as they were');
}

export async function decrypt(options: OpenOptions): Promise<void> {
  const stored = await readWallet(await folderOf(options));
  if (!stored.keyFile.encrypted) throw new CommandError(`${stored.path} is not encrypted`);
  const { wallet } = await openWallet(stored, options);
  await replaceWallet(stored, writeUnencrypted(wallet));
  tell(options, stored.path, false, 'not encrypted any more: whoever can read it can spend');
}

/** Of an encrypted wallet, `--passphrase-file` is the passphrase it has; of another, the one it gets. */
async function chosenPassphrase(options: EncryptOptions, isEncrypted: boolean): Promise<string> {
  if (options.newPassphraseFile !== undefined) return readPassphraseFile(options.newPassphraseFile);
  const given = isEncrypted ? undefined : await givenPassphrase(options);
  return given ?? (await askNewPassphrase());
}

/** Opens the wallet, changes it, and puts it back as it was kept. */
async function change(options: OpenOptions, make: (wallet: Wallet) => WalletAccount): Promise<WalletAccount> {
  const stored = await readWallet(await folderOf(options));
  const { passphrase, wallet } = await openWallet(stored, options);
  const account = make(wallet);
  const text = passphrase === undefined ? writeUnencrypted(wallet) : await writeEncrypted(wallet, passphrase);
  await replaceWallet(stored, text);
  return account;
}

function tell({ json }: WalletOptions, file: string, encrypted: boolean, words: string): void {
  if (json === true) printJson({ file, encrypted });
  else print(`${file} is ${words}`);
}
