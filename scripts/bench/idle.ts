/** What a daemon costs that has eight peers and nothing to do, beside a bare libp2p host with as many connections. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { TallyProcess } from '../../test/support/tally-process.ts';
import { type BenchCase, comparedWith, type Row } from './case.ts';
import { Child, nowMs } from './child.ts';
import { benchNetwork, writeNetworkFile } from './ledger.ts';
import { GOSSIP_PROCESS, until } from './topology.ts';

const PEERS = 8;
/** In all; divided among the runs. */
const IDLE_MS = 60_000;
/** Connecting is over, and what it left behind has been thrown away once. */
const SETTLE_MS = 15_000;
/** Linux counts processor time in hundredths of a second. */
const TICK_MS = 10;
const MEGABYTE = 1e6;

/** What a process costs. */
interface Cost {
  readonly processorMs: number;
  readonly residentBytes: number;
}

export const idle: BenchCase = {
  name: 'idle',
  about: `processor time and memory of a daemon with ${PEERS} peers and nothing to do, beside a bare libp2p host`,
  async measure({ folder, runs, tell }) {
    const networkFile = join(folder, 'network.json');
    await writeNetworkFile(networkFile, benchNetwork([], 'idle'));
    tell('idle: starting daemons and bare hosts');
    const daemons: TallyProcess[] = [];
    const hosts: Child[] = [];
    try {
      // The first start of a checkout fills the cache of compiled modules as it ends.
      const first = new TallyProcess({ network: networkFile, data: join(folder, 'first') });
      await first.started;
      await first.kill('SIGTERM');
      // One after the other, or none is ready in time.
      for (let index = 0; index <= PEERS; index++) {
        const daemon = new TallyProcess({ network: networkFile, data: join(folder, `${index}`) });
        const host = new Child(GOSSIP_PROCESS);
        daemons.push(daemon);
        hosts.push(host);
        await Promise.all([daemon.started, host.ask('peers')]);
      }
      const [daemon, host] = await Promise.all([connectDaemons(daemons), connectHosts(hosts)]);
      tell(`idle: settling for ${SETTLE_MS / 1_000} s`);
      await pause(SETTLE_MS);
      const ours: Cost[] = [];
      const bare: Cost[] = [];
      for (let run = 1; run <= runs; run++) {
        tell(`idle: run ${run} of ${runs}`);
        const [ourCost, bareCost] = await Promise.all([
          costOver(daemon, IDLE_MS / runs),
          costOver(host, IDLE_MS / runs),
        ]);
        ours.push(ourCost);
        bare.push(bareCost);
      }
      return rowsOf(ours, bare, IDLE_MS / runs);
    } finally {
      await Promise.all([...daemons.map((one) => one.kill('SIGKILL')), ...hosts.map((one) => one.close())]);
    }
  },
};

/** @returns the process id of the one that has all others as peers */
async function connectDaemons(daemons: readonly TallyProcess[]): Promise<number> {
  const [measured, ...others] = daemons;
  if (measured === undefined) throw new Error('there is at least one daemon');
  const { client } = measured;
  const started = await Promise.all(others.map((other) => other.started));
  await client.call('addPeers', { body: { addresses: started.map(({ addresses }) => addresses[0] ?? '') } });
  await until('everybody is connected', async () => (await client.call('status')).peers === PEERS);
  return measured.pid;
}

async function connectHosts([measured, ...others]: readonly Child[]): Promise<number> {
  if (measured === undefined) throw new Error('there is at least one host');
  for (const other of others) {
    const [address] = await other.ask<string[]>('addresses');
    await measured.ask('connect', address);
  }
  await until('everybody is connected', async () => (await measured.ask<number>('peers')) === PEERS);
  return measured.pid;
}

async function costOver(pid: number, ms: number): Promise<Cost> {
  const [startMs, start] = [nowMs(), await costOf(pid)];
  await pause(ms);
  const end = await costOf(pid);
  const elapsedMs = nowMs() - startMs;
  return {
    processorMs: ((end.processorMs - start.processorMs) * ms) / elapsedMs,
    residentBytes: end.residentBytes,
  };
}

/** From /proc: of all threads, and without the process noticing. */
async function costOf(pid: number): Promise<Cost> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The fields after the name, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [utime, stime] = [Number(fields[11]), Number(fields[12])];
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const resident = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
  return { processorMs: (utime + stime) * TICK_MS, residentBytes: resident * 1_024 };
}

function rowsOf(ours: readonly Cost[], bare: readonly Cost[], ms: number): Row[] {
  const share = ({ processorMs }: Cost): number => (100 * processorMs) / ms;
  const memory = ({ residentBytes }: Cost): number => residentBytes / MEGABYTE;
  const name = `idle, ${PEERS} peers`;
  return [
    comparedWith(`${name}, of a core`, '%', ours.map(share), bare.map(share), { of: 'value', atMost: 1 }),
    comparedWith(`${name}, resident memory`, 'MB', ours.map(memory), bare.map(memory), {
      of: 'value',
      atMost: 150,
    }),
  ];
}
