import type { Command } from 'commander';
import { DEFAULT_API_URL } from '../../client/tally-client.ts';
import { UsageError } from '../errors.ts';
import { collectUrls, publicUrlOption, readPort, withJson } from '../options.ts';

/** Below the one of the first daemon. */
const DEFAULT_PORT = 8_140;

export interface ExploreOptions {
  readonly host: string;
  readonly port: number;
  readonly publicUrl?: string;
  readonly json?: boolean;
}

export function addExplore(program: Command): void {
  withJson(
    program
      .command('explore')
      .description('the explorer for one or more daemons, in a browser')
      .argument('[url...]', 'HTTP API of each daemon (default: TALLY_API)', collectUrls)
      .option('--host <address>', 'address to listen on; beyond loopback one may only look', '127.0.0.1')
      .option('--port <port>', 'port to listen on; 0: any free one', readPort, DEFAULT_PORT)
      .addOption(publicUrlOption('the page')),
  ).action(async (urls: readonly string[], options: ExploreOptions) => {
    const { runExplore } = await import('../explore.ts');
    await runExplore(urls.length > 0 ? urls : [urlOfEnvironment()], options);
  });
}

function urlOfEnvironment(): string {
  const url = process.env.TALLY_API ?? DEFAULT_API_URL;
  if (!URL.canParse(url)) throw new UsageError(`TALLY_API is "${url}", not a URL like ${DEFAULT_API_URL}`);
  return url;
}
