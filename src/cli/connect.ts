/** The daemon a command talks to. */
import { TallyClient } from '../client/tally-client.ts';
import { dataFolder } from './data-folder.ts';
import type { ApiOptions } from './options.ts';

export function connect({ api }: ApiOptions): TallyClient {
  return new TallyClient({ url: api, retry: false });
}

/**
 * For routes that change what the daemon does: with the token of its data folder, where there is one. The folder, unless
 * given, is the one of the daemon's network; but what answers at another machine is not told this machine's tokens
 * because it says that it is on that network.
 */
export async function connectAsOwner(options: ApiOptions): Promise<TallyClient> {
  const { isLoopback } = await import('../api/guard.ts');
  const host = new URL(options.api).hostname.replace(/^\[|\]$/g, '');
  if (options.data === undefined && !isLoopback(host)) return connect(options);
  const { readApiToken } = await import('../api/token.ts');
  const folder = dataFolder(options.data, (await connect(options).call('network')).params.name);
  const token = await readApiToken(folder);
  return new TallyClient({ url: options.api, retry: false, ...(token === undefined ? {} : { token }) });
}
