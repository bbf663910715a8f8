/**
 * The benchmarks: each case measures a figure of ours and, in the same run, what bounds it on this machine.
 *
 *     node scripts/bench.ts [NAME...] [--runs N] [--json] [--list]
 *
 * Exit status 1 if a goal was missed.
 */
import '../src/native/hasher.ts';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type BenchCase, isReached, type Row } from './bench/case.ts';
import { flood } from './bench/flood.ts';
import { idle } from './bench/idle.ts';
import { ingest } from './bench/ingest.ts';
import { mining } from './bench/mining.ts';
import { opening } from './bench/opening.ts';
import { propagation } from './bench/propagation.ts';
import { reorganise } from './bench/reorganise.ts';
import { asLine } from './bench/report.ts';
import { sustained } from './bench/sustained.ts';
import { growth, sync } from './bench/sync.ts';
import { verify } from './bench/verify.ts';

const CASES: readonly BenchCase[] = [
  mining,
  verify,
  sync,
  growth,
  propagation,
  ingest,
  sustained,
  flood,
  reorganise,
  opening,
  idle,
];
const DEFAULT_RUNS = 5;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    runs: { type: 'string', default: String(DEFAULT_RUNS) },
  },
});
const unknown = positionals.filter((name) => !CASES.some((one) => one.name === name));
if (values.list || unknown.length > 0) {
  for (const name of unknown) console.error(`there is no case ${name}`);
  for (const { about, name } of CASES) console.log(`${name.padEnd(14)} ${about}`);
  process.exit(unknown.length > 0 ? 2 : 0);
}

const folder = await mkdtemp(join(tmpdir(), 'tally-bench-'));
const rows: Row[] = [];
try {
  for (const one of CASES) {
    if (positionals.length > 0 && !positionals.includes(one.name)) continue;
    if (!values.json) console.log(`\n${one.name}: ${one.about}`);
    const own = join(folder, one.name);
    await mkdir(own);
    const measured = await one.measure({
      runs: Number(values.runs),
      folder: own,
      tell: (text) => {
        if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
      },
    });
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
    if (!values.json) for (const row of measured) console.log(asLine(row));
    rows.push(...measured);
    await rm(own, { recursive: true, force: true });
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
if (values.json) console.log(JSON.stringify(rows, null, 2));
if (!rows.every(isReached)) process.exitCode = 1;
