/** Runs one seed of the swarm and says what came of it. */
import type { Violation } from './checks/check.ts';
import { simulate } from './simulation.ts';
import { drawScenario } from './swarm.ts';

export interface SeedOutcome {
  readonly seed: number;
  /** Of the trace. */
  readonly digest: string;
  readonly violations: readonly Violation[];
  /** Virtual. */
  readonly elapsedMs: number;
  readonly events: number;
  readonly blocks: number;
}

export async function runSeed(seed: number): Promise<SeedOutcome> {
  const { digest, elapsedMs, events, height, violations } = await simulate(drawScenario(seed));
  return { seed, digest, violations, elapsedMs, events, blocks: height };
}
