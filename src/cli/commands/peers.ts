import type { Command } from 'commander';
import { connect, connectAsOwner } from '../connect.ts';
import { complain, EXIT } from '../errors.ts';
import { requireMultiaddrs } from '../multiaddrs.ts';
import { type ApiOptions, withApi } from '../options.ts';
import { print, printJson, printTable } from '../output.ts';
import { printable } from '../printable.ts';

export function addPeers(program: Command): void {
  const peers = program.command('peers').description('who the daemon is connected to');
  withApi(peers.command('list', { isDefault: true }).description('the connected peers')).action(
    async (options: ApiOptions) => {
      const list = await connect(options).call('peers');
      if (options.json === true) return printJson(list);
      if (list.peers.length === 0) return print('no peers');
      printTable(
        ['name', 'peer', 'address', 'direction', 'height', 'clock', 'score'],
        list.peers.map((peer) => [
          peer.name ?? '',
          peer.id,
          peer.address.replace(/\/p2p\/.*$/, ''),
          peer.direction,
          `${peer.height ?? '?'}`,
          peer.clockOffsetMs === undefined ? '?' : `${peer.clockOffsetMs} ms`,
          `${peer.score}`,
        ]),
      );
    },
  );
  withApi(
    peers
      .command('add')
      .description('connect to peers and remember them')
      .argument('<multiaddr...>', 'such as /ip4/192.168.1.7/tcp/4141'),
  ).action(async (addresses: string[], options: ApiOptions) => {
    await requireMultiaddrs(addresses);
    const client = await connectAsOwner(options);
    const added = await client.call('addPeers', { body: { addresses } });
    if (options.json === true) printJson(added);
    else for (const { id } of added.peers) print(`connected to ${printable(id)}`);
    for (const { message } of added.failed) complain(message);
    if (added.failed.length > 0) process.exitCode = EXIT.failed;
  });
}
