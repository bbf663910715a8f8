/**
 * Stale blocks by block interval and propagation delay, with full nodes.
 *
 * The closed form: after each block the hash power of the others works in vain for the time D until they know it, so
 * the chain gains one block in T + D, and D / (T + D) of all blocks are stale. For D much smaller than T that is
 * Decker and Wattenhofer's 1 − exp(−D/T).
 *
 * Sources: Sompolinsky and Zohar, "Secure High-Rate Transaction Processing in Bitcoin", 2015, section 4; Decker and
 * Wattenhofer, "Information Propagation in the Bitcoin Network", 2013; Gervais et al., "On the Security and Performance
 * of Proof of Work Blockchains", 2016, table 1, for real networks.
 */
import { PROCESSING_MS } from '../lines.ts';
import { createMiners, startMiners } from './miners.ts';
import { type Estimate, proportion } from './statistics.ts';

export interface StaleOptions {
  readonly seed: number;
  readonly miners: number;
  readonly intervalMs: number;
  /** From any miner to any other, ms. */
  readonly delayMs: number;
  readonly blocks: number;
}

export interface StaleOutcome {
  readonly mined: number;
  readonly stale: Estimate;
  /** What the closed form gives. */
  readonly closedForm: number;
}

export async function staleRate(options: StaleOptions): Promise<StaleOutcome> {
  const { blocks, delayMs, intervalMs, miners, seed } = options;
  const lineMs = Math.max(0, delayMs - PROCESSING_MS);
  const world = createMiners({
    seed,
    shares: Array.from({ length: miners }, () => 1 / miners),
    intervalMs,
    latency: () => lineMs,
  });
  let mined = 0;
  world.subscribe((_, { event }) => {
    if (event === 'block.mined') mined++;
  });
  await startMiners(world);
  await world.until(() => mined >= blocks, 10 * blocks * intervalMs);
  for (const machine of world.machines) machine.hashesPerMs = 0;
  await world.advance(30_000);
  const height = Math.max(...world.machines.map(({ node }) => node.chain.tip.height));
  return { mined, stale: proportion(mined - height, mined), closedForm: closedForm(options) };
}

/** A miner knows its own block at once: only the others' power works in vain. */
function closedForm({ delayMs, intervalMs, miners }: StaleOptions): number {
  const vainMs = delayMs * (1 - 1 / miners);
  return vainMs / (intervalMs + vainMs);
}

/** A real network as Gervais et al. measured it. */
export interface RealNetwork {
  readonly name: string;
  readonly intervalSeconds: number;
  /** Median. */
  readonly propagationSeconds: number;
  readonly miners: number;
  readonly staleRate: number;
}

export const REAL_NETWORKS: readonly RealNetwork[] = [
  { name: 'Bitcoin', intervalSeconds: 600, propagationSeconds: 8.7, miners: 16, staleRate: 0.0041 },
  { name: 'Litecoin', intervalSeconds: 150, propagationSeconds: 1.02, miners: 12, staleRate: 0.00273 },
  { name: 'Dogecoin', intervalSeconds: 60, propagationSeconds: 0.85, miners: 12, staleRate: 0.00619 },
  { name: 'Ethereum', intervalSeconds: 15, propagationSeconds: 0.625, miners: 13, staleRate: 0.068 },
];
