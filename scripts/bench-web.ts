/**
 * Measures the explorer in a browser on this machine: how much is sent, when something useful is seen, how smoothly
 * it runs under load, and how much memory many events take.
 *
 *     node scripts/bench-web.ts [--seconds N] [--speed N]
 *
 * `--speed 10 --seconds 360` is an hour's events in six minutes: for the memory, not for the frames. The load comes from
 * a server of our own that answers as a daemon would: 200 blocks a minute and 2,000 changes of the pool a second. What is
 * measured is the page alone.
 */
import '../src/native/hasher.ts';
import { randomBytes } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { type ExplorerFile, readExplorer } from '../src/api/explorer.ts';
import { formatAddress } from '../src/core/address.ts';
import type { Address } from '../src/core/identifiers.ts';
import { launchBrowser } from '../test/support/browser.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '20' }, speed: { type: 'string', default: '1' } },
});
const SECONDS = Number(values.seconds);
const SPEED = Number(values.speed);
const BLOCK_EVERY_MS = 300;
const TICK_MS = 20;
const TRANSACTIONS_PER_TICK = 40 * SPEED;
/** How often the memory is looked at. Each look collects garbage, which would cost frames. */
const LOOKS = SPEED === 1 ? 1 : 6;
const START_HEIGHT = 1_000_000;
const PAINT_RUNS = 5;

/** In the page: the time between two frames, over and over. */
const COUNT_FRAMES = `{
  const gaps = [];
  let last = performance.now();
  const begin = last;
  const step = (now) => { gaps.push(now - last); last = now; requestAnimationFrame(step); };
  requestAnimationFrame(step);
  window.tallyFrames = () => {
    const sorted = [...gaps].sort((a, b) => a - b);
    return {
      count: gaps.length,
      worst: sorted.at(-1),
      p99: sorted[Math.floor(sorted.length * 0.99)],
      ms: performance.now() - begin,
    };
  };
}`;

const id = () => randomBytes(32).toString('hex');
const address = () => formatAddress(id() as Address);
const MINERS = Array.from({ length: 5 }, address);

interface FakeBlock {
  readonly id: string;
  readonly parent: string;
  readonly height: number;
  readonly timestamp: string;
  readonly bits: string;
  readonly miner: string;
  readonly work: string;
  readonly state: 'chain' | 'branch';
  readonly transactions: number;
  readonly size: number;
}

const chain: FakeBlock[] = [];
const streams = new Set<ServerResponse>();
let eventId = Date.now();
let events = 0;
let poolCount = 0;

function addBlock(): FakeBlock {
  const before = chain.at(-1);
  const block: FakeBlock = {
    id: id(),
    parent: before?.id ?? id(),
    height: (before?.height ?? START_HEIGHT) + 1,
    timestamp: new Date().toISOString(),
    bits: '0x1f010000',
    miner: MINERS[Math.floor(Math.random() * MINERS.length)] ?? '',
    work: String(chain.length * 65_536),
    state: 'chain',
    transactions: 600,
    size: 100_000,
  };
  chain.push(block);
  return block;
}
for (let count = 0; count < 400; count++) addBlock();

function answer(path: string, query: URLSearchParams): unknown {
  const tip = chain.at(-1);
  const length = (tip?.height ?? 0) + 1;
  switch (path) {
    case '/v1/status':
      return {
        network: 'load',
        networkId: id(),
        version: '0.0.0',
        peerId: 'load',
        addresses: [],
        startedAt: new Date(eventId).toISOString(),
        height: length - 1,
        tip: tip?.id,
        work: tip?.work,
        bits: tip?.bits,
        difficulty: 1,
        targetIntervalMs: BLOCK_EVERY_MS,
        peers: 4,
        pool: { count: poolCount, bytes: poolCount * 160, minFeeRate: '1' },
        mining: { active: false, hashrate: 0, threads: 1 },
        sync: { state: 'idle', height: length - 1, targetHeight: length - 1 },
      };
    case '/v1/network':
      return {
        id: id(),
        params: { name: 'load', maxBlockBytes: 1_048_576, halvingInterval: 0, subsidy: '1', allocations: [] },
      };
    case '/v1/chain/tree': {
      const limit = Number(query.get('limit') ?? 100);
      const from = Number(query.get('from') ?? length - limit);
      return {
        length,
        tip: tip?.id,
        blocks: chain.filter(({ height }) => height >= from && height < from + limit),
      };
    }
    case '/v1/chain/forks':
      return { forks: [] };
    case '/v1/pool':
      return { count: poolCount, bytes: poolCount * 160, transactions: [] };
    default:
      return undefined;
  }
}

function tell(type: string, data: object): void {
  events += 1;
  eventId += 1;
  const text = `event: ${type}\nid: ${eventId}\ndata: ${JSON.stringify({ ...data, at: new Date().toISOString() })}\n\n`;
  for (const stream of streams) stream.write(text);
}

const files = await readExplorer();
/** What the page has asked for. */
const fetched = new Set<ExplorerFile>();
const sizeOf = ({ brotli, plain }: ExplorerFile): number => (brotli ?? plain).length;
const bytesOf = (some: Iterable<ExplorerFile>): number =>
  [...some].reduce((sum, file) => sum + sizeOf(file), 0);
const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://load');
  const file = files.find(({ path }) => path === pathname);
  if (file !== undefined) {
    fetched.add(file);
    response.setHeader('content-type', file.type);
    if (file.brotli !== undefined) response.setHeader('content-encoding', 'br');
    response.end(file.brotli ?? file.plain);
  } else if (pathname === '/v1/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(': hello\n\n');
    streams.add(response);
    response.on('close', () => streams.delete(response));
  } else {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer(pathname, searchParams) ?? {}));
  }
});
server.listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/#/`;

const browser = await launchBrowser();
try {
  const paints: number[] = [];
  for (let run = 0; run < PAINT_RUNS; run++) {
    const page = await browser.newPage();
    await page.goto(url);
    await page.locator('.is-tip').waitFor();
    paints.push(Number(await page.evaluate('performance.now()')));
    await page.close();
  }
  const first = bytesOf(fetched);
  line(
    'sent, compressed',
    `${kB(first)} for the first page (goal 150 kB), ${kB(bytesOf(files) - first)} only where it is needed`,
  );
  paints.sort((a, b) => a - b);
  line(
    'the tip is seen after',
    `${Math.round(paints[Math.floor(PAINT_RUNS / 2)] ?? 0)} ms, median of ${PAINT_RUNS}, nothing cached`,
  );

  const page = await browser.newPage({ viewport: { width: 1_280, height: 860 } });
  await page.goto(url);
  await page.locator('.is-tip').waitFor();
  const heapBefore = await heapOf(page);
  const load = startLoad();
  await page.evaluate(COUNT_FRAMES);
  const heaps: number[] = [];
  for (let look = 0; look < LOOKS; look++) {
    await new Promise((resolve) => setTimeout(resolve, (SECONDS * 1_000) / LOOKS));
    heaps.push(await heapOf(page));
  }
  const frames = (await page.evaluate('window.tallyFrames()')) as {
    count: number;
    worst: number;
    p99: number;
    ms: number;
  };
  load.stop();
  line(
    'frames a second',
    `${((1_000 * frames.count) / frames.ms).toFixed(1)}, 99 of 100 within ${frames.p99.toFixed(0)} ms, the longest ${frames.worst.toFixed(0)} ms`,
  );
  line('events taken in', `${events.toLocaleString('en')} in ${SECONDS} s: ${SPEED} times the load`);
  line(
    'memory of scripts',
    `${kB(heapBefore)} before, ${heaps.map(kB).join(', ')} on the way, garbage collected`,
  );
  await page.close();
} finally {
  await browser.close();
  server.closeAllConnections();
  server.close();
}

function startLoad(): { stop(): void } {
  const blocks = setInterval(() => {
    poolCount = Math.max(0, poolCount - 600);
    const { bits: _bits, size: _size, state: _state, work: _work, ...block } = addBlock();
    tell('block', { event: 'block.accepted', ...block, source: 'gossip', latencyMs: 12, onChain: true });
  }, BLOCK_EVERY_MS / SPEED);
  const transactions = setInterval(() => {
    for (let count = 0; count < TRANSACTIONS_PER_TICK; count++) {
      poolCount += 1;
      tell('transaction', {
        event: 'transaction.accepted',
        id: id(),
        sender: MINERS[0],
        recipient: MINERS[1],
        amount: '1',
        fee: '1',
      });
    }
  }, TICK_MS);
  return {
    stop: () => {
      clearInterval(blocks);
      clearInterval(transactions);
    },
  };
}

async function heapOf(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize;
}

function line(name: string, text: string): void {
  console.log(`${name.padEnd(24)} ${text}`);
}

function kB(bytes: number): string {
  return `${Math.round(bytes / 1_000).toLocaleString('en')} kB`;
}
