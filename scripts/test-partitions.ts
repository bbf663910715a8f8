/**
 * Four daemons on four hosts (network namespaces), paid and mined on at each all the time, are parted in every way a
 * network parts: two and two, one and three, one way only, again and again, by loss and by delay. Each must heal by
 * itself, lose nothing and never hang. Needs root; `npm run test:partitions`, or `-- --short` for half of it.
 */
import '../src/native/hasher.ts';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { generateKeyPair } from '../src/client/keys.ts';
import { idToBytes } from '../src/core/identifiers.ts';
import { formatNetworkFile } from '../src/core/network-file.ts';
import { defineNetwork, TEST_PARAMS } from '../src/core/network-params.ts';
import { run } from './lab-hosts.ts';

const LAB = process.env.NETLAB_COMMAND ?? '../shared/lab/netlab';
/** A lab of our own, beside any other. */
process.env.NETLAB = `parts-${process.pid}`.slice(0, 16);
const HOSTS = 4;
const BLOCK_MS = 5_000;
/** Two blocks and the time of a sync. */
const HEALED_WITHIN_MS = 2 * BLOCK_MS + 5_000;
/** After that the run is given up. */
const GIVE_UP_MS = 120_000;
const HANG_MS = 1_000;
const LOOK_AGAIN_MS = 100;
const FLAP_MS = 5_000;
/** A frame crosses two links: 30 % of them are lost, and each is 300 ms late. */
const LOSS = '16.33%';
const LINK_DELAY_MS = '150';

const { values: options } = parseArgs({ options: { short: { type: 'boolean' } } });

interface Scenario {
  readonly name: string;
  readonly inShort: boolean;
  /** How long it lasts. */
  readonly ms: number;
  begin(ms: number): Promise<unknown>;
  end(): Promise<unknown>;
}

const lab = (...args: string[]): Promise<string> => run(LAB, args);
const links = async (...link: string[]): Promise<void> => {
  for (let host = 1; host <= HOSTS; host++) await lab('delay', String(host), ...link);
};
/** What host 1 sends goes to a machine that is not there; what is sent to it arrives. */
const deafTo = async (verb: 'replace' | 'delete'): Promise<void> => {
  for (let host = 2; host <= HOSTS; host++) {
    const to = [`10.77.0.${host}`, 'dev', 'eth0'];
    const nowhere = ['lladdr', '02:00:00:00:00:99', 'nud', 'permanent'];
    await lab('exec', '1', '--', 'ip', 'neigh', verb, ...to, ...(verb === 'replace' ? nowhere : []));
  }
};

const SCENARIOS: readonly Scenario[] = [
  { name: '2|2', inShort: true, ms: 30_000, begin: () => lab('cut', '1,2|3,4'), end: () => lab('heal') },
  { name: '1|3', inShort: false, ms: 30_000, begin: () => lab('cut', '1|2,3,4'), end: () => lab('heal') },
  {
    name: 'one way',
    inShort: true,
    ms: 30_000,
    begin: () => deafTo('replace'),
    end: () => deafTo('delete'),
  },
  {
    name: 'flapping every 5 s',
    inShort: true,
    ms: 40_000,
    begin: async (ms) => {
      for (let flaps = 0; flaps * FLAP_MS < ms; flaps++) {
        await (flaps % 2 === 0 ? lab('cut', '1,2|3,4') : lab('heal'));
        await delay(FLAP_MS);
      }
    },
    end: () => lab('heal'),
  },
  {
    name: '30 % loss',
    inShort: false,
    ms: 40_000,
    begin: () => links('0', '0', LOSS),
    end: () => links('0'),
  },
  {
    name: '300 ms delay',
    inShort: false,
    ms: 40_000,
    begin: () => links(LINK_DELAY_MS),
    end: () => links('0'),
  },
];

interface Tip {
  readonly height: number;
  readonly tip: string;
}

/** One host: its daemon, and who pays and mines there. */
class Host {
  readonly number: number;
  readonly log: string;
  readonly #daemon: ChildProcess;
  #agent: ChildProcess | undefined;
  readonly #asked = new Map<number, (answer: unknown) => void>();

  constructor(number: number, network: string, folder: string) {
    this.number = number;
    this.log = join(folder, `host-${number}.log`);
    const args = ['start', '--network', network, '--data', join(folder, String(number)), '--threads', '1'];
    this.#daemon = this.#spawn(['src/cli/tally.js', ...args]);
    const log = createWriteStream(this.log);
    this.#daemon.stdout?.pipe(log);
    this.#daemon.stderr?.pipe(log);
  }

  async ready(): Promise<void> {
    await until(`host ${this.number} has started`, GIVE_UP_MS, async () =>
      (await readFile(this.log, 'utf8').catch(() => '')).includes('daemon.started'),
    );
  }

  work(networkId: string, seed: Uint8Array): void {
    const firstMs = BLOCK_MS * this.number;
    const args = [networkId, Buffer.from(seed).toString('hex'), String(firstMs), String(BLOCK_MS * HOSTS)];
    this.#agent = this.#spawn(['scripts/partition-agent.ts', ...args]);
    this.#agent.stderr?.pipe(process.stderr);
    if (this.#agent.stdout === null) return;
    createInterface({ input: this.#agent.stdout }).on('line', (line) => {
      const { answer, id }: { answer: unknown; id: number } = JSON.parse(line);
      this.#asked.get(id)?.(answer);
      this.#asked.delete(id);
    });
  }

  async ask<T>(order: string): Promise<T> {
    if (this.#agent?.exitCode !== null) throw new Error(`the agent on host ${this.number} has ended`);
    const id = Math.random();
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#asked.set(id, resolve);
    this.#agent.stdin?.write(`${JSON.stringify({ id, order })}\n`);
    return (await promise) as T;
  }

  async end(): Promise<void> {
    for (const child of [this.#agent, this.#daemon]) {
      if (child === undefined || (child.exitCode ?? child.signalCode) !== null) continue;
      child.kill('SIGTERM');
      await once(child, 'close');
    }
  }

  #spawn(args: readonly string[]): ChildProcess {
    const all = ['exec', String(this.number), '--', process.execPath, ...args];
    return spawn(LAB, all, { stdio: ['pipe', 'pipe', 'pipe'] });
  }
}

async function until(what: string, deadlineMs: number, holds: () => Promise<boolean>): Promise<number> {
  const begun = performance.now();
  while (performance.now() - begun < deadlineMs) {
    if (await holds()) return performance.now() - begun;
    await delay(LOOK_AGAIN_MS);
  }
  throw new Error(`not within ${deadlineMs / 1_000} s: ${what}`);
}

const tipsOf = (hosts: readonly Host[]): Promise<Tip[]> =>
  Promise.all(hosts.map((host) => host.ask<Tip>('tip')));
const agree = async (hosts: readonly Host[]): Promise<boolean> =>
  new Set((await tipsOf(hosts)).map(({ tip }) => tip)).size === 1;

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

const problems: string[] = [];

async function part(hosts: readonly Host[], scenario: Scenario): Promise<void> {
  const { name } = scenario;
  const ms = options.short === true ? scenario.ms / 2 : scenario.ms;
  await Promise.all(hosts.map((host) => host.ask('latencies')));
  const { height: before } = (await tipsOf(hosts))[0] ?? { height: 0 };
  const begun = performance.now();
  await scenario.begin(ms);
  await delay(Math.max(0, ms - (performance.now() - begun)));
  const apart = await tipsOf(hosts);
  await scenario.end();
  const healedMs = await until(`one tip after ${name}`, GIVE_UP_MS, () => agree(hosts));
  const latencies = (await Promise.all(hosts.map((host) => host.ask<number[]>('latencies')))).flat();
  latencies.sort((a, b) => a - b);
  const [p95, most] = [quantile(latencies, 0.95), latencies.at(-1) ?? 0];
  if (healedMs > HEALED_WITHIN_MS) problems.push(`${name}: healed after ${healedMs.toFixed(0)} ms`);
  if (most > HANG_MS) problems.push(`${name}: an answer took ${most.toFixed(0)} ms`);
  console.log(
    [
      name.padEnd(19),
      `${(ms / 1_000).toFixed(0)} s`.padStart(6),
      apart
        .map(({ height }) => `+${height - before}`)
        .join(' ')
        .padStart(14),
      String(new Set(apart.map(({ tip }) => tip)).size).padStart(6),
      `${(healedMs / 1_000).toFixed(1)} s`.padStart(9),
      `${p95.toFixed(0)} ms`.padStart(9),
      `${most.toFixed(0)} ms`.padStart(9),
    ].join(' '),
  );
}

async function nothingIsLost(hosts: readonly Host[]): Promise<void> {
  const counts = await Promise.all(hosts.map((host) => host.ask<number>('rest')));
  let left: Record<string, string>[] = [];
  const confirmedAll = async (): Promise<boolean> => {
    await hosts[0]?.ask('mine');
    left = await Promise.all(hosts.map((host) => host.ask<Record<string, string>>('unconfirmed')));
    return left.every((payments) => Object.keys(payments).length === 0);
  };
  await until('every acknowledged payment is confirmed', GIVE_UP_MS, confirmedAll).catch((error: unknown) => {
    throw new Error(
      `${error}; left at each host: ${left.map((payments) => Object.values(payments).join(' ') || 'none').join(' | ')}`,
    );
  });
  await until('one tip in the end', GIVE_UP_MS, () => agree(hosts));
  const verdicts = await Promise.all(hosts.map((host) => host.ask<{ valid: boolean }>('valid')));
  if (!verdicts.every(({ valid }) => valid))
    problems.push(`a chain is not valid: ${JSON.stringify(verdicts)}`);
  const total = counts.reduce((sum, count) => sum + count, 0);
  console.log(`${total} payments acknowledged, 0 lost; ${verdicts.length} chains valid`);
}

async function test(folder: string, hosts: Host[]): Promise<void> {
  const keys = Array.from({ length: HOSTS }, generateKeyPair);
  const { id, params } = defineNetwork({
    ...TEST_PARAMS,
    genesisTime: BigInt(Date.now() - 60_000),
    blockInterval: BigInt(BLOCK_MS),
    allocations: keys.map(({ address }) => ({ address: idToBytes(address), amount: 10n ** 12n })),
  });
  const network = join(folder, 'network.json');
  await writeFile(network, JSON.stringify(formatNetworkFile(params)));
  for (let number = 1; number <= HOSTS; number++) hosts.push(new Host(number, network, folder));
  for (const host of hosts) await host.ready();
  for (const [index, { seed }] of keys.entries()) hosts[index]?.work(id, seed);
  await until('all have found each other', GIVE_UP_MS, async () =>
    (await Promise.all(hosts.map((host) => host.ask<{ peers: number }>('tip')))).every(
      ({ peers }) => peers >= HOSTS - 1,
    ),
  );
  await until('a block is everywhere', GIVE_UP_MS, async () =>
    (await tipsOf(hosts)).every(({ height }) => height > 0),
  );
  console.log('partition            lasts  blocks of each   tips    healed       p95   longest status');
  for (const scenario of SCENARIOS)
    if (scenario.inShort || options.short !== true) await part(hosts, scenario);
  await nothingIsLost(hosts);
}

const folder = await mkdtemp(join(tmpdir(), 'tallystick-partitions-'));
const hosts: Host[] = [];
try {
  await lab('up', String(HOSTS));
  await test(folder, hosts);
  if (problems.length > 0) throw new Error(problems.join('; '));
  console.log('partitions: passed');
} catch (error) {
  for (const { log, number } of hosts) {
    const text = await readFile(log, 'utf8').catch(() => '');
    console.error(`--- log of host ${number} (end)\n${text.split('\n').slice(-15).join('\n')}`);
  }
  console.error(`partitions: failed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  await Promise.all(hosts.map((host) => host.end()));
  await lab('down');
  await rm(folder, { recursive: true, force: true });
}
