/** Several seeds of one scenario, each in a process of its own, on all cores. */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { CommandError } from '../errors.ts';
import { print, printJson, printTable } from '../output.ts';
import { argumentsFor, commandFor, type SimulateOptions } from './options.ts';

/** What is read of `tally simulate --json`. */
interface Outcome {
  readonly digest: string;
  readonly height: number;
  readonly staleRate: number;
  readonly propagationMs: { readonly median: number };
  readonly reorganisations: Readonly<Record<string, number>>;
  readonly violations: readonly unknown[];
}

/** Each seed in a process of its own, on all cores. */
export async function runSeeds(first: number, options: SimulateOptions): Promise<void> {
  const seeds = Array.from({ length: options.seeds }, (_, i) => first + i);
  const rows = new Map<number, Outcome>();
  const isOn = process.stderr.isTTY === true;
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
        rows.set(seed, JSON.parse(await runApart(seed, options)));
        if (isOn) process.stderr.write(`\r\u001b[K${rows.size} of ${options.seeds} seeds`);
      }
    }),
  );
  if (isOn) process.stderr.write('\r\u001b[K');
  const results = [...rows].sort(([a], [b]) => a - b);
  if (options.json === true) printJson(results.map(([, result]) => result));
  else {
    printTable(
      ['seed', 'height', 'stale', 'propagation', 'reorganised', 'violations', 'digest'],
      results.map(([seed, result]) => rowOf(seed, result)),
    );
    print(`stale rate ${interval(results.map(([, { staleRate }]) => 100 * staleRate))} %`);
  }
  const broken = results.filter(([, { violations }]) => violations.length > 0);
  if (broken.length > 0) {
    const commands = broken.map(([seed]) => commandFor(options, seed));
    throw new CommandError(
      `${broken.length} of ${results.length} seeds broke a rule; replay: ${commands.join(' ; ')}`,
    );
  }
}

function rowOf(seed: number, outcome: Outcome): string[] {
  const { digest, height, propagationMs, reorganisations, staleRate, violations } = outcome;
  const times = Object.values(reorganisations).reduce((sum, count) => sum + count, 0);
  return [
    String(seed),
    String(height),
    `${(100 * staleRate).toFixed(2)} %`,
    `${Math.round(propagationMs.median)} ms`,
    String(times),
    String(violations.length),
    digest.slice(0, 16),
  ];
}

/** Mean and 95 % confidence interval. */
function interval(values: readonly number[]): string {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance =
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return `${mean.toFixed(2)} ± ${(1.96 * Math.sqrt(variance / values.length)).toFixed(2)}`;
}

/** @returns what it printed */
function runApart(seed: number, options: SimulateOptions): Promise<string> {
  const tally = fileURLToPath(new URL('../tally.ts', import.meta.url));
  const child = spawn(process.execPath, [tally, 'simulate', ...argumentsFor(options, seed), '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    child.once('error', reject);
    child.once('close', () => {
      if (text === '') reject(new CommandError(`seed ${seed} ended without a result: run it by itself`));
      else resolve(text);
    });
  });
}
