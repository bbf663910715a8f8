/** `tally simulate` as a person uses it. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTally } from '../support/run-tally.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tallystick-simulate-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const SMALL = ['simulate', '--nodes', '4', '--hours', '0.03'];

describe('tally simulate', () => {
  it('tells in words what came of it', async () => {
    const { status: code, stderr, stdout } = await runTally([...SMALL, '--interval', '5']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/4 nodes/);
    expect(stdout).toMatch(/rules +none was broken/);
    expect(stdout).toMatch(/digest +[0-9a-f]{64}/);
  });

  it('gives the same digest for the same seed, another for another', async () => {
    const digestOf = async (seed: string): Promise<string> =>
      JSON.parse((await runTally([...SMALL, '--seed', seed, '--json'])).stdout).digest;
    const digest = await digestOf('5');
    expect(await digestOf('5')).toBe(digest);
    expect(await digestOf('6')).not.toBe(digest);
  });

  it('stops at an event and prints each node’s view', async () => {
    const { stdout } = await runTally([...SMALL, '--stop-at', '60']);
    expect(stdout).toMatch(/stopped at event 60/);
    expect(stdout.match(/^n[0-3] .*honest .*tip \d+/gm)).toHaveLength(4);
  });

  it('writes a page that needs nothing else', async () => {
    const file = join(folder, 'report.html');
    await runTally([...SMALL, '--report', file]);
    const page = await readFile(file, 'utf8');
    expect(page).toMatch(/<svg[\s\S]*How blocks spread|How blocks spread[\s\S]*<svg/);
    expect(page).not.toMatch(/(src|href)="?https?:/);
  });

  it('writes a line for each event', async () => {
    const file = join(folder, 'trace.txt');
    const { stdout } = await runTally([...SMALL, '--trace', file, '--json']);
    const lines = (await readFile(file, 'utf8')).trim().split('\n');
    expect(lines).toHaveLength(JSON.parse(stdout).events);
    expect(lines[0]).toMatch(/^ *1 +\d+\.\d{4} n\d +started/);
  });

  it('runs several seeds and compares them', async () => {
    const { status: code, stdout } = await runTally([...SMALL, '--seeds', '3', '--json']);
    expect(code).toBe(0);
    expect(new Set(JSON.parse(stdout).map(({ digest }: { digest: string }) => digest)).size).toBe(3);
  });

  it('takes a scenario file, and options over it', async () => {
    const file = join(folder, 'mine.json');
    await writeFile(
      file,
      JSON.stringify({
        name: 'mine',
        nodes: 5,
        hours: 0.03,
        hashpower: [60, 40],
        faults: [{ kind: 'crash', nodes: 2, powerCut: true, atSeconds: 20, forSeconds: 20 }],
      }),
    );
    const { stdout } = await runTally(['simulate', '--scenario', file, '--nodes', '6', '--json']);
    const { scenario } = JSON.parse(stdout);
    expect(scenario).toMatchObject({ name: 'mine', nodes: 6, hashpower: [60, 40] });
    expect(scenario.faults).toHaveLength(1);
  });

  it.each([
    [['--scenario', 'nowhere.json'], 1, /no scenario and no file is called nowhere.json/],
    [['--latency', 'moon'], 2, /latency: lan, planet or/],
    [['--faults', '{"kind":"crash"}'], 2, /faults/],
    [['--faults', '{nonsense'], 2, /--faults/],
    [['--attack', 'kindness'], 2, /attack/],
    [['--nodes', 'many'], 2, /whole number/],
    [['--hashpower', '60,60'], 2, /hashpower: 120 percent/],
  ])('refuses %j with one line', async (wrong, expected, message) => {
    const { status: code, stderr } = await runTally(['simulate', ...wrong]);
    expect(code).toBe(expected);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(message);
  });
});
