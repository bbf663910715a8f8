import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { formatAddress } from '../../core/address.ts';
import { dataFolder, defaultDataRoot } from '../data-folder.ts';
import { complain } from '../errors.ts';
import { networkOption, withData } from '../options.ts';
import { print, printJson, printTable } from '../output.ts';

interface WalletOptions {
  readonly data?: string;
  readonly network: string;
  readonly json?: boolean;
}

export function addWallet(program: Command): void {
  const wallet = program
    .command('wallet')
    .description('the key that mined blocks pay to and `send` pays from');
  withData(wallet.command('create').description('make a new key').addOption(networkOption())).action(create);
  withData(wallet.command('list').description('the wallets in the data folders of this machine')).action(
    list,
  );
  withData(
    wallet.command('show').description('the wallet of one data folder').addOption(networkOption()),
  ).action(show);
}

async function create(options: WalletOptions): Promise<void> {
  const { createWallet, walletPath } = await import('../wallet-file.ts');
  const folder = await folderOf(options);
  const key = await createWallet(folder);
  const made = { address: formatAddress(key.address), file: walletPath(folder) };
  if (options.json === true) return printJson(made);
  print(made.address);
  print(`kept in ${made.file}, not encrypted: whoever can read it can spend; there is no other copy`);
}

async function show(options: WalletOptions): Promise<void> {
  const { readWallet, walletPath } = await import('../wallet-file.ts');
  const folder = await folderOf(options);
  const key = await readWallet(folder);
  const shown = { address: formatAddress(key.address), file: walletPath(folder) };
  if (options.json === true) return printJson(shown);
  print(shown.address);
  print(shown.file);
}

async function list({ data, json }: Omit<WalletOptions, 'network'>): Promise<void> {
  const { findWallet, walletPath } = await import('../wallet-file.ts');
  const folders = [
    ...(await subfolders(defaultDataRoot())),
    ...(data === undefined ? [] : [dataFolder(data, '')]),
  ];
  const wallets: { address: string; file: string }[] = [];
  for (const folder of new Set(folders)) {
    try {
      const key = await findWallet(folder);
      if (key !== undefined) wallets.push({ address: formatAddress(key.address), file: walletPath(folder) });
    } catch (error) {
      complain(error instanceof Error ? error.message : String(error));
    }
  }
  if (json === true) return printJson({ wallets });
  if (wallets.length === 0) return print('no wallets yet: tally start or tally wallet create makes one');
  printTable(
    ['address', 'file'],
    wallets.map(({ address, file }) => [address, file]),
  );
}

/** Reading a network file takes loading the rules; the name of one built in is its folder's. */
async function folderOf({ data, network }: WalletOptions): Promise<string> {
  if (data !== undefined) return dataFolder(data, network);
  const { chooseNetwork } = await import('../network-choice.ts');
  return dataFolder(undefined, (await chooseNetwork(network)).name);
}

async function subfolders(root: string): Promise<string[]> {
  try {
    const entries = await readdir(root, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(root, entry.name));
  } catch {
    return [];
  }
}
