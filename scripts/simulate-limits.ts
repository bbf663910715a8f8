/**
 * How far does it go? How fast blocks of so many payments spread over 100, 1,000 and 10,000 daemons on a LAN and over the
 * planet, and what block interval that allows. Over the lines go compact blocks, a short id a payment, which everybody
 * is taken to have in its pool; computing takes no time.
 *
 *     node scripts/simulate-limits.ts [--nodes 100,1000] [--json]
 */
import '../src/native/hasher.ts';
import { parseArgs } from 'node:util';
import { SHORT_ID_BYTES } from '../src/core/short-ids.ts';
import { Measurements } from '../src/simulation/measurements.ts';
import { mean, percentile } from '../src/simulation/measurements-sample.ts';
import { DEFAULTS, type Scenario } from '../src/simulation/scenario.ts';
import { simulate } from '../src/simulation/simulation.ts';

interface Place {
  readonly latency: string;
  /** What a node has up and down; the planet's is what SimBlock's source gives for Europe and America in 2019. */
  readonly megabitsPerSecond: number;
}

const PLACES: readonly Place[] = [
  { latency: 'lan', megabitsPerSecond: 1_000 },
  { latency: 'planet', megabitsPerSecond: 20 },
];
/** Payments in a block: none, some 100 kB, as many as the built-in networks allow (1 MB). */
const PAYMENTS = [0, 600, 6_000];
/** Apart enough that one block has spread before the next. */
const INTERVAL_SECONDS = 30;
const WARM_UP_SECONDS = 60;

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '100,1000,10000' },
    json: { type: 'boolean', default: false },
  },
});
const sizes = values.nodes.split(',').map(Number);
const results: object[] = [];

if (!values.json) {
  console.log(
    '| nodes | where | payments a block | peers told | half know it | 90 % | mean | stale at 5 s | at 10 s | 1 % stale from |',
  );
  console.log(`|${' --- |'.repeat(10)}`);
}
for (const nodes of sizes) {
  for (const place of PLACES) {
    for (const payments of PAYMENTS) await measure(nodes, place, payments, DEFAULTS.peers);
  }
}
for (const peers of sizes.includes(1_000) ? [1, 8, 16] : []) {
  await measure(1_000, PLACES[1] as Place, PAYMENTS[1] as number, peers);
}
if (values.json) console.log(JSON.stringify(results, null, 2));

async function measure(nodes: number, place: Place, payments: number, peers: number): Promise<void> {
  const blocks = nodes >= 10_000 ? 6 : 30;
  const scenario: Scenario = {
    ...DEFAULTS,
    ...place,
    nodes,
    peers,
    hours: (WARM_UP_SECONDS + blocks * INTERVAL_SECONDS) / 3_600,
    blockIntervalSeconds: INTERVAL_SECONDS,
    transactionsPerSecond: 0,
    wallets: 0,
  };
  let measurements: Measurements | undefined;
  const result = await simulate(scenario, {
    checks: false,
    onWorld: (world) => {
      world.hub.blockPaddingBytes = SHORT_ID_BYTES * payments;
      // Before that, nodes are still finding each other.
      world.scheduler.after(1_000 * WARM_UP_SECONDS, () => {
        measurements = new Measurements(world);
      });
    },
  });
  const { propagationMs } = measurements?.figures(result) ?? { propagationMs: [] };
  const meanMs = mean(propagationMs);
  const stale = (intervalMs: number): number => 1 - Math.exp(-meanMs / intervalMs);
  const row = {
    nodes,
    latency: place.latency,
    megabitsPerSecond: place.megabitsPerSecond,
    payments,
    peers,
    medianMs: percentile(propagationMs, 0.5),
    p90Ms: percentile(propagationMs, 0.9),
    meanMs,
    staleAt5s: stale(5_000),
    staleAt10s: stale(10_000),
    /** The interval at which one block in a hundred is stale. */
    intervalSecondsForOnePercent: meanMs / 1_000 / -Math.log(0.99),
  };
  results.push(row);
  if (values.json) return;
  const cells = [
    nodes.toLocaleString('en'),
    place.latency,
    payments.toLocaleString('en'),
    String(peers),
    milliseconds(row.medianMs),
    milliseconds(row.p90Ms),
    milliseconds(meanMs),
    percent(row.staleAt5s),
    percent(row.staleAt10s),
    `${row.intervalSecondsForOnePercent.toPrecision(2)} s`,
  ];
  console.log(`| ${cells.join(' | ')} |`);
}

function milliseconds(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

function percent(share: number): string {
  return `${(100 * share).toPrecision(2)} %`;
}
