import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { Figures } from '../../simulation/measurements.ts';
import type { Progress, SimulationResult } from '../../simulation/simulation.ts';
import type { TraceEntry } from '../../simulation/trace.ts';
import { CommandError, systemCode } from '../errors.ts';
import { collect, readCount, withJson } from '../options.ts';
import { colours, formatDuration, print, printFields, printJson } from '../output.ts';
import { chosenScenario } from '../simulate/choose-scenario.ts';
import {
  commandFor,
  readHashpower,
  readNumber,
  refuseContradictions,
  type SimulateOptions,
} from '../simulate/options.ts';
import { runSeeds } from '../simulate/run-seeds.ts';

/** How often progress is told, real ms. */
const PROGRESS_MS = 500;
const MAX_SEED = Number.MAX_SAFE_INTEGER;

export function addSimulate(program: Command): void {
  withJson(
    program
      .command('simulate')
      .description(
        'thousands of nodes on virtual time: the daemon’s own code, the same run from the same seed',
      )
      .option('--scenario <name|file>', 'a scenario that comes along (list: all of them), or a file')
      .option('--nodes <count>', 'honest nodes', readCount(1, 100_000))
      .option('--hours <hours>', 'virtual time', readNumber(0.001, 720))
      .option('--interval <seconds>', 'between blocks, on average', readNumber(0.01, 86_400))
      .option('--latency <lan|planet|ms>', 'how far nodes are from each other')
      .option(
        '--hashpower <miners|percents>',
        '20: so many of equal power; 40,30,30: percent of nodes 0, 1, 2',
        readHashpower,
      )
      .option('--transactions <per second>', 'users’ payments', readNumber(0, 10_000))
      .option('--faults <json|file>', 'a fault or a list of them, as in a scenario file', collect)
      .option('--attack <json|name>', 'an attack as in a scenario file, or its name', collect)
      .option('--seed <number>', 'all chance comes from it', readCount(0, MAX_SEED))
      .option('--seeds <count>', 'so many runs, from --seed on, on all cores', readCount(1, 100_000), 1)
      .option(
        '--swarm <seed>',
        'the scenario `npm run test:simulation` draws from this seed',
        readCount(0, MAX_SEED),
      )
      .option('--stop-at <event>', 'stop there and print each node’s view', readCount(1, MAX_SEED))
      .option('--trace [file]', 'write a line for each event')
      .option('--report <file>', 'write a page with plots (HTML)'),
  ).action(run);
}

async function run(options: SimulateOptions): Promise<void> {
  await import('../../native/hasher.ts');
  if (options.scenario === 'list') return listScenarios(options);
  refuseContradictions(options);
  const scenario = await chosenScenario(options);
  if (options.seeds > 1) return runSeeds(options.swarm ?? scenario.seed, options);
  const { Measurements } = await import('../../simulation/measurements.ts');
  const { simulate } = await import('../../simulation/simulation.ts');
  const { numbersOf, summaryOf } = await import('../../simulation/report/summary.ts');
  const startMs = performance.now();
  let measurements: InstanceType<typeof Measurements> | undefined;
  const trace = await traceWriter(options.trace);
  const tell = teller(startMs);
  const result = await simulate(scenario, {
    ...(options.stopAt === undefined ? {} : { stopAt: options.stopAt }),
    ...(trace === undefined ? {} : { onEntry: trace.write }),
    onWorld: (world) => {
      measurements = new Measurements(world);
    },
    onProgress: (progress) => {
      measurements?.lookAtPools();
      tell.progress(progress);
    },
  });
  tell.done();
  await trace?.end();
  if (measurements === undefined) return;
  const figures = measurements.figures(result);
  const cost = {
    seconds: (performance.now() - startMs) / 1_000,
    peakMegabytes: process.resourceUsage().maxRSS / 1_000,
  };
  const summary = summaryOf(result, figures, cost);
  if (options.report !== undefined) await writeReport(options.report, result, figures, summary);
  if (options.json === true) printJson(numbersOf(result, figures, cost));
  else printFields(summary);
  if (result.stopped) await printViews(result, options);
  if (result.violations.length > 0) throw new CommandError(await failureOf(result, options));
}

async function listScenarios(options: SimulateOptions): Promise<void> {
  const { SCENARIOS } = await import('../../simulation/scenarios.ts');
  if (options.json === true) return printJson(SCENARIOS);
  printFields(
    Object.fromEntries(Object.entries(SCENARIOS).map(([name, { description }]) => [name, description])),
  );
}

async function traceWriter(
  to: string | true | undefined,
): Promise<{ write: (entry: TraceEntry) => void; end: () => Promise<void> } | undefined> {
  if (to === undefined) return undefined;
  const { formatEntry } = await import('../../simulation/trace.ts');
  const stream = to === true ? process.stdout : createWriteStream(to);
  return {
    write: (entry) => stream.write(`${formatEntry(entry)}\n`),
    end: () =>
      new Promise((resolve) => (stream === process.stdout ? resolve() : stream.end(() => resolve()))),
  };
}

/** Progress on one line of a terminal. */
function teller(startMs: number): { progress: (progress: Progress) => void; done: () => void } {
  let toldMs = 0;
  const isOn = process.stderr.isTTY === true;
  return {
    progress({ elapsedMs, height, totalMs }) {
      const nowMs = performance.now();
      if (!isOn || nowMs - toldMs < PROGRESS_MS) return;
      toldMs = nowMs;
      const share = Math.min(1, elapsedMs / totalMs);
      const leftMs = ((nowMs - startMs) / share) * (1 - share);
      const text =
        share < 1
          ? `${Math.floor(100 * share)} %, ${formatDuration(elapsedMs)} virtual, height ${height}, ${formatDuration(leftMs)} left`
          : `coming to terms, height ${height}`;
      process.stderr.write(`\r\u001b[K${text}`);
    },
    done() {
      if (isOn) process.stderr.write('\r\u001b[K');
    },
  };
}

async function writeReport(
  path: string,
  result: SimulationResult,
  figures: Figures,
  summary: Record<string, string>,
): Promise<void> {
  const { reportOf } = await import('../../simulation/report/report.ts');
  try {
    await writeFile(path, reportOf(result, figures, summary));
  } catch (cause) {
    throw new CommandError(`cannot write ${path} (${systemCode(cause) ?? cause})`, { cause });
  }
}

async function printViews({ world }: SimulationResult, options: SimulateOptions): Promise<void> {
  const { viewsOf } = await import('../../simulation/views.ts');
  if (options.json === true) return;
  print(colours.dim(`stopped at event ${world.history.count}, ${(world.elapsedMs / 1_000).toFixed(3)} s`));
  for (const view of viewsOf(world)) print(view);
}

async function failureOf(
  { scenario, violations }: SimulationResult,
  options: SimulateOptions,
): Promise<string> {
  const [first] = violations;
  const replay = commandFor(options, scenario.seed);
  const what = `${first?.check}: ${first?.machine ?? 'the network'}: ${first?.message}`;
  return `seed ${scenario.seed} broke ${violations.length} rules, first ${what}; replay it: ${replay}; look: ${replay} --stop-at ${first?.event}`;
}
