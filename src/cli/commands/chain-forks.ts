import type { Command } from 'commander';
import type { AnswerOf } from '../../client/contract.ts';
import type { ForkJson } from '../../client/fork-schemas.ts';
import { MAX_PAGE_FORKS } from '../../client/routes.ts';
import type { TallyClient } from '../../client/tally-client.ts';
import { connect } from '../connect.ts';
import { CommandError } from '../errors.ts';
import { type ApiOptions, readCount, withApi } from '../options.ts';
import { formatDuration, print, printJson, printTable } from '../output.ts';
import { printable } from '../printable.ts';

const DEFAULT_FORKS = 10;

interface ForksOptions extends ApiOptions {
  readonly before?: number;
  readonly limit: number;
}

export function addChainForks(chain: Command): void {
  withApi(
    chain
      .command('forks')
      .description('branches beside the chain, the newest first')
      .option('--limit <forks>', 'how many', readCount(1, MAX_PAGE_FORKS), DEFAULT_FORKS)
      .option('--before <number>', 'where the list before went on', readCount(0, Number.MAX_SAFE_INTEGER)),
  ).action(forks);
}

async function forks(options: ForksOptions): Promise<void> {
  const page = await someForks(connect(options), options.limit, options.before);
  if (options.json === true) return printJson(page);
  if (page.forks.length === 0 && options.before !== undefined) print('no older fork');
  else if (page.forks.length === 0) print('no fork: every block the daemon has seen is on the chain');
  else {
    printTable(
      ['after', 'branch', 'chain', 'became of it', 'mined again', 'began', 'last block of the branch'],
      page.forks.map((fork) => [
        `#${fork.ancestor.height}`,
        `${fork.branch.blocks}`,
        `${fork.chain.blocks}`,
        outcomeOf(fork),
        fork.leftChain === 0 ? '-' : `${fork.returned ?? 'many'} tx`,
        fork.branch.first?.timestamp ?? '?',
        fork.id,
      ]),
    );
  }
  if (page.next !== undefined) print(`older ones: tally chain forks --before ${printable(page.next)}`);
}

/** Where there are many blocks and few forks, an answer may have fewer than asked for though there are more. */
async function someForks(
  client: TallyClient,
  limit: number,
  before: number | undefined,
): Promise<AnswerOf<'chainForks'>> {
  const found: ForkJson[] = [];
  let next = before;
  do {
    const query = { limit: limit - found.length, ...(next === undefined ? {} : { before: next }) };
    const page = await client.call('chainForks', { query });
    if (page.next !== undefined && !(page.next < (next ?? Number.POSITIVE_INFINITY)))
      throw new CommandError(
        `${client.url} does not answer like a tally daemon: its pages of forks do not go on`,
      );
    found.push(...page.forks.slice(0, limit));
    next = page.next;
  } while (next !== undefined && found.length < limit);
  return { forks: found, ...(next === undefined ? {} : { next }) };
}

function outcomeOf({ branch, chain, state }: ForkJson): string {
  if (state === 'open') return 'open';
  if (state === 'headers') return 'headers only';
  if (state === 'invalid') return 'refused';
  const tookMs = Date.parse(chain.last.timestamp) - Date.parse(branch.first?.timestamp ?? '');
  // Miners choose the times of their blocks: what they say may run backwards.
  return tookMs > 0 ? `lost after ${formatDuration(tookMs)}` : 'lost';
}
