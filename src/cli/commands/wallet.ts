/** `tally wallet …`: the commands and their options; what they do is in `cli/wallet/`, loaded when it is needed. */
import { type Command, Option } from 'commander';
import { networkOption, readAddress, readCount, withData } from '../options.ts';
import { withNewPassphrase, withPassphrase } from '../passphrase.ts';
import type { AddOptions, EncryptOptions } from '../wallet/change.ts';
import type { ExportOptions } from '../wallet/export.ts';
import type { CreateOptions, ImportOptions } from '../wallet/make.ts';

/** As many as a wallet can have. */
const MAX_ACCOUNTS = 1_000;

export function addWallet(program: Command): void {
  const wallet = program
    .command('wallet')
    .description('the keys that mined blocks pay to and `send` pays from');
  addCreate(wallet);
  addImport(wallet);
  addList(wallet);
  addChanges(wallet);
  addExport(wallet);
}

function addCreate(wallet: Command): void {
  withNewPassphrase(
    ofOneFolder(wallet.command('create').description('a new wallet: 24 words and a first account')),
  )
    .option('--name <name>', 'of the first account')
    .option('--no-confirm', 'do not ask for two of the words')
    .action(async (options: CreateOptions) => (await import('../wallet/make.ts')).create(options));
}

function addImport(wallet: Command): void {
  withNewPassphrase(ofOneFolder(wallet.command('import').description('a wallet from what you have of it')))
    .option('--words-file <file>', 'its 24 words; - is stdin (default: asked for)')
    .option('--bip39-passphrase-file <file>', 'of its words, if they have one')
    .option('--accounts <count>', 'how many to bring back', readCount(1, MAX_ACCOUNTS), 1)
    .addOption(seedFileOption('watch', 'wordsFile'))
    .addOption(watchOption('wordsFile'))
    .option('--name <name>', 'of the first account')
    .action(async (options: ImportOptions) => (await import('../wallet/make.ts')).importWallet(options));
}

function addList(wallet: Command): void {
  withData(wallet.command('list').description('the wallets in the data folders of this machine')).action(
    async (options) => (await import('../wallet/show.ts')).list(options),
  );
  ofOneFolder(wallet.command('show').description('the accounts of a wallet; nothing secret')).action(
    async (options) => (await import('../wallet/show.ts')).show(options),
  );
}

function addChanges(wallet: Command): void {
  withPassphrase(
    ofOneFolder(wallet.command('add').description('one more account: the next that follows from the words')),
  )
    .argument('[name]', 'for it')
    .addOption(seedFileOption('watch'))
    .addOption(watchOption())
    .action(async (name: string | undefined, options: AddOptions) =>
      (await import('../wallet/change.ts')).add(name, options),
    );
  withPassphrase(ofOneFolder(wallet.command('rename').description('another name for an account')))
    .argument('<account>', 'its name or index')
    .argument('<name>', 'the new one; "": none')
    .action(async (which: string, name: string, options) =>
      (await import('../wallet/change.ts')).rename(which, name, options),
    );
  withPassphrase(ofOneFolder(wallet.command('encrypt').description('by a passphrase, or by another one')))
    .option('--new-passphrase-file <file>', 'the one it gets, if it is encrypted already')
    .action(async (options: EncryptOptions) => (await import('../wallet/change.ts')).encrypt(options));
  withPassphrase(
    ofOneFolder(wallet.command('decrypt').description('for development: readable by anybody')),
  ).action(async (options) => (await import('../wallet/change.ts')).decrypt(options));
}

function addExport(wallet: Command): void {
  withPassphrase(
    ofOneFolder(wallet.command('export').description('what brings it back: its 24 words, or a seed')),
  )
    .argument('[file]', 'a new one, readable by you only (default: shown, once you said yes)')
    .option('--account <name|index>', 'the seed of this account instead of the words')
    .action(async (file: string | undefined, options: ExportOptions) =>
      (await import('../wallet/export.ts')).exportSecrets(file, options),
    );
}

function ofOneFolder(command: Command): Command {
  return withData(command.addOption(networkOption()));
}

function seedFileOption(...conflicts: string[]): Option {
  return new Option('--seed-file <file>', 'a single key: 64 hex digits; - is stdin').conflicts(conflicts);
}

function watchOption(...conflicts: string[]): Option {
  return new Option('--watch <address>', 'an address whose key is elsewhere')
    .argParser(readAddress)
    .conflicts(conflicts);
}
