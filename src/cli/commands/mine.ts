import { type Command, Option } from 'commander';
import { formatAddress } from '../../client/address.ts';
import { MAX_MINE_BLOCKS } from '../../client/routes.ts';
import type { TallyClient } from '../../client/tally-client.ts';
import type { Address } from '../../core/identifiers.ts';
import { connectAsOwner } from '../connect.ts';
import { CommandError } from '../errors.ts';
import { type ApiOptions, readAddress, readCount, withApi } from '../options.ts';
import { counted, print, printJson } from '../output.ts';
import { printable } from '../printable.ts';

interface MineOptions extends ApiOptions {
  readonly to?: Address;
  readonly start?: boolean;
  readonly stop?: boolean;
}

/** Blocks of one request: an answer must come within five minutes, or `fetch` gives up. */
const BLOCKS_A_REQUEST = 10;

export function addMine(program: Command): void {
  withApi(
    program
      .command('mine')
      .description('mine exactly this many blocks now, or start and stop mining')
      .argument('[blocks]', 'how many', readCount(1, MAX_MINE_BLOCKS), 1)
      .option('--to <address>', "who gets the rewards (default: the daemon's miner)", readAddress)
      .addOption(new Option('--start', 'mine all the time').conflicts(['stop', 'to']))
      .addOption(new Option('--stop', 'no longer mine all the time').conflicts('to')),
  ).action(async (blocks: number, options: MineOptions) => {
    const client = await connectAsOwner(options);
    if (options.start === true || options.stop === true) await switchMining(client, options);
    else await mineBlocks(client, blocks, options);
  });
}

async function switchMining(client: TallyClient, { json, start }: MineOptions): Promise<void> {
  const mining = await client.call('mining', { body: { active: start === true } });
  if (json === true) printJson(mining);
  else print(mining.active ? `mining, with ${counted(mining.threads, 'thread')}` : 'not mining');
}

async function mineBlocks(client: TallyClient, blocks: number, { json, to }: MineOptions): Promise<void> {
  const ids: string[] = [];
  while (ids.length < blocks) {
    const count = Math.min(BLOCKS_A_REQUEST, blocks - ids.length);
    const mined = await client.call(
      'mine',
      { body: { blocks: count, ...(to === undefined ? {} : { miner: formatAddress(to) }) } },
      { timeoutMs: Number.POSITIVE_INFINITY },
    );
    if (mined.ids.length !== count)
      throw new CommandError(
        `${client.url} does not answer like a tally daemon: it mined other than it was asked to`,
      );
    ids.push(...mined.ids);
    if (json !== true) for (const id of mined.ids) print(printable(id));
  }
  if (json === true) printJson({ ids });
}
