/** A simulation in words and in numbers: what was run, what came of it. */
import type { Figures } from '../measurements.ts';
import { mean, percentile } from '../measurements-sample.ts';
import type { SimulationResult } from '../simulation.ts';
import { duration, percent, significant } from './words.ts';

/** What the machine had to do for it. */
export interface Cost {
  /** Real. */
  readonly seconds: number;
  /** Resident, of the process. */
  readonly peakMegabytes: number;
}

/** Names and values, for the terminal and the report. */
export function summaryOf(result: SimulationResult, figures: Figures, cost: Cost): Record<string, string> {
  const { scenario } = result;
  return {
    scenario: `${scenario.name}, seed ${scenario.seed}`,
    network: networkIn(result),
    time: `${significant(result.elapsedMs / 3_600_000)} virtual hours in ${significant(cost.seconds)} s`,
    speed: `${significant(result.elapsedMs / 1_000 / cost.seconds)} virtual seconds a second, ${significant(result.events / cost.seconds)} events a second, ${significant(cost.peakMegabytes)} MB at most`,
    blocks: `height ${result.height}; ${figures.blocksMined} mined, ${figures.blocksStale} stale (${percent(figures.staleRate)}); one every ${duration(mean(figures.intervalsMs))}`,
    ...(scenario.attacks.length === 0 ? {} : { attackers: attackersIn(result, figures) }),
    propagation: `${duration(percentile(figures.propagationMs, 0.5))} median, ${duration(percentile(figures.propagationMs, 0.9))} for 90 %, ${duration(percentile(figures.propagationMs, 0.99))} for 99 %`,
    reorganisations: depthsIn(figures),
    transactions: transactionsIn(result, figures),
    traffic: `${significant(percentile(figures.bytesPerSecond, 0.5))} bytes/s a node, sent and received (median); ${(100 * figures.duplicateShare).toFixed(0)} % of gossip heard before`,
    rules: result.violations.length === 0 ? 'none was broken' : `${result.violations.length} violations`,
    digest: `${result.digest} over ${result.events} events`,
  };
}

function networkIn({ scenario, world }: SimulationResult): string {
  const attackers = world.machines.length - world.honest.length;
  const latency = Number.isNaN(Number(scenario.latency)) ? scenario.latency : `${scenario.latency} ms`;
  const miners = scenario.hashpower.filter((share) => share > 0).length;
  return [
    `${scenario.nodes} nodes, ${miners} mining`,
    ...(attackers === 0 ? [] : [`${attackers} ${attackers === 1 ? 'attacker' : 'attackers'}`]),
    `latency ${latency}`,
    `a block every ${significant(scenario.blockIntervalSeconds)} s`,
  ].join(', ');
}

function attackersIn({ height, scenario }: SimulationResult, { attackerBlocks }: Figures): string {
  const hashpower = scenario.attacks.reduce((sum, plan) => sum + (plan.hashpower ?? 0), 0);
  const kinds = scenario.attacks.map(({ kind }) => kind).join(', ');
  return `${kinds}; ${percent(hashpower / (100 + hashpower))} of the hash power, ${percent(attackerBlocks / Math.max(1, height))} of the chain`;
}

function depthsIn({ reorganisations }: Figures): string {
  const depths = Object.entries(reorganisations);
  return depths.length === 0
    ? 'none'
    : depths.map(([depth, count]) => `${count} of depth ${depth}`).join(', ');
}

function transactionsIn({ acknowledged, submitted }: SimulationResult, figures: Figures): string {
  if (submitted === 0) return 'none';
  const after =
    figures.confirmed === 0 ? '' : `, ${duration(percentile(figures.confirmationMs, 0.5))} later (median)`;
  return `${submitted} submitted, ${acknowledged} acknowledged, ${figures.confirmed} confirmed${after}`;
}

/** The same as numbers, with units in their names. */
export function numbersOf(result: SimulationResult, figures: Figures, cost: Cost) {
  const { propagationMs, confirmationMs, bytesPerSecond } = figures;
  return {
    digest: result.digest,
    scenario: result.scenario,
    stopped: result.stopped,
    events: result.events,
    virtualSeconds: result.elapsedMs / 1_000,
    seconds: cost.seconds,
    peakMegabytes: cost.peakMegabytes,
    height: result.height,
    blocksMined: figures.blocksMined,
    blocksStale: figures.blocksStale,
    staleRate: figures.staleRate,
    attackerBlocks: figures.attackerBlocks,
    meanIntervalMs: mean(figures.intervalsMs),
    propagationMs: {
      median: percentile(propagationMs, 0.5),
      p90: percentile(propagationMs, 0.9),
      p99: percentile(propagationMs, 0.99),
    },
    reorganisations: figures.reorganisations,
    transactions: {
      submitted: result.submitted,
      acknowledged: result.acknowledged,
      confirmed: figures.confirmed,
      medianConfirmationMs: percentile(confirmationMs, 0.5),
    },
    medianBytesPerSecond: percentile(bytesPerSecond, 0.5),
    duplicateShare: figures.duplicateShare,
    violations: result.violations,
  };
}

export type SimulationNumbers = ReturnType<typeof numbersOf>;
