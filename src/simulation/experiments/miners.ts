/** A few nodes that mine, all connected, at constant difficulty: the setting of the published models. */
import { idFromBytes } from '../../core/identifiers.ts';
import { defineNetwork, type NetworkDefinition, TEST_PARAMS } from '../../core/network-params.ts';
import { requireTarget } from '../../core/target.ts';
import type { LatencyModel } from '../latency.ts';
import { expectedHashes } from '../virtual-miner.ts';
import { World } from '../world.ts';

/** Two hashes a block. */
const BITS = 0x207f_ffff;
/** Until all are connected. */
const SETTLE_MS = 20_000;

export interface MinersOptions {
  readonly seed: number | string;
  /** Share of all hash power, of each. */
  readonly shares: readonly number[];
  /** If all hash power were 1. */
  readonly intervalMs: number;
  readonly latency: LatencyModel;
}

/** Hashes a millisecond of hash power 1. */
export function fullPower(intervalMs: number): number {
  return expectedHashes(requireTarget(BITS)) / intervalMs;
}

function constantDifficulty(intervalMs: number): NetworkDefinition {
  return defineNetwork({
    ...TEST_PARAMS,
    name: new TextEncoder().encode('experiment'),
    blockInterval: BigInt(intervalMs),
    initialBits: BITS,
    limitBits: BITS,
  });
}

/** The world with its miners, not started. */
export function createMiners({ intervalMs, latency, seed, shares }: MinersOptions): World {
  const world = new World({ definition: constantDifficulty(intervalMs), seed, latency });
  for (const share of shares) {
    world.add({
      address: idFromBytes(world.random.for(`miner-${world.machines.length}`).bytes(32)),
      hashesPerMs: share * fullPower(intervalMs),
      peers: [...world.machines],
    });
  }
  return world;
}

/** Starts all machines and lets them connect; they mine from then on. */
export async function startMiners(world: World): Promise<void> {
  const powers = world.machines.map((machine) => machine.hashesPerMs);
  for (const machine of world.machines) {
    machine.hashesPerMs = 0;
    await machine.start();
  }
  await world.advance(SETTLE_MS);
  world.machines.forEach((machine, index) => {
    machine.hashesPerMs = powers[index] as number;
    if (machine.hashesPerMs > 0) machine.node.mining.start();
  });
}
