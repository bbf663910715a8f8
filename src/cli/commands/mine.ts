import type { Command } from 'commander';
import { MAX_MINE_BLOCKS } from '../../client/routes.ts';
import { connectAsOwner } from '../connect.ts';
import { type ApiOptions, readCount, withApi } from '../options.ts';
import { print, printJson } from '../output.ts';

/** Blocks of one request: an answer must come within five minutes, or `fetch` gives up. */
const BLOCKS_A_REQUEST = 10;

export function addMine(program: Command): void {
  withApi(
    program
      .command('mine')
      .description('mine exactly this many blocks now')
      .argument('[blocks]', 'how many', readCount(1, MAX_MINE_BLOCKS), 1),
  ).action(async (blocks: number, options: ApiOptions) => {
    const client = await connectAsOwner(options);
    const ids: string[] = [];
    while (ids.length < blocks) {
      const count = Math.min(BLOCKS_A_REQUEST, blocks - ids.length);
      const mined = await client.call(
        'mine',
        { body: { blocks: count } },
        { timeoutMs: Number.POSITIVE_INFINITY },
      );
      ids.push(...mined.ids);
      if (options.json !== true) for (const id of mined.ids) print(id);
    }
    if (options.json === true) printJson({ ids });
  });
}
