/** `tally wallet create` and `tally wallet import`: a wallet where there is none. */
import { writeEncrypted, writeUnencrypted } from '../../client/key-file.ts';
import { parseWords, WORD_COUNT } from '../../client/mnemonic.ts';
import { Wallet } from '../../client/wallet.ts';
import type { Address } from '../../core/identifiers.ts';
import { UsageError } from '../errors.ts';
import { MAX_WORDS_BYTES } from '../io/limits.ts';
import { readText } from '../io/read-file.ts';
import { print, printJson } from '../output.ts';
import { newPassphrase, readPassphraseFile } from '../passphrase.ts';
import { askText, canAsk } from '../prompts.ts';
import { createWallet, requireNoWallet, type StoredWallet } from '../wallet-file.ts';
import { folderOf, type MakeOptions, readSeedFile, walletToJson } from './options.ts';
import { confirmWords, showWords } from './words.ts';

export interface CreateOptions extends MakeOptions {
  readonly confirm: boolean;
}

export interface ImportOptions extends MakeOptions {
  readonly wordsFile?: string;
  readonly bip39PassphraseFile?: string;
  readonly seedFile?: string;
  readonly watch?: Address;
  readonly accounts: number;
}

export async function create(options: CreateOptions): Promise<void> {
  const folder = await folderOf(options);
  await requireNoWallet(folder);
  const wallet = Wallet.create();
  if (options.name !== undefined) wallet.rename(0, options.name);
  const ask = atTerminal(options);
  const passphrase = await newPassphrase(options, ask);
  if (ask) {
    const { words } = wallet.exportWords();
    showWords(words);
    if (options.confirm) await confirmWords(words);
  }
  tell(walletToJson(await keep(folder, wallet, passphrase)), options);
}

export async function importWallet(options: ImportOptions): Promise<void> {
  const files = [options.wordsFile, options.bip39PassphraseFile, options.seedFile, options.passphraseFile];
  if (files.filter((file) => file === '-').length > 1)
    throw new UsageError('standard input is one file only');
  const folder = await folderOf(options);
  await requireNoWallet(folder);
  const wallet = await bringIn(options);
  if (options.name !== undefined) wallet.rename(0, options.name);
  const passphrase = await newPassphrase(options, atTerminal(options));
  tell(walletToJson(await keep(folder, wallet, passphrase)), options);
}

async function bringIn(options: ImportOptions): Promise<Wallet> {
  const { accounts, bip39PassphraseFile, seedFile, watch, wordsFile } = options;
  const wallet = Wallet.withoutWords();
  if (watch !== undefined) wallet.watch(watch);
  if (seedFile !== undefined) wallet.importSeed(await readSeedFile(seedFile));
  if (watch !== undefined || seedFile !== undefined) return wallet;
  const words =
    wordsFile === undefined
      ? await askWords()
      : await readText(wordsFile, { maxBytes: MAX_WORDS_BYTES, what: `${WORD_COUNT} words` });
  const bip39Passphrase =
    bip39PassphraseFile === undefined ? '' : await readPassphraseFile(bip39PassphraseFile);
  const fromWords = Wallet.fromWords(words, bip39Passphrase);
  while (fromWords.accounts.length < accounts) fromWords.addAccount();
  return fromWords;
}

/** They are seen while they are typed: 24 words cannot be typed blind. */
async function askWords(): Promise<string> {
  if (!canAsk()) {
    throw new UsageError('nothing to import: name --words-file FILE (- is stdin), --seed-file or --watch');
  }
  return askText(`The ${WORD_COUNT} words`, (text) => {
    try {
      parseWords(text);
      return true;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  });
}

/** Whether a person is at it, who also reads what is printed. */
function atTerminal({ json }: MakeOptions): boolean {
  return json !== true && canAsk() && process.stdout.isTTY === true;
}

async function keep(folder: string, wallet: Wallet, passphrase: string | undefined): Promise<StoredWallet> {
  const text = passphrase === undefined ? writeUnencrypted(wallet) : await writeEncrypted(wallet, passphrase);
  return createWallet(folder, text);
}

function tell(made: ReturnType<typeof walletToJson>, { json }: MakeOptions): void {
  if (json === true) printJson(made);
  else for (const line of inWords(made)) print(line);
}

/** The address first, and alone: scripts take it from there. */
function inWords({ accounts, address, encrypted, file }: ReturnType<typeof walletToJson>): string[] {
  if (accounts.every(({ kind }) => kind === 'watch-only')) {
    return [address, `kept in ${file}: it watches, and cannot pay`];
  }
  return [
    address,
    encrypted
      ? `kept in ${file}, encrypted: without the passphrase only its words bring it back`
      : `kept in ${file}, not encrypted: whoever can read it can spend`,
    'there is no other copy: tally wallet export writes down what brings it back',
  ];
}
