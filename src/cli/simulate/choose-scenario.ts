/** The scenario `tally simulate` is to run: one that comes along, a file, the swarm's, and what the options change. */
import { DEFAULTS, equalShares, type Scenario } from '../../simulation/scenario.ts';
import { CommandError, systemCode, UsageError } from '../errors.ts';
import { MAX_SCENARIO_BYTES } from '../io/limits.ts';
import { readText } from '../io/read-file.ts';
import type { SimulateOptions } from './options.ts';
import { attackNamed, faultNamed } from './short-names.ts';

/** A scenario's fields, not checked yet. */
type Fields = Record<string, unknown>;

export async function chosenScenario(options: SimulateOptions): Promise<Scenario> {
  if (options.swarm !== undefined) {
    const { drawScenario } = await import('../../simulation/swarm.ts');
    return drawScenario(options.swarm);
  }
  const { parseScenario } = await import('../../simulation/scenario-file.ts');
  const base = await readScenario(options.scenario);
  const hours = options.hours ?? (typeof base.hours === 'number' ? base.hours : DEFAULTS.hours);
  const fields: Fields = {
    nodes: options.nodes,
    hours: options.hours,
    blockIntervalSeconds: options.interval,
    latency: options.latency,
    hashpower: options.hashpower ?? fewerMiners(options.nodes, base),
    transactionsPerSecond: options.transactions,
    faults: options.faults === undefined ? undefined : await readFaults(options.faults, hours),
    attacks: options.attack === undefined ? undefined : readAttacks(options.attack, hours),
    seed: options.seed,
  };
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  try {
    return parseScenario({ ...base, ...given });
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

/** All of them mine where there are fewer nodes than miners, if those have equal power. */
function fewerMiners(nodes: number | undefined, base: Fields): number[] | undefined {
  const miners = base.hashpower ?? DEFAULTS.hashpower;
  const count = nodes ?? (typeof base.nodes === 'number' ? base.nodes : undefined);
  if (!Array.isArray(miners) || count === undefined || count < 1 || miners.length <= count) return undefined;
  return miners.every((percent) => percent === miners[0]) ? equalShares(count) : undefined;
}

async function readScenario(named: string | undefined): Promise<Fields> {
  if (named === undefined) return {};
  const { SCENARIOS } = await import('../../simulation/scenarios.ts');
  const known = Object.hasOwn(SCENARIOS, named) ? SCENARIOS[named] : undefined;
  if (known !== undefined) return { name: named, ...known };
  const read = await readJson(named, `no scenario and no file is called ${named}: see --scenario list`);
  if (typeof read !== 'object' || read === null || Array.isArray(read))
    throw new UsageError(`${named}: a scenario is a JSON object`);
  return { ...read };
}

async function readFaults(given: readonly string[], hours: number): Promise<unknown[]> {
  const faults: unknown[] = [];
  for (const text of given) {
    const value = /^\s*[[{]/.test(text)
      ? parseJson(text, '--faults')
      : (faultNamed(text, hours) ?? (await readJson(text, `no kind of fault and no file is called ${text}`)));
    faults.push(...(Array.isArray(value) ? value : [value]));
  }
  return faults;
}

function readAttacks(given: readonly string[], hours: number): unknown[] {
  return given.flatMap((text) =>
    /^\s*[[{]/.test(text) ? parseJson(text, '--attack') : [attackNamed(text, hours)],
  );
}

async function readJson(path: string, failure: string): Promise<unknown> {
  let text: string;
  try {
    text = await readText(path, { maxBytes: MAX_SCENARIO_BYTES, what: 'a scenario' });
  } catch (error) {
    const { cause } = error as Error;
    if (systemCode(cause) === undefined) throw error;
    throw new CommandError(`${failure} (${systemCode(cause) ?? cause})`, { cause });
  }
  return parseJson(text, path);
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`${where}: ${cause instanceof Error ? cause.message : cause}`);
  }
}
