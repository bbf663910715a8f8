/** The daemon a command talks to. */
import { TallyClient } from '../client/tally-client.ts';
import { dataFolder } from './data-folder.ts';
import type { ApiOptions } from './options.ts';

export function connect({ api }: ApiOptions): TallyClient {
  return new TallyClient({ url: api, retry: false });
}

/**
 * For routes that change what the daemon does: with the token of its data folder, where there is one. The
 * folder, unless given, is the one of the daemon's network.
 */
export async function connectAsOwner(options: ApiOptions): Promise<TallyClient> {
  const { readApiToken } = await import('../api/token.ts');
  const folder = dataFolder(options.data, (await connect(options).call('network')).params.name);
  const token = await readApiToken(folder);
  return new TallyClient({ url: options.api, retry: false, ...(token === undefined ? {} : { token }) });
}
