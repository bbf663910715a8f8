/** What `tally simulate` is told, and the same again as words for another process or a person. */
import { InvalidArgumentError } from 'commander';
import { equalShares } from '../../simulation/scenario.ts';
import { UsageError } from '../errors.ts';
import { readCount } from '../options.ts';

/** As many as there may be nodes. */
const MAX_MINERS = 100_000;

export interface SimulateOptions {
  readonly scenario?: string;
  readonly swarm?: number;
  readonly nodes?: number;
  readonly hours?: number;
  readonly interval?: number;
  readonly latency?: string;
  readonly hashpower?: number[];
  readonly transactions?: number;
  readonly faults?: string[];
  readonly attack?: string[];
  readonly seed?: number;
  readonly seeds: number;
  readonly stopAt?: number;
  readonly trace?: string | true;
  readonly report?: string;
  readonly json?: boolean;
}

/** Options that say what is simulated, which the swarm draws from its seed. */
const SCENARIO_OPTIONS = [
  'scenario',
  'nodes',
  'hours',
  'interval',
  'latency',
  'hashpower',
  'transactions',
  'faults',
  'attack',
  'seed',
] as const;
/** Options that look into a single run. */
const SINGLE_RUN_OPTIONS = ['stopAt', 'trace', 'report'] as const;

/** @throws UsageError if one option would be ignored because of another */
export function refuseContradictions(options: SimulateOptions): void {
  const given = (names: readonly (keyof SimulateOptions)[]): string | undefined => {
    const name = names.find((each) => options[each] !== undefined);
    return name?.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`);
  };
  const drawn = options.swarm === undefined ? undefined : given(SCENARIO_OPTIONS);
  if (drawn !== undefined) throw new UsageError(`--swarm draws the whole scenario: leave out --${drawn}`);
  const single = options.seeds > 1 ? given(SINGLE_RUN_OPTIONS) : undefined;
  if (single !== undefined) throw new UsageError(`--${single} is for one run: leave out --seeds`);
  if (options.trace === true && options.json === true)
    throw new UsageError('--trace and --json would both write to standard output: name a file, --trace FILE');
}

/** The options of the same run with another seed. */
export function argumentsFor(options: SimulateOptions, seed: number): string[] {
  const named: (readonly [string, string | number | undefined])[] = [
    ['--scenario', options.scenario],
    ['--nodes', options.nodes],
    ['--hours', options.hours],
    ['--interval', options.interval],
    ['--latency', options.latency],
    ['--hashpower', hashpowerText(options.hashpower)],
    ['--transactions', options.transactions],
    ...(options.faults ?? []).map((fault) => ['--faults', fault] as const),
    ...(options.attack ?? []).map((attack) => ['--attack', attack] as const),
    [options.swarm === undefined ? '--seed' : '--swarm', seed],
  ];
  return named.flatMap(([name, value]) => (value === undefined ? [] : [name, String(value)]));
}

/** The one command that runs it again, as a shell takes it. */
export function commandFor(options: SimulateOptions, seed: number): string {
  return ['npx tally simulate', ...argumentsFor(options, seed).map(quoted)].join(' ');
}

function quoted(word: string): string {
  return /^[\w./,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** As it was written: the share of a single miner, 100, must not be read as a hundred miners. */
function hashpowerText(percents: readonly number[] | undefined): string | undefined {
  if (percents === undefined) return undefined;
  const text = percents.join(',');
  return text === equalShares(percents.length).join(',') ? String(percents.length) : text;
}

export function readNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most))
      throw new InvalidArgumentError(`"${text}" is not a number from ${least} to ${most}.`);
    return value;
  };
}

/** One whole number: so many miners of equal power. Several: percents. */
export function readHashpower(text: string): number[] {
  if (/^[0-9]{1,6}$/.test(text)) return equalShares(readCount(1, MAX_MINERS)(text));
  if (!/^[0-9.]+(,[0-9.]+)+$/.test(text))
    throw new InvalidArgumentError(`"${text}" is neither a number of miners nor a list of percents.`);
  return text.split(',').map(readNumber(0, 100));
}
