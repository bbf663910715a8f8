/** A simulation as one HTML page that needs nothing else: the summary and the plots. */
import { type Figures, mean, percentile } from '../measurements.ts';
import type { SimulationResult } from '../simulation.ts';
import { barPlot, escapeHtml, linePlot, type Point } from './plot.ts';

/** Points of a cumulative curve, bars of a histogram: what the eye can tell apart. */
const CURVE_POINTS = 200;
const BARS = 30;

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --paper: #fff; --faint: #d8dee6; --s0: #2563c9; --s1: #c2410c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9f0; --paper: #141a22; --faint: #323d4b; --s0: #7db3ff; --s1: #ff9d66; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1180px; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; } table { border-collapse: collapse; } th { text-align: left; vertical-align: top; padding-right: 1rem; font-weight: 600; white-space: nowrap; }
td { overflow-wrap: anywhere; } .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 1rem; margin-top: 1.5rem; }
figure { margin: 0; border: 1px solid var(--faint); border-radius: 8px; padding: .75rem; } figcaption { font-weight: 600; }
svg { width: 100%; height: auto; } svg text { font-size: 12px; fill: var(--ink); } .grid { stroke: var(--faint); }
.line { fill: none; stroke-width: 2; } .s0 { stroke: var(--s0); } .s1 { stroke: var(--s1); } .theory { stroke-dasharray: 6 4; } .bar { fill: var(--s0); }
.broken { border: 2px solid var(--s1); border-radius: 8px; padding: .5rem 1rem; } pre { overflow-x: auto; }
`;

export function reportOf(
  result: SimulationResult,
  figures: Figures,
  summary: Record<string, string>,
): string {
  const { scenario, violations } = result;
  const rows = Object.entries(summary).map(
    ([name, value]) => `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  const broken = violations.map(
    ({ atMs, check, machine = 'the network', message }) =>
      `<li>${(atMs / 1_000).toFixed(1)} s, ${escapeHtml(check)}, ${escapeHtml(machine)}: ${escapeHtml(message)}</li>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(scenario.name)}: a Tallystick simulation</title><style>${STYLE}</style></head><body>
<h1>${escapeHtml(scenario.name)}: a Tallystick simulation</h1>
${scenario.description === undefined ? '' : `<p>${escapeHtml(scenario.description)}</p>`}
<table>${rows.join('\n')}</table>
${broken.length === 0 ? '' : `<div class="broken"><h2>Rules were broken</h2><ul>${broken.join('')}</ul></div>`}
<div class="plots">${plotsOf(result, figures).join('\n')}</div>
<details><summary>The scenario</summary><pre>${escapeHtml(JSON.stringify(scenario, null, 2))}</pre></details>
</body></html>
`;
}

function plotsOf({ elapsedMs, scenario }: SimulationResult, figures: Figures): string[] {
  const { bytesPerSecond, intervalsMs, pool, propagationMs, reorganisations } = figures;
  const meanMs = mean(intervalsMs);
  const longestMs = Math.max(1, percentile(intervalsMs, 0.98));
  return [
    linePlot({ title: 'How blocks spread', x: 'milliseconds since it was mined', y: 'percent of arrivals' }, [
      { name: 'measured', points: cumulative(propagationMs, 0.995) },
    ]),
    barPlot(
      { title: 'Time between blocks', x: 'seconds', y: 'percent of blocks' },
      histogram(intervalsMs, longestMs).map(({ x, y }) => ({ x: x / 1_000, y })),
      longestMs / BARS / 1_000,
      {
        name: 'exponential',
        isTheory: true,
        points: Array.from({ length: CURVE_POINTS }, (_, i) => {
          const ms = ((i + 0.5) * longestMs) / CURVE_POINTS;
          return { x: ms / 1_000, y: (100 * Math.exp(-ms / meanMs) * longestMs) / BARS / meanMs };
        }),
      },
    ),
    barPlot(
      { title: 'Blocks on the chain and stale', x: '0: on the chain, 1: stale', y: 'blocks' },
      [
        { x: 0, y: figures.blocksMined - figures.blocksStale },
        { x: 1, y: figures.blocksStale },
      ],
      0.8,
    ),
    barPlot(
      { title: 'Depth of reorganisations', x: 'blocks left behind', y: 'times, over all nodes' },
      Object.entries(reorganisations).map(([depth, count]) => ({ x: Number(depth), y: count })),
      0.8,
    ),
    linePlot({ title: 'Transactions waiting in a pool', x: 'virtual minutes', y: 'transactions' }, [
      { name: 'mean', points: pool.map(({ atMs, count }) => ({ x: atMs / 60_000, y: count })) },
    ]),
    linePlot(
      {
        title: `Traffic of each node over ${(elapsedMs / 3_600_000).toFixed(1)} h, latency ${scenario.latency}`,
        x: 'bytes a second, sent and received',
        y: 'percent of nodes',
      },
      [{ name: 'nodes', points: cumulative(bytesPerSecond, 1) }],
    ),
  ];
}

/** How many percent are at most so much, up to the share of them that is shown. */
function cumulative(sorted: readonly number[], upTo: number): Point[] {
  const count = Math.ceil(upTo * sorted.length);
  const step = Math.max(1, Math.floor(count / CURVE_POINTS));
  const points: Point[] = [];
  for (let i = 0; i < count; i += step) {
    points.push({ x: sorted[i] as number, y: (100 * (i + 1)) / sorted.length });
  }
  return points;
}

/** Percent of the values in each of `BARS` parts up to `most`. */
function histogram(values: readonly number[], most: number): Point[] {
  const counts = new Array<number>(BARS).fill(0);
  for (const value of values) {
    const bar = Math.floor((BARS * value) / most);
    if (bar < BARS) counts[bar] = (counts[bar] as number) + 1;
  }
  return counts.map((count, bar) => ({
    x: ((bar + 0.5) * most) / BARS,
    y: (100 * count) / Math.max(1, values.length),
  }));
}
