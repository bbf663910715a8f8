/** Serves the explorer for daemons that run elsewhere, until Ctrl-C. */
import '../native/hasher.ts';
import pino from 'pino';
import { MAX_NODES } from '../api/nodes/limits.ts';
import { createNodesServer, type NetworkCutter } from '../api/nodes/nodes-server.ts';
import type { Api } from '../api/server.ts';
import type { ExploreOptions } from './commands/explore.ts';
import { EXIT, UsageError } from './errors.ts';
import { colours, print, printJsonLine, printTable } from './output.ts';
import { printableJson } from './printable.ts';

export async function runExplore(urls: readonly string[], options: ExploreOptions): Promise<void> {
  if (urls.length > MAX_NODES) throw new UsageError(`at most ${MAX_NODES} daemons fit on one page`);
  const nodes = urls.map((url, index) => ({ name: `node-${index + 1}`, url }));
  const server = await servePage({ ...options, nodes });
  if (options.json === true) printJsonLine({ event: 'page.started', url: server.url, nodes });
  else {
    print(`${colours.bold(pageUrl(options.publicUrl ?? server.url, nodes.length))}  Ctrl-C stops it.\n`);
    printTable(
      ['node', 'API'],
      nodes.map(({ name, url }) => [name, url]),
    );
  }
  await signalled();
  await server.close();
  process.exitCode = EXIT.done;
  // Or the channel to a parent would keep this process.
  if (process.connected) process.disconnect();
}

/** Where one begins: with several daemons, all of them side by side. */
export function pageUrl(url: string, nodes: number): string {
  return nodes > 1 ? `${url}/#/nodes` : url;
}

export function servePage(options: {
  readonly host: string;
  readonly port: number;
  readonly portOption?: string;
  readonly nodes: readonly { readonly name: string; readonly url: string }[];
  readonly cutter?: NetworkCutter;
}): Promise<Api> {
  // What is worth a line is a failure of ours; a daemon that is down is told on the page.
  const log = pino(
    { level: 'error' },
    { write: (text: string) => process.stderr.write(printableJson(text)) },
  );
  return createNodesServer({ portOption: '--port', ...options, log });
}

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
    // Started by another program: nobody would stop it once that is gone.
    process.once('disconnect', () => resolve());
  });
}
