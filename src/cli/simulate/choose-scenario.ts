/** The scenario `tally simulate` is to run: one that comes along, a file, the swarm's, and what the options change. */
import { readFile } from 'node:fs/promises';
import type { Scenario } from '../../simulation/scenario.ts';
import { CommandError, systemCode, UsageError } from '../errors.ts';
import type { SimulateOptions } from './options.ts';

/** Miners of a network nobody said anything else about. */
const DEFAULT_MINERS = 20;

export async function chosenScenario(options: SimulateOptions): Promise<Scenario> {
  if (options.swarm !== undefined) {
    const { drawScenario } = await import('../../simulation/swarm.ts');
    return drawScenario(options.swarm);
  }
  const { equalShares } = await import('../../simulation/scenario.ts');
  const { parseScenario } = await import('../../simulation/scenario-file.ts');
  const base = await readScenario(options.scenario);
  const nodes = options.nodes ?? (base.nodes as number | undefined);
  const fields = {
    nodes: options.nodes,
    hours: options.hours,
    blockIntervalSeconds: options.interval,
    latency: options.latency,
    hashpower: options.hashpower,
    transactionsPerSecond: options.transactions,
    faults: options.faults === undefined ? undefined : await readFaults(options.faults),
    attacks: options.attack === undefined ? undefined : readAttacks(options.attack, base, options),
    seed: options.seed,
  };
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  // Fewer nodes than the default has miners: all of them mine.
  const fewer =
    nodes !== undefined && nodes < DEFAULT_MINERS && base.hashpower === undefined
      ? { hashpower: equalShares(nodes) }
      : {};
  try {
    return parseScenario({ ...base, ...fewer, ...given });
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

/** A scenario's fields, not checked yet. */
async function readScenario(named: string | undefined): Promise<Record<string, unknown>> {
  if (named === undefined) return {};
  const { SCENARIOS } = await import('../../simulation/scenarios.ts');
  const known = SCENARIOS[named];
  if (known !== undefined) return { name: named, ...known };
  return (await readJson(named, `no scenario and no file is called ${named}: see --scenario list`)) as Record<
    string,
    unknown
  >;
}

async function readFaults(given: readonly string[]): Promise<unknown[]> {
  const faults: unknown[] = [];
  for (const text of given) {
    const value = /^\s*[[{]/.test(text)
      ? parseJson(text, '--faults')
      : await readJson(text, `cannot read ${text}`);
    faults.push(...(Array.isArray(value) ? value : [value]));
  }
  return faults;
}

/** An attack that is only named lasts from the first minute to the end, with a fifth more hash power. */
function readAttacks(
  given: readonly string[],
  base: Record<string, unknown>,
  options: SimulateOptions,
): unknown[] {
  const hours = options.hours ?? (typeof base.hours === 'number' ? base.hours : 1);
  return given.map((text) =>
    /^\s*{/.test(text)
      ? parseJson(text, '--attack')
      : { kind: text, hashpower: 20, atSeconds: 60, forSeconds: Math.max(1, hours * 3_600 - 61) },
  );
}

async function readJson(path: string, failure: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
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
