/**
 * Transactions through the API, each answered once it is safe on disk: one by one over 16 connections, and in
 * batches. The sender is a process of its own, on the same cores.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TallyProcess, TallyProcesses } from '../../test/support/tally-process.ts';
import { type BenchCase, type BenchContext, comparedWith, figure, type Goal, type Row } from './case.ts';
import { benchKey, benchNetwork, writeNetworkFile } from './ledger.ts';
import { Load, type PrepareRequest, type Sent } from './load.ts';
import { type RawLibsodium, rawLibsodium } from './raw-libsodium.ts';
import { WATCH_ARGUMENTS, type Watched, watched } from './watched.ts';

/** Senders: enough that none has more waiting than a pool takes of one. */
const KEYS = 960;
const LIMIT_MS = 1_000;
const BATCH = 500;
const MAX_STALL: Goal = { of: 'value', atMost: 20 };

interface Kind {
  readonly name: string;
  readonly request: Pick<PrepareRequest, 'batch' | 'encoding' | 'lanes'>;
  readonly transactions: number;
  readonly limit: 'http' | 'libsodium';
  readonly goal: Goal;
}

const single = (encoding: 'json' | 'ssz'): Kind => ({
  name: `ingestion, single requests, 16 connections, ${encoding}`,
  request: { batch: 1, encoding, lanes: 16 },
  transactions: 16_000,
  limit: 'http',
  goal: { of: 'value', atLeast: 4_000 },
});
const batches = (encoding: 'json' | 'ssz'): Kind => ({
  name: `ingestion, batches of ${BATCH}, 8 connections, ${encoding}`,
  request: { batch: BATCH, encoding, lanes: 8 },
  transactions: 48_000,
  limit: 'libsodium',
  goal: { of: 'ratio', atLeast: 0.6 },
});
const KINDS: readonly Kind[] = [single('json'), single('ssz'), batches('json'), batches('ssz')];
const KEYS_OF_KIND = KEYS / KINDS.length;

interface Measured {
  readonly sent: Sent;
  readonly limit: number;
  readonly watched: Watched;
}

export const ingest: BenchCase = {
  name: 'ingest',
  about: 'transactions taken in through the API, safe on disk before the answer',
  measure,
};

async function measure({ folder, runs, tell }: BenchContext): Promise<Row[]> {
  const network = benchNetwork(
    Array.from({ length: KEYS }, (_, number) => benchKey(number)),
    'ingest',
  );
  const networkFile = join(folder, 'network.json');
  await writeNetworkFile(networkFile, network);
  const processes = await TallyProcesses.create();
  const bare = await BareHttp.start();
  const libsodium = await rawLibsodium();
  const loads: Load[] = [];
  try {
    const daemon = await processes.start({ network: networkFile, nodeArguments: WATCH_ARGUMENTS });
    const rows: Row[] = [];
    for (const kind of KINDS) {
      const load = new Load();
      loads.push(load);
      const measured: Measured[] = [];
      // One more, to warm up, which does not count.
      for (let run = 0; run <= runs; run++) {
        tell(`${kind.name}: run ${run} of ${runs}`);
        const one = await measureOnce({ kind, networkFile, load, daemon, bare, libsodium });
        if (run > 0) measured.push(one);
      }
      load.close();
      rows.push(...rowsOf(kind, measured));
    }
    return rows;
  } finally {
    for (const load of loads) load.close();
    bare.close();
    await libsodium.close();
    await processes.close();
  }
}

interface Run {
  readonly kind: Kind;
  readonly networkFile: string;
  readonly load: Load;
  readonly daemon: TallyProcess;
  readonly bare: BareHttp;
  readonly libsodium: RawLibsodium;
}

async function measureOnce({ kind, networkFile, load, daemon, bare, libsodium }: Run): Promise<Measured> {
  const { lanes } = kind.request;
  await load.prepare({
    networkFile,
    firstKey: KINDS.indexOf(kind) * KEYS_OF_KIND,
    keys: KEYS_OF_KIND,
    ...kind.request,
    transactionsPerLane: kind.transactions / lanes,
  });
  const limit =
    kind.limit === 'libsodium'
      ? await libsodium.rate(LIMIT_MS)
      : perSecond(await load.send({ urls: [bare.url], lanesPerServer: lanes, rehearsal: true }));
  const { api } = await daemon.started;
  await watched(daemon);
  const sent = await load.send({ urls: [api], lanesPerServer: lanes });
  const during = await watched(daemon);
  await requireInPool(daemon, kind.transactions, sent.accepted);
  await mineAll(daemon);
  return { sent, limit, watched: during };
}

function perSecond({ accepted, elapsedMs }: Sent): number {
  return (accepted / elapsedMs) * 1_000;
}

async function requireInPool(daemon: TallyProcess, sent: number, accepted: number): Promise<void> {
  const { pool } = await daemon.client.call('status');
  if (accepted !== sent || pool.count !== sent)
    throw new Error(`${sent} sent, ${accepted} accepted, ${pool.count} in the pool`);
}

async function mineAll(daemon: TallyProcess): Promise<void> {
  for (;;) {
    const { pool } = await daemon.client.call('status');
    if (pool.count === 0) return;
    await daemon.client.call('mine', { body: { blocks: 1 } });
  }
}

function rowsOf(kind: Kind, measured: readonly Measured[]): Row[] {
  const { goal, limit, name, request } = kind;
  const rates = measured.map(({ sent }) => perSecond(sent));
  const limits = measured.map((one) => one.limit);
  const perTransaction = (ms: number): number => (ms * 1_000) / kind.transactions;
  const beside = limit === 'http' ? 'limit: bare Fastify' : 'limit: libsodium on both cores';
  const row = (what: string, unit: string, of: (one: Measured) => number, most?: Goal): Row =>
    figure(`  ${what}`, unit, measured.map(of), most);
  return [
    comparedWith(`${name} (${beside})`, 'tx/s', rates, limits, goal),
    row(`answer, median, of ${request.batch}`, 'ms', ({ sent }) => sent.medianMs),
    row('answer, 99 of 100 within', 'ms', ({ sent }) => sent.p99Ms),
    row('processor time of the daemon, a transaction', 'µs', (one) => perTransaction(one.watched.cpuMs)),
    row('processor time of the sender, a transaction', 'µs', ({ sent }) => perTransaction(sent.cpuMs)),
    row('event loop held up, 99 of 100 within', 'ms', (one) => one.watched.loopP99Ms),
    row('event loop held up, longest', 'ms', (one) => one.watched.loopMaxMs, MAX_STALL),
    row(
      'longest turn of the event loop, processor time',
      'ms',
      (one) => one.watched.longestTurnMs,
      MAX_STALL,
    ),
  ];
}

class BareHttp {
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, url: string) {
    this.#process = process;
    this.url = url;
  }

  static async start(): Promise<BareHttp> {
    const child = fork(new URL('./bare-http-process.ts', import.meta.url));
    const [url] = (await once(child, 'message')) as [string];
    return new BareHttp(child, url);
  }

  close(): void {
    this.#process.kill('SIGKILL');
  }
}
