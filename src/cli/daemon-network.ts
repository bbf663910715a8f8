/** The network a daemon belongs to, as its parameters say: what is signed or kept for it holds there only. */
import '../native/hasher.ts';
import type { TallyClient } from '../client/tally-client.ts';
import { parseNetworkFile } from '../core/network-file.ts';
import { defineNetwork, type NetworkDefinition } from '../core/network-params.ts';
import { CommandError } from './errors.ts';

/** @throws CommandError if the daemon names a network that is not its own, RuleError if its parameters make no sense */
export async function daemonNetwork(client: TallyClient): Promise<NetworkDefinition> {
  const { id, params } = await client.call('network');
  const network = defineNetwork(parseNetworkFile(params));
  if (network.id === id) return network;
  throw new CommandError(
    `the daemon names its network ${id}, but by its parameters it is ${network.id}: do not trust it`,
  );
}
