/** The plots of a report. */
import type { Figures } from '../measurements.ts';
import { mean, percentile } from '../measurements-sample.ts';
import type { SimulationResult } from '../simulation.ts';
import { barPlot, linePlot, type Point } from './plot.ts';
import { duration, percent, significant } from './words.ts';

/** Points of a curve, bars of a histogram: what the eye can tell apart. */
const CURVE_POINTS = 200;
const BARS = 30;
/** The last few arrivals, at nodes that were down, would press the others into a corner. */
const SHOWN_ARRIVALS = 0.995;
const SHOWN_INTERVALS = 0.98;

export function plotsOf(result: SimulationResult, figures: Figures): string[] {
  return [
    propagation(figures),
    intervals(result, figures),
    stale(figures),
    reorganisations(figures),
    pool(figures),
    traffic(figures),
  ];
}

function propagation({ propagationMs }: Figures): string {
  const most = percentile(propagationMs, SHOWN_ARRIVALS);
  const inSeconds = most > 5_000;
  return linePlot(
    {
      title: 'How blocks spread',
      gist: `Half of the nodes had a block after ${duration(percentile(propagationMs, 0.5))}, 90 % after ${duration(percentile(propagationMs, 0.9))}.`,
      x: `${inSeconds ? 'seconds' : 'milliseconds'} since the block was mined`,
      y: 'percent of arrivals',
      yMost: 100,
    },
    cumulative(propagationMs, SHOWN_ARRIVALS).map(({ x, y }) => ({ x: inSeconds ? x / 1_000 : x, y })),
  );
}

function intervals({ scenario }: SimulationResult, { intervalsMs }: Figures): string {
  const meanMs = mean(intervalsMs);
  const most = Math.max(1, percentile(intervalsMs, SHOWN_INTERVALS));
  const curve = Array.from({ length: CURVE_POINTS }, (_, i) => {
    const ms = ((i + 0.5) * most) / CURVE_POINTS;
    return { x: ms / 1_000, y: (100 * Math.exp(-ms / meanMs) * most) / BARS / meanMs };
  });
  return barPlot(
    {
      title: 'Time between blocks',
      gist: `${duration(meanMs)} on average, ${significant(scenario.blockIntervalSeconds)} s wanted. Blocks found by chance come at exponential intervals.`,
      x: 'seconds since the block before',
      y: 'percent of blocks',
    },
    histogram(intervalsMs, most).map(({ x, y }) => ({ x: x / 1_000, y })),
    most / BARS / 1_000,
    { name: 'exponential', points: curve },
  );
}

function stale({ blocksMined, blocksStale, staleOverTime, staleRate }: Figures): string {
  return linePlot(
    {
      title: 'Stale blocks',
      gist: `${blocksStale} of ${blocksMined} blocks of honest miners came to nothing: ${percent(staleRate)}.`,
      x: 'virtual minutes',
      y: 'percent of the blocks so far',
    },
    staleOverTime.map(({ atMs, value }) => ({ x: atMs / 60_000, y: 100 * value })),
  );
}

function reorganisations({ reorganisations: depths }: Figures): string {
  const bars = Object.entries(depths).map(([depth, count]) => ({ x: Number(depth), y: count }));
  const deepest = bars.reduce((most, { x }) => Math.max(most, x), 0);
  return barPlot(
    {
      title: 'Depth of reorganisations',
      gist: `The deepest left ${deepest} ${deepest === 1 ? 'block' : 'blocks'} behind.`,
      x: 'blocks left behind',
      y: 'times, over all nodes',
      isCount: true,
    },
    bars,
    0.8,
  );
}

function pool({ pool: points }: Figures): string {
  const values = points.map(({ value }) => value);
  return linePlot(
    {
      title: 'Transactions waiting in a pool',
      gist: `${significant(mean(values))} on average, ${significant(values.reduce((most, value) => Math.max(most, value), 0))} at most.`,
      x: 'virtual minutes',
      y: 'transactions, mean of the pools',
    },
    points.map(({ atMs, value }) => ({ x: atMs / 60_000, y: value })),
  );
}

function traffic({ bytesPerSecond }: Figures): string {
  return linePlot(
    {
      title: 'Traffic of the nodes',
      gist: `Half of the nodes send and receive more than ${significant(percentile(bytesPerSecond, 0.5))} bytes a second, the busiest ${significant(bytesPerSecond.at(-1) ?? 0)}.`,
      x: 'bytes a second, sent and received',
      y: 'percent of nodes at or below',
      yMost: 100,
    },
    cumulative(bytesPerSecond, 1),
  );
}

/** How many percent are at most so much, up to the share of them that is shown. */
function cumulative(sorted: readonly number[], upTo: number): Point[] {
  const count = Math.ceil(upTo * sorted.length);
  const [first] = sorted;
  if (first === undefined) return [];
  const step = Math.max(1, Math.floor(count / CURVE_POINTS));
  const points: Point[] = [{ x: first, y: 0 }];
  for (let i = step - 1; i < count; i += step) {
    points.push({ x: sorted[i] as number, y: (100 * (i + 1)) / sorted.length });
  }
  return points;
}

/** Percent of the values in each of `BARS` parts up to `most`. */
function histogram(values: readonly number[], most: number): Point[] {
  if (values.length === 0) return [];
  const counts = new Array<number>(BARS).fill(0);
  for (const value of values) {
    const bar = Math.floor((BARS * value) / most);
    if (bar < BARS) counts[bar] = (counts[bar] as number) + 1;
  }
  return counts.map((count, bar) => ({
    x: ((bar + 0.5) * most) / BARS,
    y: (100 * count) / values.length,
  }));
}
