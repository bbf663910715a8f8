/**
 * Feeds everything that takes bytes from strangers with inputs that lead into branches none led to before.
 * `npm run fuzz -- [TARGET…] --executions 1000000 --seed 1`; docs/fuzzing.md says more.
 */
import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { writeCorpus } from '../test/fuzz/engine/corpus-files.ts';
import { type Finding, readFinding, writeFinding } from '../test/fuzz/engine/finding.ts';
import type { TargetResult } from '../test/fuzz/engine/messages.ts';
import { fuzzAll } from '../test/fuzz/engine/pool.ts';
import { reproduce } from '../test/fuzz/engine/reproduce.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    executions: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: 'Infinity' },
    seed: { type: 'string' },
    threads: { type: 'string', default: String(availableParallelism()) },
    findings: { type: 'string', default: 'fuzz-findings' },
    reproduce: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});

if (values.reproduce === undefined) await fuzz();
else await again(values.reproduce);

async function fuzz(): Promise<void> {
  const seed = Number(values.seed ?? randomInt(2 ** 32));
  const begunMs = performance.now();
  const results: TargetResult[] = [];
  const findings: Finding[] = [];
  console.log(`seed ${seed}`);
  console.log(row('target', 'executions', 'edges', 'new', 'corpus', 'executions/s', 'findings'));
  await fuzzAll({
    threads: Number(values.threads),
    seed,
    executions: Number(values.executions),
    seconds: Number(values.seconds),
    names: positionals,
    onFinding: (finding) => {
      findings.push(finding);
      const path = writeFinding(values.findings, finding);
      console.log(
        `${finding.target}: ${finding.kind}: ${finding.message.slice(0, 300)}\n  npm run fuzz -- --reproduce ${path}`,
      );
    },
    onResult: (result) => {
      results.push(result);
      if (values.keep) writeCorpus(result.target, result.minimal);
      const { edges, executions, inputs, newEdges, seconds, target } = result;
      const found = findings.filter((finding) => finding.target === target).length;
      console.log(row(target, executions, edges, newEdges, inputs, Math.round(executions / seconds), found));
    },
  });
  const seconds = (performance.now() - begunMs) / 1_000;
  const executions = results.reduce((sum, result) => sum + result.executions, 0);
  const edges = results.reduce((sum, result) => sum + result.edges, 0);
  const newEdges = results.reduce((sum, result) => sum + result.newEdges, 0);
  const inputs = results.reduce((sum, result) => sum + result.inputs, 0);
  const all = `all ${results.length}, ${Math.round(seconds)} s`;
  console.log(
    row(all, executions, edges, newEdges, inputs, Math.round(executions / seconds), findings.length),
  );
  if (findings.length > 0) process.exitCode = 1;
}

function row(target: string, ...cells: readonly (string | number)[]): string {
  return [target.padEnd(28), ...cells.map((cell) => cell.toLocaleString('en-US').padStart(12))].join(' ');
}

async function again(path: string): Promise<void> {
  const finding = readFinding(path);
  const seen = await reproduce(finding);
  console.log(seen ?? `${finding.target}: it no longer happens`);
  if (seen !== undefined) process.exitCode = 1;
}
