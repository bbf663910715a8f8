/** `tally wallet list` and `tally wallet show`: what there is, without any secret. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { dataFolder, defaultDataRoot } from '../data-folder.ts';
import { complain } from '../errors.ts';
import { print, printJson, printTable } from '../output.ts';
import { findWallet, readWallet } from '../wallet-file.ts';
import { folderOf, type WalletOptions, walletToJson } from './options.ts';

export async function show(options: WalletOptions): Promise<void> {
  const shown = walletToJson(await readWallet(await folderOf(options)));
  if (options.json === true) return printJson(shown);
  print(shown.address);
  print(`${shown.file}, ${shown.encrypted ? 'encrypted' : 'not encrypted'}`);
  const [first, ...others] = shown.accounts;
  if (others.length === 0 && first?.name === undefined && first?.kind !== 'watch-only') return;
  printTable(
    ['account', 'name', 'kind', 'address'],
    shown.accounts.map(({ address, index, kind, name }) => [`${index}`, name ?? '', kind, address]),
  );
}

export async function list({ data, json }: Omit<WalletOptions, 'network'>): Promise<void> {
  const folders = [
    ...(await subfolders(defaultDataRoot())),
    ...(data === undefined ? [] : [dataFolder(data, '')]),
  ];
  const wallets: ReturnType<typeof walletToJson>[] = [];
  for (const folder of new Set(folders)) {
    try {
      const stored = await findWallet(folder);
      if (stored !== undefined) wallets.push(walletToJson(stored));
    } catch (error) {
      complain(error instanceof Error ? error.message : String(error));
    }
  }
  if (json === true) return printJson({ wallets });
  if (wallets.length === 0) return print('no wallets yet: tally start or tally wallet create makes one');
  printTable(
    ['address', 'accounts', 'encrypted', 'file'],
    wallets.map(({ accounts, address, encrypted, file }) => [
      address,
      `${accounts.length}`,
      encrypted ? 'yes' : 'no',
      file,
    ]),
  );
}

async function subfolders(root: string): Promise<string[]> {
  try {
    const entries = await readdir(root, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(root, entry.name));
  } catch {
    return [];
  }
}
