/**
 * How fast a block crosses a hop, its transactions being in all pools, beside a gossip message of as many bytes as the
 * one that carried it: over lines and meshes of four processes, in turns.
 *
 * A block is passed on once its header and proof of work are checked, and connected a little later. Both are timed from
 * the moment the neighbour passed it on (the miner: published it).
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { transactionToJson } from '../../src/client/json.ts';
import type { SignedTransaction } from '../../src/core/types.ts';
import { type BenchCase, type BenchContext, comparedWith, figure, type Row } from './case.ts';
import { type Child, nowMs } from './child.ts';
import { benchKey, benchNetwork, idOf, Payments, writeNetworkFile } from './ledger.ts';
import { type Daemons, type Nodes, startDaemons, startGossip, type Topology, until } from './topology.ts';

const TOPOLOGIES: readonly Topology[] = ['line', 'mesh'];
const TRANSACTIONS = [0, 1_000, 5_000];
/** In a run; with five runs, 20 blocks of each size. */
const BLOCKS = 4;
/** More blocks before anything is timed: gossip needs a few heartbeats, engines some practice. */
const WARM_UP = 6;
const WARM_UP_TRANSACTIONS = 1_000;
/** So many that a sender has few transactions at once, and none overtakes its predecessor by a batch. */
const KEYS = 1_000;
const BATCH = 500;
/** What the transactions gave rise to is over. */
const SETTLE_MS = 250;

/** What one message or block took for each hop, ms. */
interface Crossing {
  readonly bytes: number;
  readonly passedOn: readonly number[];
  /** Of daemons only. */
  readonly connected: readonly number[];
  /** From the publisher to the last node. */
  readonly all: number;
}

interface Run {
  readonly ours: readonly Crossing[];
  readonly raw: readonly Crossing[];
}

export const propagation: BenchCase = {
  name: 'propagation',
  about: 'a block over a hop, its transactions pooled, beside a raw gossip message of as many bytes',
  async measure(context) {
    const rows: Row[] = [];
    for (const topology of TOPOLOGIES) rows.push(...(await measureTopology(topology, context)));
    return rows;
  },
};

async function measureTopology(topology: Topology, context: BenchContext): Promise<Row[]> {
  const keys = Array.from({ length: KEYS }, (_, number) => benchKey(number));
  const network = benchNetwork(keys, topology);
  const payments = new Payments(network, keys);
  const folder = join(context.folder, topology);
  await mkdir(folder);
  const networkFile = join(folder, 'network.json');
  await writeNetworkFile(networkFile, network);
  const daemons = await startDaemons(topology, networkFile, folder);
  const gossip = await startGossip(topology);
  try {
    context.tell(`propagation: ${topology}, warming up`);
    for (let block = 0; block < WARM_UP; block++) {
      await fillPools(daemons, payments.take(WARM_UP_TRANSACTIONS));
      await daemons.clients[0]?.call('mine', { body: { blocks: 1 } });
      await gossip.children[0]?.ask('publish', 10_000);
      await pause(SETTLE_MS);
    }
    await until('pools are empty', async () => (await poolSizes(daemons)).every((size) => size === 0));
    const rows: Row[] = [];
    for (const count of TRANSACTIONS) {
      const runs: Run[] = [];
      while (runs.length < context.runs) {
        context.tell(
          `propagation: ${topology}, ${count} transactions, run ${runs.length + 1} of ${context.runs}`,
        );
        const run = { ours: [] as Crossing[], raw: [] as Crossing[] };
        while (run.ours.length < BLOCKS) {
          await fillPools(daemons, payments.take(count));
          const ours = await crossing(daemons, () =>
            daemons.clients[0]?.call('mine', { body: { blocks: 1 } }),
          );
          await pause(SETTLE_MS);
          run.ours.push(ours);
          run.raw.push(await crossing(gossip, () => gossip.children[0]?.ask('publish', ours.bytes)));
        }
        runs.push(run);
      }
      rows.push(...rowsOf(`propagation, ${topology} of 4, ${count.toLocaleString('en')} transactions`, runs));
    }
    rows.push(await firstHopOfTransactions(daemons, payments, context));
    return rows;
  } finally {
    await Promise.all([daemons.close(), gossip.close()]);
  }
}

/** Publishes at the first node and waits until all others have it. */
async function crossing(nodes: Nodes, publish: () => Promise<unknown> | undefined): Promise<Crossing> {
  const { children, topology } = nodes;
  const isDaemons = 'clients' in nodes;
  const from = children.map(({ moments }) => moments.length);
  const all = (what: string): Promise<number[]> =>
    Promise.all(children.slice(1).map(async (child, i) => (await child.moment(what, from[i + 1] ?? 0)).atMs));
  await publish();
  const published = await (children[0] as Child).moment('published', from[0] ?? 0);
  const passedOn = await all('passed on');
  const connected = isDaemons ? await all('connected') : [];
  /** When the neighbour from which it comes passed it on. */
  const sent = (i: number): number =>
    topology === 'line' ? (passedOn[i - 1] ?? published.atMs) : published.atMs;
  return {
    bytes: published.bytes ?? 0,
    passedOn: passedOn.map((atMs, i) => atMs - sent(i)),
    connected: connected.map((atMs, i) => atMs - sent(i)),
    all: Math.max(...passedOn, ...connected) - published.atMs,
  };
}

async function fillPools(daemons: Daemons, transactions: readonly SignedTransaction[]): Promise<void> {
  const json = transactions.map((signed) => transactionToJson(idOf(signed), signed));
  for (let at = 0; at < json.length; at += BATCH) {
    await daemons.clients[0]?.call('submit', { body: { transactions: json.slice(at, at + BATCH) } });
  }
  await until('all pools have them', async () =>
    (await poolSizes(daemons)).every((size) => size === transactions.length),
  );
  await pause(SETTLE_MS);
}

function poolSizes({ children }: Daemons): Promise<number[]> {
  return Promise.all(children.map((child) => child.ask<number>('pooled')));
}

function rowsOf(name: string, runs: readonly Run[]): Row[] {
  const hops = (crossings: readonly Crossing[]): number[] => crossings.flatMap(({ passedOn }) => passedOn);
  const ours = runs.map((run) => quantile(hops(run.ours), 0.5));
  const raw = runs.map((run) => quantile(hops(run.raw), 0.5));
  const worst = (of: (run: Run) => readonly Crossing[]): number[] => [quantile(hops(runs.flatMap(of)), 0.99)];
  const connected = runs.map((run) =>
    quantile(
      run.ours.flatMap((one) => one.connected),
      0.5,
    ),
  );
  const everywhere = runs.map((run) =>
    quantile(
      run.ours.map(({ all }) => all),
      0.5,
    ),
  );
  return [
    figure(
      `${name}, message`,
      'bytes',
      runs.flatMap((run) => run.ours.map(({ bytes }) => bytes)),
    ),
    comparedWith(`${name}, a hop, passed on`, 'ms', ours, raw, { of: 'ratio', atMost: 1.5 }),
    comparedWith(
      `${name}, a hop, passed on, p99`,
      'ms',
      worst((run) => run.ours),
      worst((run) => run.raw),
    ),
    figure(`${name}, a hop, connected`, 'ms', connected),
    figure(`${name}, connected everywhere`, 'ms', everywhere),
  ];
}

/** From submitting one transaction until it is in the neighbour's pool. */
async function firstHopOfTransactions(
  { children, clients, topology }: Daemons,
  payments: Payments,
  { runs }: BenchContext,
): Promise<Row> {
  const [client, neighbour] = [clients[0], children[1] as Child];
  const tookMs: number[] = [];
  while (tookMs.length < runs * BLOCKS) {
    const [signed] = payments.take(1);
    if (signed === undefined) throw new Error('a payment was asked for');
    const json = transactionToJson(idOf(signed), signed);
    await neighbour.ask('awaitTransaction', json.id);
    const from = neighbour.moments.length;
    const submittedAtMs = nowMs();
    await client?.call('submit', { body: json });
    tookMs.push((await neighbour.moment('pooled', from)).atMs - submittedAtMs);
    await pause(SETTLE_MS);
  }
  return figure(`propagation, ${topology} of 4, a transaction to the next pool`, 'ms', tookMs);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
