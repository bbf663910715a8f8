import { type Command, Option } from 'commander';
import { parseTally } from '../../client/amount.ts';
import type { NetworkFile } from '../../core/network-file.ts';
import { CommandError } from '../errors.ts';
import { readAddress, readCount, reading, withJson } from '../options.ts';
import { print, printJson } from '../output.ts';

type Allocation = NetworkFile['allocations'][number];

interface CreateOptions {
  readonly name?: string;
  readonly like: 'dev' | 'test';
  readonly genesisTime?: string;
  readonly blockInterval?: number;
  readonly halfLife?: number;
  readonly initialBits?: string;
  readonly limitBits?: string;
  readonly subsidy?: bigint;
  readonly halvingInterval?: number;
  readonly maxBlockBytes?: number;
  readonly allocate?: Allocation[];
  readonly json?: boolean;
}

const readTime = readCount(0, Number.MAX_SAFE_INTEGER);

export function addNetworkCreate(network: Command): void {
  withJson(
    network
      .command('create')
      .description('write a network file; every daemon of the network is started with it')
      .argument('[file]', 'where to (default: NAME.json)')
      .option('--name <name>', "default: the file's name")
      .addOption(
        new Option('--like <name>', 'where all other parameters are taken from')
          .choices(['dev', 'test'])
          .default('dev'),
      )
      .option('--genesis-time <time>', 'ISO or ms since 1970 (default: now)')
      .option('--block-interval <ms>', 'between blocks, on average', readTime)
      .option(
        '--half-life <ms>',
        'a block late by this much halves the difficulty; 0: it never changes',
        readTime,
      )
      .option('--initial-bits <bits>', 'first target in compact form, 0x…')
      .option('--limit-bits <bits>', 'easiest target in compact form, 0x…')
      .option('--subsidy <tally>', 'what the miner of block 1 gets', readTally)
      .option('--halving-interval <blocks>', 'after which the subsidy halves; 0: never', readTime)
      .option('--max-block-bytes <bytes>', 'SSZ size of a block', readTime)
      .option(
        '--allocate <address=tally>',
        'money there from the beginning; may be repeated',
        readAllocation,
      ),
  ).action(create);
}

async function create(given: string | undefined, options: CreateOptions): Promise<void> {
  await import('../../native/hasher.ts');
  const { parseNetworkFile, formatNetworkFile } = await import('../../core/network-file.ts');
  const { BUILT_IN_NETWORKS, defineNetwork, DEV_PARAMS } = await import('../../core/network-params.ts');
  const name = options.name ?? nameOfFile(given);
  const file: NetworkFile = {
    ...formatNetworkFile(BUILT_IN_NETWORKS[options.like] ?? DEV_PARAMS),
    name,
    genesisTime: readGenesisTime(options.genesisTime),
    ...chosen(options),
    allocations: options.allocate ?? [],
  };
  // Read back as every daemon will: what makes no sense is refused here.
  const definition = defineNetwork(parseNetworkFile(file));
  const path = given ?? `${name}.json`;
  const { writeNetworkFile } = await import('../network-file.ts');
  await writeNetworkFile(path, definition);
  if (options.json === true) {
    return printJson({ id: definition.id, file: path, params: formatNetworkFile(definition.params) });
  }
  print(definition.id);
  print(`written to ${path}; start each daemon with: tally start --network ${path}`);
}

/** The parameters given; the others stay as they are. */
function chosen(options: CreateOptions): Partial<NetworkFile> {
  const { blockInterval, halfLife, initialBits, limitBits, subsidy, halvingInterval, maxBlockBytes } =
    options;
  const fields = {
    blockInterval,
    halfLife,
    initialBits,
    limitBits,
    subsidy: subsidy?.toString(),
    halvingInterval,
    maxBlockBytes,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function nameOfFile(file: string | undefined): string {
  const name = file?.replace(/^.*[/\\]/, '').replace(/\.json$/, '');
  if (name === undefined || name === '') throw new CommandError('name the network with --name, or its file');
  return name;
}

function readGenesisTime(text: string | undefined): number | string {
  if (text === undefined) return Date.now();
  return /^[0-9]+$/.test(text) ? Number(text) : text;
}

function readTally(text: string): bigint {
  return reading(() => parseTally(text));
}

function readAllocation(text: string, earlier: readonly Allocation[] = []): Allocation[] {
  const [address = '', amount = ''] = text.split('=');
  readAddress(address);
  return [...earlier, { address, amount: readTally(amount).toString() }];
}
