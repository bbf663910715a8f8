/**
 * What selfish mining earns among real nodes.
 *
 * Source: Eyal and Sirer, "Majority is not Enough: Bitcoin Mining is Vulnerable", 2014: revenue (8), threshold (9).
 */
import { idFromBytes } from '../../core/identifiers.ts';
import { createAttack } from '../attackers/index.ts';
import { SeededRandom } from '../random.ts';
import { createMiners, fullPower, startMiners } from './miners.ts';
import { type Estimate, meanOfSeries } from './statistics.ts';

const HONEST_MINERS = 10;
/** Short, so that templates are few; what counts is that the delay is next to nothing beside it. */
const INTERVAL_MS = 2_000;
const HONEST_DELAY_MS = 5;

export interface SelfishOptions {
  readonly seed: number;
  /** Its share of all hash power. */
  readonly alpha: number;
  /** Share of honest hash power on its side in a tie. */
  readonly gamma: number;
  readonly blocks: number;
}

export interface SelfishOutcome {
  /** Its share of the chain's blocks. */
  readonly revenue: Estimate;
  readonly closedForm: number;
  /** Whoever found the honest block of a tie does not change sides, so of ten nine can be won at most. */
  readonly effectiveGamma: number;
}

export async function selfishRevenue({
  alpha,
  blocks,
  gamma,
  seed,
}: SelfishOptions): Promise<SelfishOutcome> {
  const honestShare = 1 - alpha;
  const world = createMiners({
    seed,
    shares: Array.from({ length: HONEST_MINERS }, () => honestShare / HONEST_MINERS),
    intervalMs: INTERVAL_MS,
    // It sits in the middle of the network and hears and tells everything first.
    latency: (from, to) => (from === HONEST_MINERS || to === HONEST_MINERS ? 0 : HONEST_DELAY_MS),
  });
  const attack = createAttack({
    world,
    plan: {
      kind: 'selfish-mining',
      gamma,
      hashpower: (100 * alpha) / honestShare,
      atSeconds: 0,
      forSeconds: Number.MAX_SAFE_INTEGER,
    },
    random: new SeededRandom(`${seed}/selfish`),
    honestHashesPerMs: honestShare * fullPower(INTERVAL_MS),
  });
  await startMiners(world);
  const [attacker, first] = [world.machines[HONEST_MINERS], world.machines[0]];
  if (attacker === undefined || first === undefined) throw new Error('the attack adds a machine');
  const connected = world.honest.map(({ network }) =>
    attacker.network.dial(network.addresses()[0] as string),
  );
  await world.advance(5_000);
  await Promise.all(connected);
  attack.start();
  const { chain } = first.node;
  await world.until(() => chain.tip.height >= blocks, 20 * blocks * INTERVAL_MS);
  attack.stop();
  const honest = new Set(world.honest.map(({ address }) => address));
  /** Of each height whether the block is its own. */
  const isOwn: number[] = [];
  for (let height = 1; height <= chain.tip.height; height++) {
    const miner = chain.atHeight(height)?.sealed.header.miner;
    if (miner !== undefined) isOwn.push(honest.has(idFromBytes(miner)) ? 0 : 1);
  }
  const effectiveGamma = Math.min(gamma, (HONEST_MINERS - 1) / HONEST_MINERS);
  return { revenue: meanOfSeries(isOwn), closedForm: revenueOf(alpha, effectiveGamma), effectiveGamma };
}

/** Equation (8). */
export function revenueOf(alpha: number, gamma: number): number {
  const above = alpha * (1 - alpha) ** 2 * (4 * alpha + gamma * (1 - 2 * alpha)) - alpha ** 3;
  return above / (1 - alpha * (1 + (2 - alpha) * alpha));
}

/** Equation (9): with more hash power than this it pays. */
export function thresholdOf(gamma: number): number {
  return (1 - gamma) / (3 - 2 * gamma);
}
