/**
 * Swarm testing: simulations drawn from seeds, on every core, until all are done or one breaks a rule.
 *
 *     node scripts/test-simulation.ts [--seeds N] [--from SEED] [--seconds S] [--workers N] [--keep-going]
 *
 * Seeds that ever failed (test/simulation/failed-seeds.json) always run first; one that fails now is added. Exits
 * with 1 if any rule was broken.
 */
import '../src/native/hasher.ts';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runSeed, type SeedOutcome } from '../src/simulation/swarm-run.ts';

const FAILED = fileURLToPath(new URL('../test/simulation/failed-seeds.json', import.meta.url));
/** Seeds a worker gets at once. */
const BATCH = 10;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '86400' },
    workers: { type: 'string', default: String(availableParallelism()) },
    'keep-going': { type: 'boolean', default: false },
    worker: { type: 'boolean', default: false },
  },
});

if (values.worker) await work();
else await lead();

/** Runs the seeds it is told on standard input, one a line, and answers each with a line. */
async function work(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    for (const seed of line.split(' ').map(Number)) console.log(JSON.stringify(await runSeed(seed)));
    console.log('ready');
  }
}

async function lead(): Promise<void> {
  const startMs = performance.now();
  const first = Number(values.from);
  const failedBefore: number[] = JSON.parse(readFileSync(FAILED, 'utf8'));
  const seeds = [...failedBefore, ...Array.from({ length: Number(values.seeds) }, (_, i) => first + i)];
  const outcomes: SeedOutcome[] = [];
  const broken: SeedOutcome[] = [];
  const isTimeUp = (): boolean => performance.now() - startMs > Number(values.seconds) * 1_000;
  let next = 0;
  const takeBatch = (): number[] => {
    if (isTimeUp() || (broken.length > 0 && !values['keep-going'])) return [];
    const batch = seeds.slice(next, next + BATCH);
    next += batch.length;
    return batch;
  };
  const report = (outcome: SeedOutcome): void => {
    outcomes.push(outcome);
    if (outcome.violations.length > 0) {
      broken.push(outcome);
      tellBroken(outcome);
    }
    if (process.stderr.isTTY) {
      const seconds = (performance.now() - startMs) / 1_000;
      const left = (seconds / outcomes.length) * (seeds.length - outcomes.length);
      process.stderr.write(`\r${outcomes.length} of ${seeds.length} seeds, ${Math.ceil(left)} s left   `);
    }
  };
  await Promise.all(Array.from({ length: Number(values.workers) }, () => employ(takeBatch, report)));
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  const seconds = (performance.now() - startMs) / 1_000;
  const sum = (of: (outcome: SeedOutcome) => number): number =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  console.log(
    `${outcomes.length} seeds (${failedBefore.length} that failed once, then from ${first}), ` +
      `${(sum(({ elapsedMs }) => elapsedMs) / 3_600_000).toFixed(1)} virtual hours, ` +
      `${sum(({ blocks }) => blocks)} blocks, ${sum(({ events }) => events)} events, ` +
      `${seconds.toFixed(0)} s: ${broken.length === 0 ? 'no rule was broken' : `${broken.length} broke a rule`}`,
  );
  if (broken.length === 0) return;
  const failed = new Set([...failedBefore, ...broken.map(({ seed }) => seed)]);
  writeFileSync(FAILED, `${JSON.stringify([...failed].sort((a, b) => a - b))}\n`);
  process.exitCode = 1;
}

function tellBroken({ seed, violations }: SeedOutcome): void {
  console.error(`seed ${seed} broke ${violations.length} rules:`);
  for (const { atMs, check, event, machine = 'the network', message } of violations) {
    console.error(`  ${(atMs / 1_000).toFixed(1)} s, event ${event}, ${check}, ${machine}: ${message}`);
  }
  console.error(`replay it: npx tally simulate --swarm ${seed}`);
}

/** One worker process, fed until nothing is left. */
async function employ(takeBatch: () => number[], report: (outcome: SeedOutcome) => void): Promise<void> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), '--worker'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const feed = (): void => {
    const batch = takeBatch();
    if (batch.length > 0) child.stdin.write(`${batch.join(' ')}\n`);
    else child.stdin.end();
  };
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  feed();
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'ready') feed();
    else report(JSON.parse(line));
  }
  const code = await exited;
  if (code !== 0) throw new Error(`a worker ended with ${code}: the seed it ran crashed the process`);
}
