import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type ApiOptions, withApi } from '../options.ts';
import { formatDuration, formatHashrate, printFields, printJson } from '../output.ts';

export function addStatus(program: Command): void {
  withApi(program.command('status').description('what the daemon is doing')).action(
    async (options: ApiOptions) => {
      const status = await connect(options).call('status');
      if (options.json === true) return printJson(status);
      const { mining, pool, sync } = status;
      printFields({
        network: `${status.network} (${status.networkId})`,
        height: `${status.height}`,
        tip: status.tip,
        difficulty: `${status.difficulty} (a block about every ${formatDuration(status.targetIntervalMs)})`,
        peers: `${status.peers}`,
        sync: sync.state === 'idle' ? 'in step' : `${sync.state}: ${sync.height} of ${sync.targetHeight}`,
        pool: `${pool.count} transactions, ${pool.bytes} bytes`,
        mining: mining.active ? `on, ${formatHashrate(mining.hashrate)}, ${mining.threads} threads` : 'off',
        'peer id': status.peerId,
        addresses: status.addresses.join('\n           ') || 'none',
        version: status.version,
        running: formatDuration(Date.now() - Date.parse(status.startedAt)),
      });
    },
  );
}
