import type { Command } from 'commander';
import { MAX_CHAIN_BLOCKS } from '../../client/routes.ts';
import { connect, connectAsOwner } from '../connect.ts';
import { CommandError } from '../errors.ts';
import { type ApiOptions, readCount, withApi } from '../options.ts';
import { counted, formatDuration, print, printJson, printTable } from '../output.ts';
import { printable } from '../printable.ts';
import { addChainExport } from './chain-export.ts';
import { addChainForks } from './chain-forks.ts';
import { addChainImport } from './chain-import.ts';

const DEFAULT_BLOCKS = 10;

interface ListOptions extends ApiOptions {
  readonly from?: number;
  readonly limit: number;
}

export function addChain(program: Command): void {
  const chain = program.command('chain').description('the chain the daemon keeps');
  withApi(
    chain
      .command('list', { isDefault: true })
      .description('its blocks, the last ones unless told where to begin')
      .option('--from <height>', 'first height', readCount(0, Number.MAX_SAFE_INTEGER))
      .option('--limit <blocks>', 'how many', readCount(1, MAX_CHAIN_BLOCKS), DEFAULT_BLOCKS),
  ).action(list);
  addChainForks(chain);
  withApi(chain.command('verify').description('validate the whole stored chain again')).action(verify);
  withApi(chain.command('resolve').description('ask all peers for a chain of more work now')).action(resolve);
  addChainExport(chain);
  addChainImport(chain);
}

async function list(options: ListOptions): Promise<void> {
  const client = connect(options);
  const { limit } = options;
  const from = options.from ?? Math.max(0, (await client.call('status')).height + 1 - limit);
  const page = await client.call('chain', { query: { from, limit } });
  if (options.json === true) return printJson(page);
  print(printable(`${counted(page.length, 'block')}, the genesis counted`));
  printTable(
    ['height', 'block', 'time', 'transactions', 'bytes'],
    page.blocks.map(({ header, id, transactions, size }) => [
      `${header.height}`,
      id,
      header.timestamp,
      `${transactions.length}`,
      `${size}`,
    ]),
  );
}

async function verify(options: ApiOptions): Promise<void> {
  const result = await connect(options).call('chainValidity', {}, { timeoutMs: Number.POSITIVE_INFINITY });
  if (options.json === true) printJson(result);
  if (!result.valid) {
    throw new CommandError(`the stored chain is not valid: ${result.error?.message ?? 'no reason given'}`);
  }
  if (options.json !== true) {
    print(`valid: ${counted(result.checkedBlocks, 'block')} checked in ${formatDuration(result.elapsedMs)}`);
  }
}

async function resolve(options: ApiOptions): Promise<void> {
  const client = await connectAsOwner(options);
  const result = await client.call('chainResolve', {}, { timeoutMs: Number.POSITIVE_INFINITY });
  if (options.json === true) return printJson(result);
  if (!result.replaced && (await client.call('status')).peers === 0) {
    print('there is no peer to ask: name one with tally peers add MULTIADDR');
  }
  print(printable(`${result.replaced ? 'replaced' : 'kept'}: the tip is #${result.height} ${result.tip}`));
}
