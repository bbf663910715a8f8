import type { Command } from 'commander';
import { addNetworkCreate } from './network-create.ts';
import { addNetworkPsk } from './network-psk.ts';
import { addNetworkShow } from './network-show.ts';

export function addNetwork(program: Command): void {
  const network = program.command('network').description('networks of your own, and the parameters of any');
  addNetworkCreate(network);
  addNetworkShow(network);
  addNetworkPsk(network);
}
