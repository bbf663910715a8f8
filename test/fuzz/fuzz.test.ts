/** The fuzzer finds what is planted; and what it has kept, with some thousand inputs more, finds nothing. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ROOT } from '../support/markdown.ts';
import type { Finding } from './engine/finding.ts';
import { instrument } from './engine/instrument.ts';

const run = promisify(execFile);
const DEADLINE_MS = 300_000;

function node(...parameters: readonly string[]): Promise<{ stdout: string }> {
  return run(process.execPath, ['--conditions=tallystick-source', ...parameters], { cwd: ROOT });
}

test('what is planted is found: an exception, a hang, a promise without an owner, a state', {
  timeout: DEADLINE_MS,
}, async () => {
  const { stdout } = await node('test/fuzz/fixtures/planted-run.ts');
  const findings = JSON.parse(stdout) as Finding[];
  expect(
    findings.map(({ kind, message, target }) => [target, kind, message.replace(/\d+ ms/, 'ms')]),
  ).toEqual([
    ['throwing', 'exception', 'four bytes in a row'],
    ['wordy', 'exception', 'a word of the code'],
    ['slow', 'slow', 'held the event loop for ms of processor time, at most 40'],
    ['rejecting', 'exception', 'nobody waits for it'],
    ['stateful', 'exception', 'the fourth of its kind'],
  ]);
  const [throwing, , , , stateful] = findings;
  expect(throwing?.stack).toContain('planted.ts');
  expect(throwing?.inputs, 'cut down to what it takes').toEqual([Buffer.from('TALY').toString('base64')]);
  expect(stateful?.inputs.length, 'all that led there').toBeGreaterThanOrEqual(4);
});

test('the kept inputs and some more: nothing hangs, and no exception but those that may be', {
  timeout: DEADLINE_MS,
}, async () => {
  const findings = await mkdtemp(join(tmpdir(), 'tally-fuzz-findings-'));
  try {
    const { stdout } = await node(
      'scripts/fuzz.ts',
      '--executions',
      '3000',
      '--seed',
      '1',
      '--findings',
      findings,
    );
    expect(stdout).toMatch(/^all \d+, .* 0$/m);
    expect(await readdir(findings)).toEqual([]);
  } finally {
    await rm(findings, { recursive: true, force: true });
  }
});

const SNIPPET = `const f = (a: number): string =>
  a > 2 ? 'big' : a === 1 ? 'one' : 'other';
function g(list: readonly number[]) {
  let sum = 0;
  if (list.length > 9) if (sum > 1) sum = 2; else sum = 3;
  for (const item of list) if (item > 1) sum += item
  else if (item < 0) { sum--; } else sum ||= 1;
  try { if (sum > 100) throw new Error('much'); } catch { return -1; }
  switch (sum) { case 4: return 40; default: return sum as number; }
}
const h = ({ b = 3 }: { b?: number } = {}) => ({ b, c: b && g([b]) });`;

test('instrumented code does the same in the same lines, and counts its branches', async () => {
  const { stripTypeScriptTypes } = await import('node:module');
  const code = instrument('snippet.ts', SNIPPET, () => 100);
  expect(code.split('\n')).toHaveLength(SNIPPET.split('\n').length);
  const withoutImport = code.replace(/^import [^;]+;/, '');
  const evaluate = (source: string, hit: (edge: number) => void): unknown =>
    new Function(
      '$hit',
      `${stripTypeScriptTypes(source)}; return [f(1), f(2), f(3), g([1, 2, 2]), g([-1, 300]), g([]), h(), h({ b: 0 })];`,
    )(hit);
  const hits = new Set<number>();
  expect(evaluate(withoutImport, (edge) => hits.add(edge))).toEqual(evaluate(SNIPPET, () => {}));
  expect(Math.min(...hits)).toBe(100);
  expect(hits.size).toBeGreaterThan(15);
});
