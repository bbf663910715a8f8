/** `tally simulate`: the simulator from the command line. */
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { Scenario } from '../../simulation/scenario.ts';
import type { SimulationResult } from '../../simulation/simulation.ts';
import { CommandError, systemCode } from '../errors.ts';
import { collect, readCount, withJson } from '../options.ts';
import { colours, counted, formatDuration, print, printFields, printJson } from '../output.ts';
import { ProgressLine } from '../progress-line.ts';
import { chosenScenario } from '../simulate/choose-scenario.ts';
import { megabytesFor, runAgainWith } from '../simulate/memory.ts';
import {
  commandFor,
  readHashpower,
  readNumber,
  refuseContradictions,
  type SimulateOptions,
} from '../simulate/options.ts';
import type { TraceWriter } from '../simulate/trace-writer.ts';

const MAX_SEED = Number.MAX_SAFE_INTEGER;

export function addSimulate(program: Command): void {
  withJson(
    program
      .command('simulate')
      .description('thousands of nodes on virtual time, replayed from a seed')
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
      .option(
        '--faults <json|file|kind>',
        'faults as in a scenario file, or a kind, such as partition',
        collect,
      )
      .option('--attack <json|kind>', 'an attack as in a scenario file, or a kind, such as spam', collect)
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
  if (options.scenario === 'list') return listScenarios(options);
  refuseContradictions(options);
  const scenario = await chosenScenario(options);
  if (options.seeds > 1) {
    const { runSeeds } = await import('../simulate/run-seeds.ts');
    return runSeeds(options.swarm ?? scenario.seed, options);
  }
  const megabytes = megabytesFor(scenario);
  if (megabytes === undefined) return runOne(scenario, options);
  process.exitCode = await runAgainWith(megabytes);
}

async function runOne(scenario: Scenario, options: SimulateOptions): Promise<void> {
  const { report, stopAt } = options;
  await import('../../native/hasher.ts');
  const { Measurements } = await import('../../simulation/measurements.ts');
  const { simulate } = await import('../../simulation/simulation.ts');
  const { numbersOf, summaryOf } = await import('../../simulation/report/summary.ts');
  // Now, not after an hour.
  if (report !== undefined) await writeReport(report, '');
  const trace = await openTrace(options.trace);
  const progress = new ProgressLine();
  const startMs = performance.now();
  let measurements: InstanceType<typeof Measurements> | undefined;
  const result = await simulate(scenario, {
    ...(stopAt === undefined ? {} : { stopAt }),
    ...(trace === undefined ? {} : { onEntry: (entry) => trace.write(entry) }),
    onWorld: (world) => {
      measurements = new Measurements(world);
    },
    onProgress: ({ elapsedMs, height, totalMs }) => {
      measurements?.look();
      progress.tell(
        Math.min(1, elapsedMs / totalMs),
        () => `${formatDuration(elapsedMs)} virtual, height ${height}`,
      );
    },
  });
  progress.done();
  trace?.end();
  if (measurements === undefined) return;
  const figures = measurements.figures(result);
  const cost = {
    seconds: (performance.now() - startMs) / 1_000,
    // In kilobytes of 1,024 bytes.
    peakMegabytes: (process.resourceUsage().maxRSS * 1_024) / 1_000_000,
  };
  const summary = summaryOf(result, figures, cost);
  if (report !== undefined) {
    const { reportOf } = await import('../../simulation/report/report.ts');
    await writeReport(report, reportOf(result, figures, summary));
  }
  const views = stopAt === undefined ? undefined : await viewsAt(result, stopAt);
  if (options.json === true) printJson({ ...numbersOf(result, figures, cost), ...(views && { views }) });
  else {
    printFields(summary);
    for (const view of views ?? []) print(view);
  }
  if (result.violations.length > 0) throw new CommandError(failureOf(result, options));
}

async function listScenarios(options: SimulateOptions): Promise<void> {
  const { SCENARIOS } = await import('../../simulation/scenarios.ts');
  if (options.json === true) return printJson(SCENARIOS);
  printFields(
    Object.fromEntries(Object.entries(SCENARIOS).map(([name, { description }]) => [name, description])),
  );
}

async function openTrace(path: string | true | undefined): Promise<TraceWriter | undefined> {
  if (path === undefined) return undefined;
  const { TraceWriter } = await import('../simulate/trace-writer.ts');
  return new TraceWriter(path);
}

async function writeReport(path: string, html: string): Promise<void> {
  try {
    await writeFile(path, html);
  } catch (cause) {
    throw new CommandError(`cannot write ${path} (${systemCode(cause) ?? cause})`, { cause });
  }
}

/** What every node believes where the run stopped. */
async function viewsAt({ events, stopped, world }: SimulationResult, stopAt: number): Promise<string[]> {
  if (!stopped)
    throw new CommandError(`the run was over after ${counted(events, 'event')}: there is no event ${stopAt}`);
  const { viewsOf } = await import('../../simulation/views.ts');
  const where = `stopped at event ${events}, ${(world.elapsedMs / 1_000).toFixed(3)} s`;
  return [colours.dim(where), ...viewsOf(world)];
}

function failureOf({ scenario, violations }: SimulationResult, options: SimulateOptions): string {
  const [first] = violations;
  const replay = commandFor(options, options.swarm ?? scenario.seed);
  const what = `${first?.check}, ${first?.machine ?? 'the network'}, ${first?.message}`;
  const rules = violations.length === 1 ? 'a rule' : `${counted(violations.length, 'rule')}, first`;
  return `seed ${scenario.seed} broke ${rules}: ${what}; replay it: ${replay}; look: ${replay} --stop-at ${first?.event}`;
}
