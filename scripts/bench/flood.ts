/**
 * Payments while liars flood: two daemons, one mining at a steady pace, payments submitted to both. Twelve peers of the
 * miner send it 512-transaction messages it has no use for: wrong signatures under the names of accounts that have money,
 * and then transactions of accounts that have nothing. Before and during, in the same run.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeSignedTransaction } from '../../src/core/encoding.ts';
import type { NetworkDefinition } from '../../src/core/network-params.ts';
import type { SignedTransaction } from '../../src/core/types.ts';
import { type TallyProcess, TallyProcesses } from '../../test/support/tally-process.ts';
import { type BenchCase, type BenchContext, comparedWith, figure, type Row } from './case.ts';
import { Child, nowMs } from './child.ts';
import type { FloodRequest } from './flood-process.ts';
import { benchKey, benchNetwork, Payments, writeNetworkFile } from './ledger.ts';

const PAYERS = 64;
const LIARS = 12;
/** Of each liar: with 12 of them 51 MB. */
const MESSAGES = 34;
const MESSAGES_EVERY_MS = 250;
const WINDOW_MS = 10_000;
const PAYMENT_EVERY_MS = 40;
const BLOCK_MS = 1_000;

interface Window {
  /** Confirmed on the miner's chain, a second. */
  readonly rate: number;
  /** Of a submission to the miner, 95 of 100 within. */
  readonly p95Ms: number;
}

interface Measured {
  readonly before: Window;
  readonly signatures: Window;
  readonly nothing: Window;
  /** Liars still connected after their wrong signatures. */
  readonly left: number;
}

export const flood: BenchCase = {
  name: 'flood',
  about: 'payments confirmed while peers flood a daemon with transactions it has no use for',
  measure,
};

async function measure({ folder, runs, tell }: BenchContext): Promise<Row[]> {
  const all: Measured[] = [];
  for (let run = 0; run < runs; run++) {
    tell(`run ${run + 1} of ${runs}`);
    all.push(await measureOnce(join(folder, `network-${run}.json`)));
  }
  const rates = (of: keyof Omit<Measured, 'left'>): number[] => all.map((one) => one[of].rate);
  const before = rates('before');
  const latencies = (of: keyof Omit<Measured, 'left'>): number[] => all.map((one) => one[of].p95Ms);
  return [
    comparedWith('payments, wrong signatures (limit: before)', 'tx/s', rates('signatures'), before, {
      of: 'ratio',
      atLeast: 0.7,
    }),
    comparedWith('payments, accounts of nothing (limit: before)', 'tx/s', rates('nothing'), before, {
      of: 'ratio',
      atLeast: 0.7,
    }),
    figure('  submission, 95 of 100 within, before', 'ms', latencies('before')),
    figure('  submission, 95 of 100 within, wrong signatures', 'ms', latencies('signatures'), {
      of: 'value',
      atMost: 2_000,
    }),
    figure('  submission, 95 of 100 within, accounts of nothing', 'ms', latencies('nothing'), {
      of: 'value',
      atMost: 2_000,
    }),
    figure(
      '  liars of 12 still connected afterwards',
      '',
      all.map(({ left }) => left),
      { of: 'value', atMost: 0 },
    ),
  ];
}

async function measureOnce(networkFile: string): Promise<Measured> {
  const network = benchNetwork(
    Array.from({ length: PAYERS + LIARS }, (_, number) => benchKey(number)),
    'flood',
  );
  await writeNetworkFile(networkFile, network);
  const processes = await TallyProcesses.create();
  const liars = new Child(new URL('./flood-process.ts', import.meta.url));
  const steady = new AbortController();
  try {
    const data = (name: string): string => join(processes.folder, name);
    const miner = await processes.start({ network: networkFile, data: data('miner') });
    const [address] = (await miner.started).addresses as [string];
    const second = await processes.start({ network: networkFile, data: data('second'), peers: [address] });
    const load = new SteadyLoad(network, [miner, second], steady.signal);
    const request: FloodRequest = {
      ...{ networkFile, address, liars: LIARS, rich: true, firstKey: PAYERS },
      ...{ messages: MESSAGES, everyMs: MESSAGES_EVERY_MS },
    };
    await load.window(2_000);
    const before = await load.window(WINDOW_MS);
    const under = async (rich: boolean): Promise<Window> => {
      await liars.ask('connect', request);
      const flooding = liars.ask('flood', { ...request, rich });
      const window = await load.window(WINDOW_MS);
      await flooding;
      return window;
    };
    const signatures = await under(true);
    const left = await liars.ask<number>('connected');
    await liars.ask('leave');
    const nothing = await under(false);
    return { before, signatures, nothing, left };
  } finally {
    steady.abort();
    await liars.close();
    await processes.close();
  }
}

/** One payment after the other, in turns to each daemon, and blocks at a steady pace. */
class SteadyLoad {
  readonly #daemons: readonly TallyProcess[];
  readonly #payments: Payments;
  readonly #signal: AbortSignal;
  /** Of submissions to the miner since the window began, ms. */
  #latencies: number[] = [];

  constructor(network: NetworkDefinition, daemons: readonly TallyProcess[], signal: AbortSignal) {
    this.#daemons = daemons;
    this.#payments = new Payments(
      network,
      Array.from({ length: PAYERS }, (_, number) => benchKey(number)),
    );
    this.#signal = signal;
    void this.#repeat(PAYMENT_EVERY_MS, (count) => this.#pay(count));
    void this.#repeat(BLOCK_MS, async () => {
      await daemons[0]?.client.call('mine', { body: { blocks: 1 } });
    });
  }

  async window(ms: number): Promise<Window> {
    this.#latencies = [];
    const [from, startMs] = [await this.#confirmed(), nowMs()];
    await sleep(ms);
    const [to, endMs] = [await this.#confirmed(), nowMs()];
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    const p95Ms = sorted[Math.floor(0.95 * sorted.length)] ?? Number.POSITIVE_INFINITY;
    return { rate: ((to - from) / (endMs - startMs)) * 1_000, p95Ms };
  }

  /** Payments on the miner's chain so far: what its senders have sent. */
  async #confirmed(): Promise<number> {
    const api = (await this.#daemons[0]?.started)?.api;
    const response = await fetch(`${api}/v1/chain?limit=1000`);
    const { blocks } = (await response.json()) as { blocks: { transactions: unknown[] }[] };
    return blocks.reduce((sum, { transactions }) => sum + transactions.length, 0);
  }

  async #pay(count: number): Promise<void> {
    const [signed] = this.#payments.take(1) as [SignedTransaction];
    // A payer's stay with one daemon, so that none waits for gossip.
    const index = (count % PAYERS) % this.#daemons.length;
    const api = (await this.#daemons[index]?.started)?.api;
    const startMs = nowMs();
    const response = await fetch(`${api}/v1/transactions`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: Buffer.from(encodeSignedTransaction(signed)),
    });
    if (!response.ok) throw new Error(`a payment was refused: ${await response.text()}`);
    if (index === 0) this.#latencies.push(nowMs() - startMs);
  }

  /** The next one begins when its time has come and the one before is done. */
  async #repeat(everyMs: number, work: (count: number) => Promise<void>): Promise<void> {
    for (let count = 0; !this.#signal.aborted; count++) {
      const nextMs = nowMs() + everyMs;
      try {
        await work(count);
      } catch (error) {
        if (!this.#signal.aborted) throw error;
      }
      await sleep(Math.max(0, nextMs - nowMs()));
    }
  }
}
