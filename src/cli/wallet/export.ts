/** `tally wallet export`: the one command that gives secrets away, to a file for its owner only or to eyes that asked. */
import { bytesToHex } from '../../core/hex.ts';
import { CommandError, UsageError } from '../errors.ts';
import { openWallet } from '../open-wallet.ts';
import { print, printJson } from '../output.ts';
import type { PassphraseOptions } from '../passphrase.ts';
import { askYes, canAsk } from '../prompts.ts';
import { readWallet, writeNew } from '../wallet-file.ts';
import { folderOf, type WalletOptions } from './options.ts';
import { showWords } from './words.ts';

export interface ExportOptions extends WalletOptions, PassphraseOptions {
  readonly account?: string;
}

export async function exportSecrets(file: string | undefined, options: ExportOptions): Promise<void> {
  if (file === undefined && !(canAsk() && process.stdout.isTTY === true)) {
    throw new UsageError('not on a terminal: name the file to write, as in tally wallet export words.txt');
  }
  const stored = await readWallet(await folderOf(options));
  const { wallet } = await openWallet(stored, options);
  const { account } = options;
  const mnemonic = account === undefined ? wallet.exportWords() : undefined;
  const what = account === undefined ? 'the words of the wallet' : `the seed of account ${account}`;
  const secret = mnemonic?.words ?? bytesToHex(wallet.account(account ?? 0).exportSeed());
  if (file === undefined) {
    if (!(await askYes(`Show ${what} here, for all who see this screen?`))) {
      throw new CommandError('nothing was shown');
    }
    if (mnemonic === undefined) print(secret);
    else showWords(secret);
  } else {
    await writeNew(file, `${secret}\n`);
    if (options.json === true) return printJson({ file });
    print(`${what} ${account === undefined ? 'are' : 'is'} in ${file}: whoever can read it can spend`);
  }
  if (mnemonic !== undefined && mnemonic.bip39Passphrase !== '') {
    print('they bring this wallet back only together with the BIP-39 passphrase it was imported with');
  }
  if (mnemonic !== undefined && wallet.accounts.some(({ kind }) => kind === 'imported')) {
    print('imported accounts do not follow from them: export each with --account');
  }
}
