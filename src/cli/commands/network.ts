import type { Command } from 'commander';
import { addNetworkCreate } from './network-create.ts';
import { addNetworkShow } from './network-show.ts';

export function addNetwork(program: Command): void {
  const network = program.command('network').description('networks of your own, and the parameters of any');
  addNetworkCreate(network);
  addNetworkShow(network);
}
