/** The first words of a daemon: what it is doing, where, and what to try next. */
import packageJson from '../../package.json' with { type: 'json' };
import { DEFAULT_API_URL } from '../client/tally-client.ts';
import { formatAddress } from '../core/address.ts';
import type { Address } from '../core/identifiers.ts';
import type { NetworkDefinition } from '../core/network-params.ts';
import { counted, formatDuration, quoted } from './output.ts';

export interface Started {
  readonly network: NetworkDefinition;
  readonly folder: string;
  readonly apiUrl: string;
  readonly addresses: readonly string[];
  readonly mdns: boolean;
  /** Only those that have the key in it can connect. */
  readonly sharedKeyFile: string | undefined;
  readonly wallet: Address;
  /** Whoever can read the wallet can spend. */
  readonly walletExposed: boolean;
  readonly miner: Address;
  /** Threads; undefined if it does not mine by itself. */
  readonly mining: number | undefined;
  /** The data folder is not the default one, so commands must name it. */
  readonly dataGiven: boolean;
}

export function greeting(started: Started): string {
  const { network, folder, apiUrl, addresses, mdns, sharedKeyFile, wallet, walletExposed, miner, mining } =
    started;
  const interval = formatDuration(Number(network.params.blockInterval));
  const [first = 'none', ...others] = addresses;
  const toWallet = miner === wallet ? 'the wallet above' : formatAddress(miner);
  const lines = [
    `Tallystick ${packageJson.version}: one ledger, kept by every machine that runs this.`,
    '',
    `  network  ${network.name}, a block about every ${interval} (id ${network.id.slice(0, 8)}…)`,
    `  data     ${folder}`,
    `  wallet   ${formatAddress(wallet)}`,
    ...(walletExposed ? ['           not encrypted: for more than trying out, tally wallet encrypt'] : []),
    mining === undefined
      ? '  mining   off: add --mine, or have single blocks mined with tally mine'
      : `  mining   with ${counted(mining, 'thread')}, the reward goes to ${toWallet}`,
    `  peers    ${mdns ? 'others on this local network are found by themselves; anybody else' : 'others'} can connect to`,
    ...[first, ...others].map((address) => `           ${address}`),
    ...(sharedKeyFile === undefined ? [] : [`           if they have the key in ${sharedKeyFile}`]),
    `  explorer ${apiUrl} in a browser; the API is described at ${apiUrl}/openapi.json`,
    '',
    'Try in another terminal:',
    `  npx tally status${flags(started, false)}`,
    `  npx tally watch${flags(started, false)}`,
    `  npx tally send ADDRESS 1.5${flags(started, true)}`,
    '',
    'Ctrl-C stops it.',
    '',
  ];
  return `${lines.join('\n')}\n`;
}

/** What commands need to find this daemon, if it is not where they look by themselves. */
function flags({ apiUrl, folder, dataGiven }: Started, needsKey: boolean): string {
  const api = apiUrl === DEFAULT_API_URL ? '' : ` --api ${apiUrl}`;
  return `${api}${needsKey && dataGiven ? ` --data ${quoted(folder)}` : ''}`;
}
