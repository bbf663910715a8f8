/**
 * Three honest daemons, started as a user does, each a process of its own: they mine, and know each other by
 * `--peer`. Newcomers join them.
 */
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { generateKeyPair, type KeyPair } from '../../src/client/keys.ts';
import { idToBytes } from '../../src/core/identifiers.ts';
import { formatNetworkFile, type NetworkFile } from '../../src/core/network-file.ts';
import { defineNetwork, type NetworkDefinition, NOTCHES_PER_TALLY } from '../../src/core/network-params.ts';
import { MAX_UINT63 } from '../../src/core/types.ts';
import { type LogLine, type TallyProcess, TallyProcesses } from '../support/tally-process.ts';
import type { Newcomer, Target } from './attack.ts';

const DAEMONS = 3;
const PAYERS = 12;
/** Enough for hours of payments; little, so that an attacker can have nearly all there can be. */
const TALLY_EACH = 5n;
/** Accounts of attackers, one a process. The first has all there can be. */
const ATTACKERS = 8;
const ATTACKER_TALLY = 10n;
/** Four blocks a second: a window of half a minute has 130, whose count is known to a tenth. */
const INTERVAL_MS = 250n;
/**
 * Difficulty follows what the processors give within a few seconds: attackers share them with the honest miners, who in
 * life have their own.
 */
const HALF_LIFE_MS = 2_500n;
/** 2^12 hashes: what a block on the genesis costs; the tip's soon costs a hundred times as much. */
const INITIAL_BITS = 0x1f0f_ffff;
/** 2^8 hashes: what the easiest header costs. */
const LIMIT_BITS = 0x2000_ffff;
/** Time enough for a private chain of many easy headers. */
const GENESIS_AGE_MS = 12 * 3_600_000;
const MAX_BLOCK_BYTES = 1_048_576;
const START_DEADLINE_MS = 60_000;

export class HonestNetwork {
  readonly definition: NetworkDefinition;
  readonly file: NetworkFile;
  readonly payers: readonly KeyPair[];
  readonly attackers: readonly KeyPair[];
  readonly daemons: TallyProcess[] = [];
  readonly targets: Target[] = [];
  readonly #processes: TallyProcesses;
  #newcomers = 0;

  private constructor(processes: TallyProcesses) {
    this.#processes = processes;
    this.payers = Array.from({ length: PAYERS }, generateKeyPair);
    this.attackers = Array.from({ length: ATTACKERS }, generateKeyPair);
    const small = [
      ...this.payers.map(({ address }) => ({ address, amount: TALLY_EACH * NOTCHES_PER_TALLY })),
      ...this.attackers
        .slice(1)
        .map(({ address }) => ({ address, amount: ATTACKER_TALLY * NOTCHES_PER_TALLY })),
    ];
    const given = small.reduce((sum, { amount }) => sum + amount, 0n);
    const [rich] = this.attackers as [KeyPair];
    this.definition = defineNetwork({
      name: new TextEncoder().encode('adversary'),
      genesisTime: BigInt(Date.now() - GENESIS_AGE_MS),
      blockInterval: INTERVAL_MS,
      halfLife: HALF_LIFE_MS,
      initialBits: INITIAL_BITS,
      limitBits: LIMIT_BITS,
      subsidy: 5n * NOTCHES_PER_TALLY,
      halvingInterval: 0n,
      maxBlockBytes: MAX_BLOCK_BYTES,
      allocations: [...small, { address: rich.address, amount: MAX_UINT63 - given }].map(
        ({ address, amount }) => ({ address: idToBytes(address), amount }),
      ),
    });
    this.file = formatNetworkFile(this.definition.params);
  }

  static async start(): Promise<HonestNetwork> {
    const network = new HonestNetwork(await TallyProcesses.create());
    await writeFile(network.#path, JSON.stringify(network.file));
    const ports = await freePorts(DAEMONS);
    for (const [number, port] of ports.entries()) {
      const others = ports.filter((other) => other !== port).map((other) => `/ip4/127.0.0.1/tcp/${other}`);
      network.daemons.push(network.#spawn(`daemon-${number}`, others, { mines: true, port }));
    }
    network.targets.push(...(await Promise.all(network.daemons.map(targetOf))));
    return network;
  }

  /** @returns it and its address, once it is ready */
  async startNewcomer({ knows }: Newcomer): Promise<{ daemon: TallyProcess; target: Target }> {
    const known = knows === 'all' ? this.targets : this.targets.slice(0, 1);
    const daemon = this.#spawn(
      `newcomer-${this.#newcomers++}`,
      known.map(({ address }) => address),
      { mines: false, port: 0 },
    );
    return { daemon, target: await targetOf(daemon) };
  }

  /** Peer ids of the daemons that attackers are not. */
  get honest(): ReadonlySet<string> {
    return new Set(this.targets.map(({ peerId }) => peerId));
  }

  /** Resident memory of each daemon in bytes; 0 for one that is gone. Linux. */
  async memory(): Promise<number[]> {
    return Promise.all(this.daemons.map(({ pid }) => residentBytes(pid)));
  }

  /** Bytes of each daemon's data folder. */
  async disk(): Promise<number[]> {
    return Promise.all(this.daemons.map((_, number) => folderBytes(this.#folder(`daemon-${number}`))));
  }

  /** How many log lines each daemon has written. */
  logPositions(): number[] {
    return this.daemons.map(({ lines }) => lines.length);
  }

  /** Log lines of each daemon from a position on. */
  logSince(positions: readonly number[]): LogLine[][] {
    return this.daemons.map(({ lines }, number) => lines.slice(positions[number]));
  }

  /** Daemons that have ended by themselves, with the last they said. */
  async dead(): Promise<string[]> {
    const gone = this.daemons.flatMap((daemon, number) => (daemon.alive ? [] : [{ daemon, number }]));
    return Promise.all(
      gone.map(async ({ daemon, number }) => {
        const { signal, status } = await daemon.ended;
        const last = daemon.lines.findLast(({ level }) => level >= 50);
        const error = (last?.err as { message?: string } | undefined)?.message;
        const said = [last?.msg, error].filter((part) => part !== undefined).join(': ');
        return `daemon ${number} ended with ${status ?? signal}: ${said || daemon.stderr.trim().split('\n').at(-1)}`;
      }),
    );
  }

  async close(): Promise<void> {
    await this.#processes.close();
  }

  get #path(): string {
    return join(this.#processes.folder, 'network.json');
  }

  #folder(name: string): string {
    return join(this.#processes.folder, name);
  }

  /** @param port 0: any free one */
  #spawn(
    name: string,
    peers: readonly string[],
    { mines, port }: { mines: boolean; port: number },
  ): TallyProcess {
    return this.#processes.spawn({
      data: this.#folder(name),
      network: this.#path,
      p2pPort: port,
      peers,
      // In less detail, the log counts what peers cause in floods and does not tell it.
      more: ['--name', name, '--log-level', 'debug', ...(mines ? ['--mine'] : [])],
    });
  }
}

/** Free a moment ago, so that daemons that start together can be told of each other. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function targetOf(daemon: TallyProcess): Promise<Target> {
  const { addresses, api, miner, peerId } = await daemon.waitFor(
    (line) => line.event === 'daemon.started',
    'the daemon is ready',
    { deadlineMs: START_DEADLINE_MS },
  );
  return {
    api: String(api),
    address: (addresses as string[])[0] ?? '',
    peerId: String(peerId),
    miner: String(miner),
  };
}

/** Of a process; 0 if it is gone. */
async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1_024;
}

async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    // The database may drop a file of its own between the two.
    entries.map((entry) =>
      stat(join(folder, entry)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
