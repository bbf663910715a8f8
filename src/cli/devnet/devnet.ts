/** Starts the daemons of a devnet, connects each with each, and prints what they say until Ctrl-C. */
import '../../native/hasher.ts';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Api } from '../../api/server.ts';
import { TallyClient } from '../../client/tally-client.ts';
import { formatNetworkFile } from '../../core/network-file.ts';
import { BUILT_IN_NETWORKS, DEV_PARAMS } from '../../core/network-params.ts';
import type { DevnetOptions } from '../commands/devnet.ts';
import { prepareDataFolder } from '../data-folder.ts';
import { CommandError, complain, EXIT, systemCode } from '../errors.ts';
import { pageUrl, servePage } from '../explore.ts';
import { EventLines } from '../log/event-lines.ts';
import { systemClock } from '../log/line-clock.ts';
import { type LogLine, tellLine } from '../log/log-line.ts';
import { painted, paintName } from '../log/paint.ts';
import { PeerNames } from '../log/peer-names.ts';
import { colours, counted, print, printJsonLine, printTable } from '../output.ts';
import { StatusLine } from '../status-line.ts';
import { P2P_PORT_OFFSET } from './free-ports.ts';
import { NodeProcess, type StartedLine } from './node-process.ts';
import { Partition } from './partition.ts';

/** Lines of several processes arrive out of order; held so long they can be put in the order of their times. */
const HOLD_MS = 150;

const LEAVE = /^(peer\.|daemon\.stop)/;

export async function runDevnet(options: DevnetOptions): Promise<void> {
  const folder =
    options.data === undefined ? await mkdtemp(join(tmpdir(), 'tally-devnet-')) : resolve(options.data);
  await prepareDataFolder(folder);
  const devnet = new Devnet(options, folder, await networkFile(folder, options.like));
  const stopped = stopOnSignal(devnet);
  try {
    await devnet.start();
    await stopped;
  } catch (error) {
    // A daemon that is stopped before it was ready has not failed.
    if (!devnet.isStopping) throw error;
  } finally {
    await devnet.stop();
    if (options.data === undefined) await rm(folder, { recursive: true, force: true });
  }
}

class Devnet {
  readonly #options: DevnetOptions;
  readonly #folder: string;
  readonly #network: string;
  readonly #lines: readonly EventLines[];
  readonly #nodes: NodeProcess[] = [];
  readonly #held: { number: number; line: LogLine }[] = [];
  #release: NodeJS.Timeout | undefined;
  /** First where they are, then what they do. */
  #isIntroduced = false;
  readonly #starting = new StatusLine();
  #page: Promise<Api> | undefined;
  #stopping: Promise<unknown> | undefined;

  constructor(options: DevnetOptions, folder: string, network: string) {
    this.#options = options;
    this.#folder = folder;
    this.#network = network;
    this.#lines = Array.from({ length: options.nodes }, (_, number) => linesOf(nodeName(number)));
  }

  async start(): Promise<void> {
    const { json, nodes } = this.#options;
    this.#starting.show(`starting ${counted(nodes, 'daemon')}…`);
    const numbers = Array.from({ length: nodes }, (_, index) => index);
    this.#nodes.push(...numbers.map((number) => this.#spawn(number)));
    const started = await Promise.all(this.#nodes.map((node) => this.#ready(node)));
    if (this.isStopping) return;
    const page = await this.#servePage(started);
    if (this.isStopping) return;
    this.#starting.clear();
    if (json === true) {
      if (page !== undefined) printJsonLine({ event: 'page.started', url: page });
    } else {
      if (page !== undefined) print(`See them all: ${colours.bold(pageUrl(page, nodes))}\n`);
      print(
        `${counted(nodes, 'daemon')} on a network of their own, in ${this.#folder}. Ctrl-C stops them all.`,
      );
      printTable(
        ['node', 'API', 'data'],
        started.map(({ api }, index) => [nodeName(index), api, join(this.#folder, nodeName(index))]),
      );
      print(`try: npx tally status --api ${started[0]?.api ?? ''}\n`);
    }
    this.#isIntroduced = true;
    this.#tellSoon();
    await this.#connectAll(started);
  }

  get isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  stop(): Promise<unknown> {
    this.#starting.clear();
    this.#stopping ??= Promise.all([this.#closePage(), ...this.#nodes.map((node) => node.stop())]);
    return this.#stopping;
  }

  /** Also one that is only about to open. */
  async #closePage(): Promise<void> {
    const page = await this.#page?.catch(() => undefined);
    await page?.close();
  }

  /** @returns its URL, if there is to be a page */
  async #servePage(started: readonly StartedLine[]): Promise<string | undefined> {
    const { page, pagePort } = this.#options;
    if (!page) return undefined;
    const partition = new Partition(
      started.map(({ peerId }, index) => ({
        peerId,
        refuse: async (peerIds) => await this.#nodes[index]?.refuse(peerIds),
      })),
      () => this.#connectAll(started),
    );
    this.#page = servePage({
      ...{ host: '127.0.0.1', port: pagePort, portOption: '--page-port', cutter: partition },
      nodes: started.map(({ api }, index) => ({ name: nodeName(index), url: api })),
    });
    return (await this.#page).url;
  }

  async #connectAll(started: readonly StartedLine[]): Promise<void> {
    const isRunning = (_: StartedLine, index: number): boolean => this.#nodes[index]?.isRunning === true;
    await Promise.all(
      started.map(async (node, index) => {
        if (isRunning(node, index)) {
          await this.#connect(nodeName(index), node, started.slice(0, index).filter(isRunning));
        }
      }),
    );
  }

  #spawn(number: number): NodeProcess {
    const { basePort, mine } = this.#options;
    const name = nodeName(number);
    const node = new NodeProcess(
      name,
      [
        ...['--network', this.#network, '--data', join(this.#folder, name)],
        ...[
          '--p2p-host',
          '127.0.0.1',
          '--p2p-port',
          `${basePort === 0 ? 0 : basePort + P2P_PORT_OFFSET + number}`,
        ],
        ...['--api-port', `${basePort === 0 ? 0 : basePort + number}`],
        ...['--name', name, '--no-mdns', '--threads', '1', '--log-level', 'debug', '--log-format', 'json'],
        ...(number < mine ? ['--mine'] : []),
      ],
      (line) => this.#hear(number, line),
    );
    void node.ended.then((status) => {
      // Before it was ready, the failed start says so.
      if (this.isStopping || !this.#isIntroduced) return;
      complain(
        `${name} ended (${status === undefined ? 'killed' : `exit status ${status}`}) ${node.lastWords}`,
      );
    });
    return node;
  }

  async #ready(node: NodeProcess): Promise<StartedLine> {
    try {
      return await node.started;
    } catch (cause) {
      // The options a daemon names are not a devnet's: another program took the port just now.
      const why = String(cause instanceof Error ? cause.message : cause).replaceAll(
        /--(?:api|p2p)-port/g,
        '--base-port',
      );
      throw new CommandError(`${node.name}: ${why}`, { cause });
    }
  }

  /** One that dies meanwhile does not end the others. */
  async #connect(name: string, node: StartedLine, others: readonly StartedLine[]): Promise<void> {
    const addresses = others.flatMap((other) => other.addresses.slice(0, 1));
    const client = new TallyClient({ url: node.api });
    for (const address of addresses) {
      try {
        await client.call('addPeers', { body: { addresses: [address] } });
      } catch (error) {
        complain(`${name} cannot connect: ${error instanceof Error ? error.message : error}`);
      }
    }
  }

  #hear(number: number, line: LogLine): void {
    // How they take leave is no news; that one fails over it is.
    if (this.#stopping !== undefined && LEAVE.test(line.event ?? '')) return;
    if (this.#options.json === true) {
      printJsonLine({ node: nodeName(number), ...line });
      return;
    }
    this.#held.push({ number, line });
    if (this.#isIntroduced) this.#tellSoon();
  }

  #tellSoon(): void {
    this.#release ??= setTimeout(() => this.#tellHeld(), HOLD_MS);
  }

  #tellHeld(): void {
    this.#release = undefined;
    const held = this.#held.splice(0).sort((a, b) => a.line.time - b.line.time);
    for (const { number, line } of held) {
      const lines = this.#lines[number];
      if (lines !== undefined) tellLine(lines, line);
    }
  }
}

function linesOf(node: string): EventLines {
  const column = `${paintName(node, node.padEnd('node-32'.length))}  `;
  return new EventLines({
    names: new PeerNames(node),
    paintName,
    print: (line) => print(painted(line, column)),
    clock: systemClock,
  });
}

function nodeName(number: number): string {
  return `node-${number + 1}`;
}

/** A network of its own, so that no daemon of anybody else joins; kept with the folder. */
async function networkFile(folder: string, like: string): Promise<string> {
  const path = join(folder, 'network.json');
  try {
    await readFile(path);
  } catch (cause) {
    if (systemCode(cause) !== 'ENOENT') throw new CommandError(`cannot read ${path} (${cause})`, { cause });
    const params = BUILT_IN_NETWORKS[like] ?? DEV_PARAMS;
    const file = { ...formatNetworkFile(params), name: 'devnet', genesisTime: Date.now() };
    await writeFile(path, `${JSON.stringify(file, undefined, 2)}\n`);
  }
  return path;
}

function stopOnSignal(devnet: Devnet): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      process.exitCode = EXIT.done;
      void devnet.stop().then(() => resolve());
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
    // The terminal was closed.
    process.on('SIGHUP', stop);
    // The reader is gone.
    process.on('SIGPIPE', stop);
  });
}
