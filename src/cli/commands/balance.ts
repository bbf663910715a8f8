import type { Command } from 'commander';
import { formatTally } from '../../client/amount.ts';
import type { AnswerOf } from '../../client/contract.ts';
import type { TallyClient } from '../../client/tally-client.ts';
import { formatAddress } from '../../core/address.ts';
import type { Address } from '../../core/identifiers.ts';
import { connect } from '../connect.ts';
import { dataFolder } from '../data-folder.ts';
import { type ApiOptions, readAddress, withApi } from '../options.ts';
import { print, printJson, printTable } from '../output.ts';
import { toldAmount } from '../told-amount.ts';

export function addBalance(program: Command): void {
  withApi(
    program
      .command('balance')
      .description('what an address has, or every account of the wallet')
      .argument('[address]', "default: the wallet of the daemon's data folder", readAddress),
  ).action((given: Address | undefined, options: ApiOptions) =>
    given === undefined ? ofWallet(options) : ofAddress(given, options),
  );
}

async function ofAddress(address: Address, options: ApiOptions): Promise<void> {
  const account = await connect(options).call('account', { params: { address: formatAddress(address) } });
  if (options.json === true) return printJson(account);
  printBalance(sumOf([account]));
}

/** The accounts together, what is only watched apart from them; each in a line of its own if there are several. */
async function ofWallet(options: ApiOptions): Promise<void> {
  const client = connect(options);
  const accounts = await walletAccounts(client, options);
  const watched = accounts.filter(({ kind }) => kind === 'watch-only');
  const own = sumOf(accounts.filter((account) => !watched.includes(account)));
  const watchOnly = sumOf(watched);
  if (options.json === true) {
    return printJson({ address: accounts[0]?.address, ...own, watchOnly, accounts });
  }
  printBalance(own);
  if (watched.length > 0) printBalance(watchOnly, ', watched only: its keys are elsewhere');
  if (accounts.length === 1) return;
  printTable(
    ['account', 'name', 'tally', 'address'],
    accounts.map((account) => [
      `${account.index}`,
      account.name ?? '',
      formatTally(toldAmount(account.balance)),
      `${account.address}${account.kind === 'watch-only' ? ' (watch-only)' : ''}`,
    ]),
  );
}

/** One after the other: a wallet may have many, and they are one caller's. */
async function walletAccounts(client: TallyClient, { data }: ApiOptions) {
  const { readWallet } = await import('../wallet-file.ts');
  const { accountToJson } = await import('../../client/wallet-account.ts');
  const folder = dataFolder(data, (await client.call('network')).params.name);
  const accounts = [];
  for (const account of (await readWallet(folder)).keyFile.accounts) {
    const known = accountToJson(account);
    const state = await client.call('account', { params: { address: known.address } });
    accounts.push({ ...known, ...state });
  }
  return accounts;
}

interface Sum {
  readonly balance: bigint;
  readonly pending: { readonly balance: bigint };
}

function sumOf(accounts: readonly Pick<AnswerOf<'account'>, 'balance' | 'pending'>[]): Sum {
  return {
    balance: accounts.reduce((sum, account) => sum + toldAmount(account.balance), 0n),
    pending: { balance: accounts.reduce((sum, account) => sum + toldAmount(account.pending.balance), 0n) },
  };
}

/** @param whose said behind the amount; nothing if it can be paid from here */
function printBalance({ balance, pending }: Sum, whose = ''): void {
  print(`${formatTally(balance)} tally${whose}`);
  if (pending.balance !== balance)
    print(`${formatTally(pending.balance)} tally once what waits is mined${whose}`);
}
