import { beforeAll, describe, expect, test } from 'vitest';
import type { BlockId } from '../../src/core/identifiers.ts';
import { type Figures, Measurements } from '../../src/simulation/measurements.ts';
import type { PicturedBlock } from '../../src/simulation/measurements-blocks.ts';
import { chainPicture } from '../../src/simulation/report/chain-picture.ts';
import { barPlot, linePlot } from '../../src/simulation/report/plot.ts';
import { reportOf } from '../../src/simulation/report/report.ts';
import { numbersOf, summaryOf } from '../../src/simulation/report/summary.ts';
import { DEFAULTS, equalShares } from '../../src/simulation/scenario.ts';
import { type SimulationResult, simulate } from '../../src/simulation/simulation.ts';

const COST = { seconds: 2, peakMegabytes: 150 };
const AXES = { title: 'Title', gist: 'Gist.', x: 'seconds', y: 'percent' };

let result: SimulationResult;
let figures: Figures;

beforeAll(async () => {
  let measurements: Measurements | undefined;
  result = await simulate(
    {
      ...DEFAULTS,
      name: 'a <b>bold</b> "name" & more',
      description: 'what <script>alert(1)</script> it is',
      nodes: 6,
      hours: 0.1,
      hashpower: equalShares(6),
      attacks: [{ kind: 'selfish-mining', hashpower: 80, gamma: 1, atSeconds: 10, forSeconds: 300 }],
    },
    {
      onWorld: (world) => {
        measurements = new Measurements(world);
      },
      onProgress: () => measurements?.look(),
    },
  );
  if (measurements === undefined) throw new Error('the world never came');
  figures = measurements.figures(result);
});

/** Opening and closing tags fit each other. */
function expectWellFormed(html: string): void {
  const open: string[] = [];
  for (const [, end, name = '', empty] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*?(\/?)>/g)) {
    if (empty === '/' || name === 'meta') continue;
    if (end === '/') expect(open.pop()).toBe(name);
    else open.push(name);
  }
  expect(open).toEqual([]);
}

describe('the page', () => {
  test('needs nothing from anywhere, and no script', () => {
    const html = reportOf(result, figures, summaryOf(result, figures, COST));
    expect(html).not.toMatch(/https?:|<script|<link|<img|<iframe|@import|url\(|\bsrc=|\bhref=|\bon[a-z]+=/);
    expectWellFormed(html);
  });

  test('shows what a scenario says as words', () => {
    const html = reportOf(result, figures, summaryOf(result, figures, COST));
    expect(html).toContain('a &lt;b&gt;bold&lt;/b&gt; &quot;name&quot; &amp; more, seed 1');
    expect(html).toContain('what &lt;script&gt;alert(1)&lt;/script&gt; it is');
  });

  test('has every plot, with axes, units and a sentence for who does not see it', () => {
    const html = reportOf(result, figures, summaryOf(result, figures, COST));
    const titles = [...html.matchAll(/<h3>([^<]*)</g)].map(([, title]) => title);
    expect(titles).toEqual([
      'Where the chain forked most',
      'How blocks spread',
      'Time between blocks',
      'Stale blocks',
      'Depth of reorganisations',
      'Transactions waiting in a pool',
      'Traffic of the nodes',
    ]);
    expect([...html.matchAll(/<svg[^>]* role="img" aria-label="[^"]{20,}"/g)]).toHaveLength(7);
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
  });

  test('tells which rules were broken', () => {
    expect(reportOf(result, figures, {})).not.toContain('Rules were broken');
    const violations = [{ check: 'supply', atMs: 1_500, event: 7, machine: 'n3', message: 'too <much>' }];
    const html = reportOf({ ...result, violations }, figures, {});
    expect(html).toContain('<li>1.5 s, supply, n3: too &lt;much&gt;</li>');
    expectWellFormed(html);
  });

  test('of a run in which nothing happened is a page as well', () => {
    const nothing: Figures = {
      ...figures,
      staleOverTime: [],
      intervalsMs: [],
      propagationMs: [],
      reorganisations: {},
      pool: [],
      bytesPerSecond: [],
      confirmationMs: [],
      confirmed: 0,
      forks: [],
    };
    const empty = { ...result, height: 0, submitted: 0, acknowledged: 0 };
    const html = reportOf(empty, nothing, summaryOf(empty, nothing, COST));
    expectWellFormed(html);
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('the summary', () => {
  test('tells in words what was run and what came of it', () => {
    const summary = summaryOf(result, figures, COST);
    expect(summary.network).toBe('6 nodes, 6 mining, 1 attacker, latency planet, a block every 10 s');
    expect(summary.attackers).toMatch(/^selfish-mining; 44\.44 % of the hash power, [0-9.]+ % of the chain$/);
    expect(summary.rules).toBe('none was broken');
    expect(summary.speed).toContain('150 MB at most');
    expect(summary.digest).toBe(`${result.digest} over ${result.events} events`);
  });

  test('says the same in numbers', () => {
    expect(numbersOf(result, figures, COST)).toMatchObject({
      digest: result.digest,
      virtualSeconds: result.elapsedMs / 1_000,
      seconds: 2,
      blocksMined: figures.blocksMined,
      staleRate: figures.blocksStale / figures.blocksMined,
      transactions: { acknowledged: result.acknowledged },
      violations: [],
    });
  });
});

describe('a plot', () => {
  test('has round numbers on its axes, and the line from corner to corner', () => {
    const svg = linePlot({ ...AXES, yMost: 100 }, [
      { x: 0, y: 0 },
      { x: 30, y: 100 },
    ]);
    const labels = [...svg.matchAll(/>([0-9.,]+)<\/text>/g)].map(([, label]) => label);
    expect(labels).toEqual(['0', '20', '40', '60', '80', '100', '0', '5', '10', '15', '20', '25', '30']);
    expect(svg).toContain('d="M60 234L544 30"');
    expect(svg).toContain('aria-label="Title: percent against seconds. Gist."');
  });

  test('ends its axis above the highest bar, and counts in whole numbers', () => {
    const svg = barPlot(
      { ...AXES, isCount: true },
      [
        { x: 1, y: 7 },
        { x: 2, y: 11 },
      ],
      0.8,
    );
    const labels = [...svg.matchAll(/>([0-9.,]+)<\/text>/g)].map(([, label]) => label);
    expect(labels).toEqual(['0', '2', '4', '6', '8', '10', '12', '1', '2']);
    expect([...svg.matchAll(/<rect class="bar"/g)]).toHaveLength(2);
  });

  test('of nothing says so', () => {
    expect(linePlot(AXES, [])).toContain('There was none.');
    expect(barPlot(AXES, [], 1)).toContain('There was none.');
  });
});

describe('the picture of the forks', () => {
  const block = (id: string, parent: string, height: number, isOnChain = true): PicturedBlock => ({
    id: id as BlockId,
    parent: parent as BlockId,
    height,
    miner: 'x' as PicturedBlock['miner'],
    atMs: 0,
    minedAtMs: 0,
    isOnChain,
    isHonest: true,
  });
  const places = (svg: string): [number, number][] =>
    [...svg.matchAll(/<rect [^>]*x="([0-9]+)" y="([0-9]+)"/g)].map(([, x, y]) => [Number(x), Number(y)]);

  test('is left out if there is none', () => {
    expect(chainPicture([block('a', 'g', 1), block('b', 'a', 2)])).toBe('');
    expect(chainPicture([])).toBe('');
  });

  test('keeps the chain in one line, branches below, and no two blocks in one place', () => {
    const svg = chainPicture([
      block('a', 'g', 1),
      block('b', 'a', 2),
      block('x', 'a', 2, false),
      block('y', 'x', 3, false),
      block('z', 'b', 3, false),
      block('c', 'b', 3),
    ]);
    const found = places(svg);
    expect(found).toHaveLength(6);
    expect(new Set(found.map(String)).size).toBe(6);
    expect(found.filter(([, y]) => y === 16)).toHaveLength(3);
    expect(svg).toContain('3 of 6 blocks were left behind');
  });
});
