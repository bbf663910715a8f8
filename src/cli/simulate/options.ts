/** What `tally simulate` is told, and the same again as words for another process or a person. */
import { InvalidArgumentError } from 'commander';

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

/** The options of the same run with another seed. */
export function argumentsFor(options: SimulateOptions, seed: number): string[] {
  const named: (readonly [string, string | number | undefined])[] = [
    ['--scenario', options.scenario],
    ['--nodes', options.nodes],
    ['--hours', options.hours],
    ['--interval', options.interval],
    ['--latency', options.latency],
    ['--hashpower', options.hashpower?.join(',')],
    ['--transactions', options.transactions],
    ...(options.faults ?? []).map((fault) => ['--faults', fault] as const),
    ...(options.attack ?? []).map((attack) => ['--attack', attack] as const),
    [options.swarm === undefined ? '--seed' : '--swarm', seed],
  ];
  return named.flatMap(([name, value]) => (value === undefined ? [] : [name, String(value)]));
}

/** The one command that runs it again. */
export function commandFor(options: SimulateOptions, seed: number): string {
  const quoted = (word: string): string => (/^[\w./,-]+$/.test(word) ? word : `'${word}'`);
  return ['npx tally simulate', ...argumentsFor(options, seed).map(quoted)].join(' ');
}

export function readNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^[0-9.]+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most))
      throw new InvalidArgumentError(`"${text}" is not a number from ${least} to ${most}.`);
    return value;
  };
}

/** One whole number: so many miners of equal power. Several: percents. */
export function readHashpower(text: string): number[] {
  const numbers = text.split(',').map(Number);
  const [first = 0] = numbers;
  if (numbers.some((value) => !(value >= 0 && value <= 100_000))) {
    throw new InvalidArgumentError(`"${text}" is neither a number of miners nor a list of percents.`);
  }
  return numbers.length === 1 && Number.isInteger(first)
    ? Array.from({ length: first }, () => 100 / first)
    : numbers;
}
