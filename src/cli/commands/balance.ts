import type { Command } from 'commander';
import { formatTally } from '../../client/amount.ts';
import { formatAddress } from '../../core/address.ts';
import type { Address } from '../../core/identifiers.ts';
import { connect } from '../connect.ts';
import { dataFolder } from '../data-folder.ts';
import { type ApiOptions, readAddress, withApi } from '../options.ts';
import { print, printJson } from '../output.ts';

export function addBalance(program: Command): void {
  withApi(
    program
      .command('balance')
      .description('what an address has')
      .argument('[address]', "default: the wallet of the daemon's data folder", readAddress),
  ).action(async (given: Address | undefined, options: ApiOptions) => {
    const client = connect(options);
    const address = given ?? (await ownAddress(options, (await client.call('network')).params.name));
    const account = await client.call('account', { params: { address: formatAddress(address) } });
    if (options.json === true) return printJson(account);
    print(`${formatTally(BigInt(account.balance))} tally`);
    if (account.pending.balance !== account.balance) {
      print(`${formatTally(BigInt(account.pending.balance))} tally once what waits is mined`);
    }
  });
}

async function ownAddress({ data }: ApiOptions, networkName: string): Promise<Address> {
  const { readWallet } = await import('../wallet-file.ts');
  return (await readWallet(dataFolder(data, networkName))).address;
}
