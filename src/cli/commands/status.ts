import type { Command } from 'commander';
import type { StatusJson } from '../../client/contract.ts';
import { connect } from '../connect.ts';
import { type ApiOptions, withApi } from '../options.ts';
import { counted, formatDuration, formatHashrate, printFields, printJson } from '../output.ts';

export function addStatus(program: Command): void {
  withApi(program.command('status').description('what the daemon is doing')).action(
    async (options: ApiOptions) => {
      const status = await connect(options).call('status');
      if (options.json === true) return printJson(status);
      const { mining, pool, sync } = status;
      printFields({
        ...(status.name === undefined ? {} : { name: status.name }),
        network: `${status.network} (${status.networkId})`,
        height: `${status.height}`,
        tip: status.tip,
        difficulty: `${formatDifficulty(status.difficulty)} (a block about every ${formatDuration(status.targetIntervalMs)})`,
        peers: `${status.peers}`,
        sync: sync.state === 'idle' ? 'in step' : `${sync.state}: ${sync.height} of ${sync.targetHeight}`,
        pool: `${counted(pool.count, 'transaction')}, ${counted(pool.bytes, 'byte')}`,
        mining: miningText(mining),
        'peer id': status.peerId,
        addresses: status.addresses.length === 0 ? 'none' : status.addresses,
        version: status.version,
        running: formatDuration(status.runningMs),
      });
    },
  );
}

function miningText({ active, hashrate, threads, waitingUntil }: StatusJson['mining']): string {
  const wait =
    waitingUntil === undefined
      ? ''
      : `, waits until ${waitingUntil}: the tip is ahead of this machine's clock`;
  if (!active) return `off${wait}`;
  return `on, ${wait === '' ? `${formatHashrate(hashrate)}, ` : ''}${counted(threads, 'thread')}${wait}`;
}

/** Of 20 digits nobody reads more than four. */
function formatDifficulty(difficulty: number): string {
  return Number(difficulty.toPrecision(4)).toLocaleString('en-US', { maximumSignificantDigits: 4 });
}
