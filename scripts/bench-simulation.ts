/**
 * How large a simulation this machine can run: time and memory of the two sizes we promise, and how both grow with
 * nodes and with blocks. Every case runs in a process of its own.
 *
 *     node scripts/bench-simulation.ts [promise|nodes|blocks] [--json]
 */
import '../src/native/hasher.ts';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DEFAULTS } from '../src/simulation/scenario.ts';
import { simulate } from '../src/simulation/simulation.ts';

interface Case {
  readonly name: string;
  readonly nodes: number;
  readonly hours: number;
  readonly transactionsPerSecond: number;
  /** Seconds it may take. */
  readonly limit?: number;
}

interface Outcome extends Case {
  readonly seconds: number;
  readonly peakMegabytes: number;
  readonly blocks: number;
  readonly transactions: number;
  readonly events: number;
  readonly digest: string;
}

/** More than Node's default for the largest case. */
const HEAP_MEGABYTES = 12_000;
const TEN_MINUTES = 1 / 6;

const SUITES: Readonly<Record<string, readonly Case[]>> = {
  promise: [
    { name: '1,000 nodes with transactions', nodes: 1_000, hours: 1, transactionsPerSecond: 0.2, limit: 120 },
    { name: '10,000 nodes', nodes: 10_000, hours: 1, transactionsPerSecond: 0, limit: 600 },
  ],
  nodes: [10, 32, 100, 316, 1_000, 3_162].map((nodes) => ({
    name: `${nodes} nodes`,
    nodes,
    hours: TEN_MINUTES,
    transactionsPerSecond: 0.2,
  })),
  blocks: [0.25, 0.5, 1, 2, 4, 8].map((hours) => ({
    name: `${Math.round(360 * hours)} blocks`,
    nodes: 100,
    hours,
    transactionsPerSecond: 0.2,
  })),
};

const args = process.argv.slice(2);
const asked = args[args.indexOf('--case') + 1];
if (args.includes('--case') && asked !== undefined) {
  console.log(JSON.stringify(await measure(JSON.parse(asked))));
} else {
  const named = args.filter((arg) => arg in SUITES);
  const outcomes: Outcome[] = [];
  for (const suite of named.length > 0 ? named : Object.keys(SUITES)) {
    const measured: Outcome[] = [];
    for (const one of SUITES[suite] ?? []) {
      const outcome = await measureApart(one);
      measured.push(outcome);
      if (!args.includes('--json')) console.log(rowOf(outcome));
    }
    if (!args.includes('--json') && suite !== 'promise') console.log(growthOf(measured, suite));
    outcomes.push(...measured);
  }
  if (args.includes('--json')) console.log(JSON.stringify(outcomes, null, 2));
  if (outcomes.some(({ limit, seconds }) => limit !== undefined && seconds > limit)) process.exitCode = 1;
}

async function measure(one: Case): Promise<Outcome> {
  const startMs = performance.now();
  const { nodes, hours, transactionsPerSecond } = one;
  const result = await simulate({ ...DEFAULTS, nodes, hours, transactionsPerSecond }, { checks: false });
  return {
    ...one,
    seconds: (performance.now() - startMs) / 1_000,
    peakMegabytes: process.resourceUsage().maxRSS / 1_000,
    blocks: result.height,
    transactions: result.acknowledged,
    events: result.events,
    digest: result.digest,
  };
}

async function measureApart(one: Case): Promise<Outcome> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    `--max-old-space-size=${HEAP_MEGABYTES}`,
    fileURLToPath(import.meta.url),
    '--case',
    JSON.stringify(one),
  ]);
  return JSON.parse(stdout);
}

function rowOf({ blocks, events, limit, name, peakMegabytes, seconds, transactions }: Outcome): string {
  return [
    name.padEnd(30),
    `${seconds.toFixed(1).padStart(7)} s`,
    limit === undefined ? '' : `of ${limit} s at most`,
    `${peakMegabytes.toFixed(0).padStart(6)} MB`,
    `${blocks} blocks`,
    `${transactions} transactions`,
    `${events} events`,
    `${'▇'.repeat(Math.max(1, Math.round(6 * Math.log10(seconds * 10))))}`,
  ].join('  ');
}

/** The exponent of growth between the last two sizes: 1 is proportional. */
function growthOf(outcomes: readonly Outcome[], suite: string): string {
  const [before, last] = outcomes.slice(-2);
  if (before === undefined || last === undefined) return '';
  const size = (outcome: Outcome): number => (suite === 'nodes' ? outcome.nodes : outcome.blocks);
  const exponent = (of: (outcome: Outcome) => number): string =>
    (Math.log(of(last) / of(before)) / Math.log(size(last) / size(before))).toFixed(2);
  return `time grows as ${suite}^${exponent(({ seconds }) => seconds)}, memory as ${suite}^${exponent(({ peakMegabytes }) => peakMegabytes)} (last two rows)`;
}
