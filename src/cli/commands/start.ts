import { availableParallelism } from 'node:os';
import { type Command, Option } from 'commander';
import { DEFAULT_API_URL } from '../../client/tally-client.ts';
import { formatAddress } from '../../core/address.ts';
import type { Address } from '../../core/identifiers.ts';
import type { Daemon, DaemonOptions } from '../../daemon.ts';
import type { NodeEvent } from '../../node/events.ts';
import { prepareDataFolder } from '../data-folder.ts';
import { obeyCutOrders } from '../devnet/cut-order.ts';
import { greeting, isInContainer, shortGreeting } from '../greeting.ts';
import { holdHeap, releaseHeap } from '../heap-growth.ts';
import { hostName } from '../host-name.ts';
import type { DaemonStatus } from '../log/event-lines.ts';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from '../log/levels.ts';
import { requireMultiaddrs } from '../multiaddrs.ts';
import {
  collect,
  collectOrigins,
  folderChoice,
  networkOption,
  publicUrlOption,
  readAddress,
  readCount,
  readName,
  readPort,
} from '../options.ts';

const DEFAULT_P2P_PORT = 4_141;
/** More threads than this search for the same nonce slower than they are scheduled. */
const MAX_THREADS = 1_024;
/** A log in which nothing happens says so this often, and how the daemon stands. */
const STATUS_INTERVAL_MS = 30_000;
/** Nobody asks for more than a tally a byte. */
const MAX_FEE_RATE = 1_000_000;

interface StartOptions {
  readonly network: string;
  readonly data?: string;
  readonly p2pHost: string;
  readonly p2pPort: number;
  readonly apiHost: string;
  readonly apiPort: number;
  readonly mine?: boolean;
  readonly threads: number;
  readonly miner?: Address;
  readonly allowOrigin?: string[];
  readonly peer?: string[];
  readonly mdns: boolean;
  readonly psk?: string;
  readonly minFeeRate?: number;
  readonly name?: string;
  readonly publicUrl?: string;
  readonly logLevel: LogLevel;
  readonly logFormat?: LogFormat;
}

export function addStart(program: Command): void {
  program
    .command('start')
    .description('run a daemon until Ctrl-C')
    .addOption(networkOption())
    .addOption(
      new Option(
        '--data <dir>',
        "data folder (default: one for each network in the platform's data folder)",
      ).env('TALLY_DATA'),
    )
    .option('--p2p-host <address>', 'address to listen on for peers', '0.0.0.0')
    .option('--p2p-port <port>', 'port to listen on for peers; 0: any free one', readPort, DEFAULT_P2P_PORT)
    .option('--api-host <host>', 'address the HTTP API listens on', '127.0.0.1')
    .option(
      '--api-port <port>',
      'port of the HTTP API; 0: any free one',
      readPort,
      Number(new URL(DEFAULT_API_URL).port),
    )
    .option(
      '--allow-origin <url>',
      'web page from elsewhere that may call the API; may be repeated',
      collectOrigins,
    )
    .option('--mine', 'mine all the time')
    .option(
      '--threads <count>',
      'threads that mine (default: all but one)',
      readCount(1, MAX_THREADS),
      Math.max(1, availableParallelism() - 1),
    )
    .option('--miner <address>', "who gets the reward (default: the data folder's wallet)", readAddress)
    .option('--peer <multiaddr>', 'peer to stay connected to; may be repeated', collect)
    .option('--no-mdns', 'do not look for peers on the local network')
    .option('--psk <file>', 'pre-shared key: only daemons that have it are spoken to')
    .option(
      '--min-fee-rate <notches>',
      'least fee for each byte of a transaction',
      readCount(0, MAX_FEE_RATE),
    )
    .addOption(
      new Option('--name <name>', "what peers call it (default: this machine's name)")
        .env('TALLY_NAME')
        .argParser(readName),
    )
    .addOption(publicUrlOption('the API'))
    .addOption(new Option('--log-level <level>', 'how much is logged').choices(LOG_LEVELS).default('info'))
    .addOption(
      new Option('--log-format <format>', 'default: pretty on a terminal, else json')
        .env('TALLY_LOG_FORMAT')
        .choices(LOG_FORMATS),
    )
    .action(start);
}

async function start(options: StartOptions, command: Command): Promise<void> {
  holdHeap();
  await requireMultiaddrs(options.peer ?? []);
  const sharedKey =
    options.psk === undefined
      ? undefined
      : await (await import('../shared-key-file.ts')).readSharedKeyFile(options.psk);
  const { chooseFolder, keepNetwork } = await import('../folder-network.ts');
  const { folder, network } = await chooseFolder(folderChoice(options, command));
  await prepareDataFolder(folder);
  const { ensureWallet } = await import('../wallet-file.ts');
  const wallet = await ensureWallet(folder);
  const miner = options.miner ?? wallet.address;
  // Given empty, the daemon says none.
  const name = (options.name ?? hostName()) || undefined;
  const onTerminal = process.stdout.isTTY === true;

  const { openLog } = await import('../log/log.ts');
  const { Lifetime } = await import('../lifetime.ts');
  const log = openLog({
    level: options.logLevel,
    format: options.logFormat ?? (onTerminal ? 'pretty' : 'json'),
    name,
  });
  const lifetime = new Lifetime(log);
  try {
    const { startDaemon } = await import('../../daemon.ts');
    const { createApi } = await import('../../api/server.ts');
    const { ensureApiToken } = await import('../../api/token.ts');
    const { collectStartupGarbage } = await import('../startup-garbage.ts');

    // Nothing is told before the greeting, and nothing is lost.
    const early: NodeEvent[] = [];
    let tell = (event: NodeEvent): void => void early.push(event);
    const daemon = await startDaemon({
      ...daemonOptions(options),
      onEvent: (event) => tell(event),
      ...(sharedKey === undefined ? {} : { sharedKey }),
      ...(name === undefined ? {} : { name }),
      network,
      dataDir: folder,
      miner,
      log: log.network,
      onFailure: (error) => lifetime.fail(error),
    });
    lifetime.onStop(() => daemon.stop());
    obeyCutOrders(daemon.p2p);
    // Only now is it sure whose ledger the folder holds.
    await keepNetwork(folder, network);
    const api = await createApi(daemon, {
      host: options.apiHost,
      port: options.apiPort,
      token: await ensureApiToken(folder),
      allowedOrigins: options.allowOrigin ?? [],
      log: log.logger,
    });
    lifetime.onStop(() => api.close());
    collectStartupGarbage();
    releaseHeap();
    const started = {
      name,
      network,
      isNew: daemon.node.chain.tip.height === 0,
      folder,
      apiUrl: api.url,
      publicUrl: options.publicUrl,
      addresses: daemon.addresses(),
      mdns: options.mdns,
      sharedKeyFile: options.psk,
      wallet: wallet.address,
      walletExposed: wallet.keyFile.exposesKeys,
      miner,
      mining: options.mine === true ? daemon.node.mining.threads : undefined,
      dataGiven: options.data !== undefined,
    };
    const isShort = isInContainer() || (options.logFormat === 'pretty' && !onTerminal);
    log.write(isShort ? shortGreeting(started) : greeting(started));
    log.logger.info(
      {
        event: 'daemon.started',
        name,
        network: network.name,
        networkId: network.id,
        data: folder,
        api: api.url,
        peerId: daemon.peerId,
        addresses: started.addresses,
        miner: formatAddress(miner),
        mining: started.mining !== undefined,
      },
      'started',
    );
    tell = log.event;
    for (const event of early) tell(event);
    if (options.mine === true) daemon.node.mining.start();
    const telling = setInterval(() => log.status(statusOf(daemon)), STATUS_INTERVAL_MS).unref();
    lifetime.onStop(async () => clearInterval(telling));
  } catch (error) {
    await lifetime.abandon();
    throw error;
  }
}

function statusOf({ node }: Daemon): DaemonStatus {
  const { chain, mining, pool } = node;
  return {
    height: chain.tip.height,
    tip: chain.tip.id,
    peers: node.peers().length,
    waiting: pool.count,
    ...(mining.active ? { hashrate: mining.hashrate() } : {}),
  };
}

type Chosen = Pick<
  DaemonOptions,
  'p2pHost' | 'p2pPort' | 'mine' | 'threads' | 'peers' | 'mdns' | 'minFeeRate'
>;

function daemonOptions(options: StartOptions): Chosen {
  return {
    p2pHost: options.p2pHost,
    p2pPort: options.p2pPort,
    // Begins once the greeting has said so.
    mine: false,
    threads: options.threads,
    peers: options.peer ?? [],
    mdns: options.mdns,
    ...(options.minFeeRate === undefined ? {} : { minFeeRate: BigInt(options.minFeeRate) }),
  };
}
