/** The first words of a daemon: what it is doing, where, and what to try next. */
import packageJson from '../../package.json' with { type: 'json' };
import { DEFAULT_API_URL } from '../client/tally-client.ts';
import { formatAddress } from '../core/address.ts';
import type { Address } from '../core/identifiers.ts';
import type { NetworkDefinition } from '../core/network-params.ts';
import { counted, formatDuration, quoted } from './output.ts';

export interface Started {
  /** What the daemon calls itself. */
  readonly name: string | undefined;
  readonly network: NetworkDefinition;
  /** The chain has no block yet: until its target fits who mines, they come faster. */
  readonly isNew: boolean;
  readonly folder: string;
  readonly apiUrl: string;
  /** Where people reach the API, if that is not where it listens. */
  readonly publicUrl: string | undefined;
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
  const {
    name,
    network,
    folder,
    apiUrl,
    publicUrl = apiUrl,
    addresses,
    mdns,
    sharedKeyFile,
    wallet,
    walletExposed,
    miner,
    mining,
  } = started;
  const interval = formatDuration(Number(network.params.blockInterval));
  const [first = 'none', ...others] = addresses;
  const toWallet = miner === wallet ? 'the wallet above' : formatAddress(miner);
  const lines = [
    `Tallystick ${packageJson.version}: one ledger, kept by every machine that runs this.`,
    '',
    `  network  ${network.name}, a block about every ${interval} (id ${network.id.slice(0, 8)}…)`,
    ...(name === undefined ? [] : [`  name     ${name}, for its peers`]),
    `  data     ${folder}`,
    `  wallet   ${formatAddress(wallet)}`,
    ...(walletExposed ? ['           not encrypted: for more than trying out, tally wallet encrypt'] : []),
    mining === undefined
      ? '  mining   off: add --mine, or have single blocks mined with tally mine'
      : `  mining   with ${counted(mining, 'thread')}, the reward goes to ${toWallet}`,
    `  peers    ${mdns ? 'others on this local network are found by themselves; anybody else' : 'others'} can connect to`,
    ...[first, ...others].map((address) => `           ${address}`),
    ...(sharedKeyFile === undefined ? [] : [`           if they have the key in ${sharedKeyFile}`]),
    `  explorer ${publicUrl} in a browser; the API is described at ${publicUrl}/openapi.json`,
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

/** The same in three lines, where the log is read beside others: in a container, or by a supervisor of processes. */
export function shortGreeting(started: Started): string {
  const { addresses, apiUrl, folder, isNew, mining, miner, name, network, publicUrl } = started;
  const inContainer = isInContainer();
  const interval = formatDuration(Number(network.params.blockInterval));
  const mines =
    mining === undefined
      ? 'not mining'
      : `mining with ${counted(mining, 'thread')} to ${formatAddress(miner).slice(0, 14)}…`;
  const page = publicUrl ?? (inContainer ? `port ${new URL(apiUrl).port} of this container` : apiUrl);
  const lines = [
    `Tallystick ${packageJson.version}${name === undefined ? '' : ` ${name}`}, network ${network.name} (${network.id.slice(0, 8)}…), a block about every ${interval}${isNew ? ' (faster while it is new)' : ''}, ${mines}`,
    `page and API: ${page} · peers: ${addresses[0]?.replace(/\/p2p\/.*$/, '') ?? 'none can connect'} · ledger and wallet: ${folder}`,
    inContainer
      ? `in this container: tally status${flags(started, false)}, tally balance${flags(started, false)}, tally send ADDRESS 1.5${flags(started, false)}`
      : `npx tally status${flags(started, false)}, npx tally send ADDRESS 1.5${flags(started, true)}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** Whether this is our image, where commands and addresses are not those of the people who read this: it says so. */
export function isInContainer(): boolean {
  return process.env.TALLY_IMAGE === '1';
}

/** What commands need to find this daemon, if it is not where they look by themselves. */
function flags({ apiUrl, folder, dataGiven }: Started, needsKey: boolean): string {
  const api = apiUrl === DEFAULT_API_URL ? '' : ` --api ${apiUrl}`;
  return `${api}${needsKey && dataGiven ? ` --data ${quoted(folder)}` : ''}`;
}
