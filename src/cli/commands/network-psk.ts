import type { Command } from 'commander';
import { withJson } from '../options.ts';
import { print, printJson } from '../output.ts';

const FOR_THE_OWNER = 0o600;

export function addNetworkPsk(network: Command): void {
  withJson(
    network
      .command('psk')
      .description('write a new pre-shared key; daemons started with it speak to no others')
      .argument('<file>', 'where to: a new file, for its owner only'),
  ).action(create);
}

async function create(file: string, { json }: { json?: boolean }): Promise<void> {
  const { createSharedKey } = await import('../../p2p/shared-key.ts');
  const { writeNewFile } = await import('../new-file.ts');
  await writeNewFile(file, createSharedKey(), FOR_THE_OWNER);
  if (json === true) return printJson({ file });
  print(`written to ${file}; start every daemon of the network with: tally start --psk ${file}`);
  print('copy it to the other machines by a safe way: whoever has it can connect');
}
