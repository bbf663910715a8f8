import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chosenScenario } from '../../src/cli/simulate/choose-scenario.ts';
import { confidenceOf } from '../../src/cli/simulate/confidence.ts';
import { megabytesFor } from '../../src/cli/simulate/memory.ts';
import { argumentsFor, commandFor, readHashpower } from '../../src/cli/simulate/options.ts';
import { DEFAULTS } from '../../src/simulation/scenario.ts';
import { simulate } from '../../src/simulation/simulation.ts';
import { drawScenario } from '../../src/simulation/swarm.ts';
import { type Ran, runTally } from '../support/run-tally.ts';

/** A run of a fraction of a second. */
const SMALL = ['--nodes', '4', '--hours', '0.02', '--latency', '50', '--seed', '7'];

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tally-simulate-'));
});

afterAll(() => rm(folder, { recursive: true }));

function tally(...args: string[]): Promise<Ran> {
  return runTally(['simulate', ...args]);
}

async function json(...args: string[]) {
  const ran = await tally(...args, '--json');
  expect(ran).toMatchObject({ status: 0, stderr: '' });
  return JSON.parse(ran.stdout);
}

describe('one run', () => {
  test('is told in words, on standard output alone', async () => {
    const { status, stderr, stdout } = await tally(...SMALL);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^scenario +plain, seed 7$/m);
    expect(stdout).toMatch(/^network +4 nodes, 4 mining, latency 50 ms, a block every 10 s$/m);
    expect(stdout).toMatch(/^rules +none was broken$/m);
    expect(stdout).toMatch(/^digest +[0-9a-f]{64} over [0-9]+ events$/m);
  });

  test('has in another process the digest it has in this one', async () => {
    const scenario = await chosenScenario({ nodes: 4, hours: 0.02, latency: '50', seed: 7, seeds: 1 });
    const here = await simulate(scenario);
    const there = await json(...SMALL);
    expect(there).toMatchObject({ digest: here.digest, events: here.events, height: here.height });
    expect(there.scenario).toEqual(scenario);
  });

  test('writes a report and a trace with a line for each event', async () => {
    const report = join(folder, 'report.html');
    const trace = join(folder, 'trace.txt');
    const { events } = await json(...SMALL, '--report', report, '--trace', trace);
    expect(await readFile(report, 'utf8')).toMatch(/^<!doctype html>.*<\/html>\n$/s);
    const lines = (await readFile(trace, 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(events);
    expect(lines[0]).toMatch(/^ +1 +[0-9.]+ n[0-3] +started /);
  });

  test('stops at an event and prints what each node believes', async () => {
    const { status, stdout } = await tally(...SMALL, '--stop-at', '200');
    expect(status).toBe(0);
    // What happens at once is one step, and may be several events.
    expect(stdout).toMatch(/^stopped at event 20[0-4], [0-9.]+ s$/m);
    for (const node of ['n0', 'n1', 'n2', 'n3']) {
      expect(stdout).toMatch(new RegExp(`^${node} +honest +tip [0-9]+ [0-9a-f]{12} `, 'm'));
    }
    const { events, stopped, views } = await json(...SMALL, '--stop-at', '200');
    expect({ stopped, views: views.length }).toEqual({ stopped: true, views: 5 });
    expect(events).toBeLessThan(205);
  });
});

test("the swarm's scenario of a seed is run as the swarm does", async () => {
  const there = await json('--swarm', '12');
  expect(there.scenario).toEqual(JSON.parse(JSON.stringify(drawScenario(12))));
});

test('several seeds come to means with their confidence, each as if it ran alone', async () => {
  const { means, runs } = await json(...SMALL, '--seeds', '3');
  expect(runs.map(({ scenario }: { scenario: { seed: number } }) => scenario.seed)).toEqual([7, 8, 9]);
  expect(runs[0].digest).toBe((await json(...SMALL)).digest);
  expect(new Set(runs.map(({ digest }: { digest: string }) => digest)).size).toBe(3);
  const heights: number[] = runs.map(({ height }: { height: number }) => height);
  expect(means.height.mean).toBeCloseTo(heights.reduce((sum, height) => sum + height, 0) / 3);
  const { stdout } = await tally(...SMALL, '--seeds', '2');
  expect(stdout).toMatch(/^7 +[0-9]+ +[0-9.]+ % /m);
  expect(stdout).toMatch(/^height +[0-9.]+ +± [0-9.]+$/m);
});

describe('what is wrong is told in one line, before anything runs', () => {
  test.each([
    ['an unknown scenario', 1, ['--scenario', 'nowhere'], 'no scenario and no file is called nowhere'],
    ['an unknown fault', 1, ['--faults', 'fire'], 'no kind of fault and no file is called fire'],
    ['an unknown attack', 2, ['--attack', 'magic'], 'no attack is called magic; there are invalid-blocks'],
    ['a wrong fault', 2, ['--faults', '{"kind":"crash"}'], 'faults.0: must have required properties nodes'],
    ['no JSON', 2, ['--faults', '{kind}'], '--faults: '],
    ['a scenario changed beside the swarm', 2, ['--swarm', '1', '--nodes', '3'], 'leave out --nodes'],
    ['several runs to stop', 2, ['--seeds', '2', '--stop-at', '9'], '--stop-at is for one run'],
    ['two things on one output', 2, ['--trace', '--json'], '--trace FILE'],
    ['hash power of more than all', 2, ['--hashpower', '60,50'], 'hashpower: 110 percent together'],
    ['an unknown place', 2, ['--latency', 'moon'], 'latency: lan, planet or 0 to 60000 ms, not "moon"'],
    ['no number', 2, ['--nodes', 'many'], '"many" is not a whole number from 1 to 100000'],
    ['no miner', 2, ['--hashpower', '0'], 'not a whole number from 1'],
    [
      'a report nowhere',
      1,
      ['--report', '/nowhere/at/all.html'],
      'cannot write /nowhere/at/all.html (ENOENT)',
    ],
    ['a trace nowhere', 1, ['--trace', '/nowhere/at/all.txt'], 'cannot write /nowhere/at/all.txt (ENOENT)'],
    ['an event that never comes', 1, [...SMALL, '--stop-at', '99999999'], 'there is no event 99999999'],
  ])('%s', async (_what, expected, args, message) => {
    const { status, stderr, stdout } = await tally(...args);
    expect({ status, stdout }).toEqual({ status: expected, stdout: '' });
    expect(stderr).toMatch(/^tally: [^\n]+\n$/);
    expect(stderr).toContain(message);
  });
});

describe('the scenario', () => {
  test('of a file is changed by options', async () => {
    const file = join(folder, 'mine.json');
    const faults = [{ kind: 'crash', nodes: 1, atSeconds: 5, forSeconds: 5 }];
    await writeFile(file, JSON.stringify({ name: 'mine', nodes: 30, hours: 0.02, faults }));
    const { scenario } = await json('--scenario', file, '--nodes', '5', '--interval', '3', '--seed', '4');
    expect(scenario).toMatchObject({
      name: 'mine',
      nodes: 5,
      hours: 0.02,
      blockIntervalSeconds: 3,
      seed: 4,
      faults,
    });
  });

  test('has as many miners as nodes where there are fewer', async () => {
    expect((await chosenScenario({ nodes: 4, seeds: 1 })).hashpower).toEqual([25, 25, 25, 25]);
    expect((await chosenScenario({ nodes: 30, seeds: 1 })).hashpower).toEqual(DEFAULTS.hashpower);
  });

  test('takes faults and attacks by name, and lets them end before the run', async () => {
    const scenario = await chosenScenario({ hours: 0.5, faults: ['partition'], attack: ['spam'], seeds: 1 });
    expect(scenario.faults).toEqual([{ kind: 'partition', share: 0.35, atSeconds: 600, forSeconds: 600 }]);
    expect(scenario.attacks).toEqual([{ kind: 'spam', hashpower: 20, atSeconds: 180, forSeconds: 1_440 }]);
    const every = ['partition', 'crash', 'churn', 'disturbance', 'slow', 'clock', 'hashpower'];
    expect((await chosenScenario({ faults: every, seeds: 1 })).faults.map(({ kind }) => kind)).toEqual(every);
  });

  test('list names them all', async () => {
    const { stdout } = await tally('--scenario', 'list');
    for (const name of ['plain', 'classroom', 'partition', 'selfish-40', 'planet-1000'])
      expect(stdout).toMatch(new RegExp(`^${name} `, 'm'));
  });
});

describe('the command that runs it again', () => {
  test.each(['1', '3', '20', '40,30,30', '33.33,33.33,33.34'])('means the hash power %s', (text) => {
    const percents = readHashpower(text);
    const args = argumentsFor({ hashpower: percents, seeds: 1 }, 5);
    expect(args).toEqual(['--hashpower', text, '--seed', '5']);
  });

  test('is one a shell takes', () => {
    const faults = ['{"kind":"crash"}', "it's.json"];
    expect(commandFor({ faults, seeds: 4, nodes: 3 }, 9)).toBe(
      `npx tally simulate --nodes 3 --faults '{"kind":"crash"}' --faults 'it'\\''s.json' --seed 9`,
    );
    expect(commandFor({ swarm: 3, seeds: 4 }, 5)).toBe('npx tally simulate --swarm 5');
  });
});

test('large runs get more memory, small ones do not start twice', () => {
  expect(megabytesFor(DEFAULTS)).toBeUndefined();
  expect(megabytesFor({ ...DEFAULTS, nodes: 10_000 })).toBeGreaterThan(0);
});

test('confidence is as the tables have it', () => {
  // t(2; 0.975) = 4.303, s = 1, n = 3
  expect(confidenceOf([1, 2, 3]).mean).toBe(2);
  expect(confidenceOf([1, 2, 3]).halfWidth).toBeCloseTo(4.303 / Math.sqrt(3));
  expect(confidenceOf([5])).toEqual({ mean: 5, halfWidth: undefined });
  expect(confidenceOf(Array.from({ length: 100 }, (_, i) => i % 2)).halfWidth).toBeCloseTo(0.0995, 3);
});
