/** Several seeds of one scenario, each in a process of its own, on all cores. */
import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { SimulationNumbers } from '../../simulation/report/summary.ts';
import { CommandError, EXIT } from '../errors.ts';
import { counted, print, printJson, printTable } from '../output.ts';
import { ProgressLine } from '../progress-line.ts';
import { confidenceOf } from './confidence.ts';
import { argumentsFor, commandFor, type SimulateOptions } from './options.ts';

/** What means are told of: a name for people, one for `--json`, a unit, and where it is found. */
const QUANTITIES: readonly (readonly [string, string, string, (run: SimulationNumbers) => number])[] = [
  ['height', 'height', '', ({ height }) => height],
  ['block interval', 'meanIntervalMs', ' ms', ({ meanIntervalMs }) => meanIntervalMs],
  ['stale blocks', 'stalePercent', ' %', ({ staleRate }) => 100 * staleRate],
  ['propagation, median', 'medianPropagationMs', ' ms', ({ propagationMs }) => propagationMs.median],
  ['propagation, 90 %', 'p90PropagationMs', ' ms', ({ propagationMs }) => propagationMs.p90],
  ['blocks of attackers', 'attackerPercent', ' %', attackerPercent],
  ['confirmation', 'medianConfirmationMs', ' ms', ({ transactions }) => transactions.medianConfirmationMs],
  ['traffic', 'medianBytesPerSecond', ' bytes/s', ({ medianBytesPerSecond }) => medianBytesPerSecond],
];

export async function runSeeds(first: number, options: SimulateOptions): Promise<void> {
  const runs = await runAll(first, options);
  if (options.json === true) printJson({ runs, means: meansOf(runs) });
  else {
    printTable(
      ['seed', 'height', 'stale', 'propagation', 'reorganised', 'violations', 'digest'],
      runs.map(rowOf),
    );
    print('');
    print(`means of ${counted(runs.length, 'run')}, with 95 % confidence:`);
    printTable(
      ['', 'mean', ''],
      QUANTITIES.map(([name, , unit, of]) => {
        const { halfWidth, mean } = confidenceOf(runs.map(of));
        return [name, `${round(mean)}${unit}`, halfWidth === undefined ? '' : `± ${round(halfWidth)}`];
      }),
    );
  }
  const broken = runs.filter(({ violations }) => violations.length > 0);
  if (broken.length === 0) return;
  const [worst] = broken as [SimulationNumbers];
  const seeds = broken.map(({ scenario }) => scenario.seed).join(', ');
  throw new CommandError(
    `${broken.length} of ${counted(runs.length, 'seed')} broke a rule (${seeds}); replay the first: ${commandFor(options, worst.scenario.seed)}`,
  );
}

/** @returns by seed */
async function runAll(first: number, options: SimulateOptions): Promise<SimulationNumbers[]> {
  const waiting = Array.from({ length: options.seeds }, (_, i) => first + i);
  const runs: SimulationNumbers[] = [];
  const children = new Set<ChildProcess>();
  const end = (): void => {
    for (const child of children) child.kill();
    process.exit(EXIT.failed);
  };
  process.on('SIGTERM', end).on('SIGINT', end);
  const progress = new ProgressLine();
  const work = async (): Promise<void> => {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
      runs.push(await runApart(seed, options, children));
      progress.tell(runs.length / options.seeds, () => `${runs.length} of ${counted(options.seeds, 'seed')}`);
    }
  };
  try {
    await Promise.all(Array.from({ length: availableParallelism() }, work));
  } catch (error) {
    for (const child of children) child.kill();
    throw error;
  } finally {
    process.off('SIGTERM', end).off('SIGINT', end);
    progress.done();
  }
  return runs.sort((a, b) => a.scenario.seed - b.scenario.seed);
}

async function runApart(
  seed: number,
  options: SimulateOptions,
  children: Set<ChildProcess>,
): Promise<SimulationNumbers> {
  const tally = fileURLToPath(new URL('../tally.js', import.meta.url));
  const child = spawn(process.execPath, [tally, 'simulate', ...argumentsFor(options, seed), '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  let result = '';
  let complaint = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    result += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  children.delete(child);
  // Broken rules are told there as well, after the result.
  if (result !== '') return JSON.parse(result);
  const why = complaint.trim().replace(/^tally: /, '');
  throw new CommandError(why === '' ? `seed ${seed} ended without a result` : `seed ${seed}: ${why}`);
}

function rowOf(run: SimulationNumbers): string[] {
  const times = Object.values(run.reorganisations).reduce((sum, count) => sum + count, 0);
  return [
    String(run.scenario.seed),
    String(run.height),
    `${(100 * run.staleRate).toFixed(2)} %`,
    `${Math.round(run.propagationMs.median)} ms`,
    String(times),
    String(run.violations.length),
    run.digest.slice(0, 16),
  ];
}

function meansOf(runs: readonly SimulationNumbers[]): Record<string, unknown> {
  return Object.fromEntries(
    QUANTITIES.map(([, key, , of]) => {
      const { halfWidth, mean } = confidenceOf(runs.map(of));
      return [key, { mean, halfWidth95: halfWidth ?? null }];
    }),
  );
}

function attackerPercent({ attackerBlocks, height }: SimulationNumbers): number {
  return (100 * attackerBlocks) / Math.max(1, height);
}

function round(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en');
}
