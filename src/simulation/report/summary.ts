/** A simulation in words: what was run, what came of it. */
import { type Figures, mean, percentile } from '../measurements.ts';
import type { SimulationResult } from '../simulation.ts';

/** What the machine had to do for it. */
export interface Cost {
  /** Real. */
  readonly seconds: number;
  readonly peakMegabytes: number;
}

/** Names and values, for the terminal and the report. */
export function summaryOf(result: SimulationResult, figures: Figures, cost: Cost): Record<string, string> {
  const { scenario, world } = result;
  const attackers = world.machines.length - world.honest.length;
  const hours = result.elapsedMs / 3_600_000;
  const depths = Object.entries(figures.reorganisations);
  return {
    scenario: `${scenario.name}, seed ${scenario.seed}`,
    network: `${scenario.nodes} nodes${attackers > 0 ? ` and ${attackers} attackers` : ''}, latency ${scenario.latency}, a block every ${round(scenario.blockIntervalSeconds)} s, ${scenario.hashpower.length} miners`,
    time: `${round(hours)} virtual hours in ${round(cost.seconds)} s (${Math.round(result.elapsedMs / 1_000 / cost.seconds)} times real time), ${Math.round(cost.peakMegabytes)} MB`,
    blocks: `height ${result.height}; ${figures.blocksMined} mined, ${figures.blocksStale} stale (${(100 * figures.staleRate).toFixed(2)} %); interval ${round(mean(figures.intervalsMs) / 1_000)} s on average`,
    propagation: `${duration(percentile(figures.propagationMs, 0.5))} median, ${duration(percentile(figures.propagationMs, 0.9))} for 90 %, ${duration(percentile(figures.propagationMs, 0.99))} for 99 %`,
    reorganisations:
      depths.length === 0 ? 'none' : depths.map(([depth, count]) => `${count} of depth ${depth}`).join(', '),
    transactions: `${result.submitted} submitted, ${result.acknowledged} acknowledged, ${figures.confirmed} confirmed, after ${duration(percentile(figures.confirmationMs, 0.5))} (median)`,
    traffic: `${Math.round(percentile(figures.bytesPerSecond, 0.5))} bytes/s a node (median), ${(100 * figures.duplicateShare).toFixed(0)} % of gossip heard before`,
    rules: result.violations.length === 0 ? 'none was broken' : `${result.violations.length} violations`,
    digest: `${result.digest} over ${result.events} events`,
  };
}

/** The same as numbers with units in their names. */
export function numbersOf(result: SimulationResult, figures: Figures, cost: Cost): Record<string, unknown> {
  return {
    digest: result.digest,
    scenario: result.scenario,
    events: result.events,
    virtualSeconds: result.elapsedMs / 1_000,
    seconds: cost.seconds,
    peakMegabytes: cost.peakMegabytes,
    height: result.height,
    blocksMined: figures.blocksMined,
    blocksStale: figures.blocksStale,
    staleRate: figures.staleRate,
    meanIntervalMs: mean(figures.intervalsMs),
    propagationMs: {
      median: percentile(figures.propagationMs, 0.5),
      p90: percentile(figures.propagationMs, 0.9),
      p99: percentile(figures.propagationMs, 0.99),
    },
    reorganisations: figures.reorganisations,
    transactions: {
      submitted: result.submitted,
      acknowledged: result.acknowledged,
      confirmed: figures.confirmed,
      medianConfirmationMs: percentile(figures.confirmationMs, 0.5),
    },
    medianBytesPerSecond: percentile(figures.bytesPerSecond, 0.5),
    duplicateShare: figures.duplicateShare,
    violations: result.violations,
  };
}

function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${round(ms / 1_000)} s`;
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
