/**
 * How often a payment with so many confirmations is taken back: a real branch, mined in secret, that real nodes
 * reorganise to.
 *
 * Sources: Nakamoto, "Bitcoin: A Peer-to-Peer Electronic Cash System", 2008, section 11; Rosenfeld, "Analysis of
 * Hashrate-Based Double Spending", 2014, equation (1).
 *
 * Conventions, as Rosenfeld's: the attacker has mined one block before the payment, so that catching up is being
 * ahead; it shows its branch once the payment has its confirmations and the branch is longer.
 */
import { idFromBytes } from '../../core/identifiers.ts';
import { requireTarget } from '../../core/target.ts';
import type { Block } from '../../core/types.ts';
import { after, forgeBlock, messageWith, type Place, tipOf } from '../attackers/forge.ts';
import type { Machine } from '../machine.ts';
import { SeededRandom } from '../random.ts';
import { expectedHashes } from '../virtual-miner.ts';
import type { World } from '../world.ts';
import { createMiners, fullPower, startMiners } from './miners.ts';
import { type Estimate, proportion } from './statistics.ts';

const HONEST_MINERS = 2;
const INTERVAL_MS = 1_000;
/** It gives up so far behind; with 40 % of the hash power it would still have won 1 time in 100,000. */
const GIVES_UP_BEHIND = 28;
/** For a branch to be told and connected. */
const TOLD_MS = 500;

export interface DoubleSpendOptions {
  readonly seed: number;
  /** The attacker's share of all hash power. */
  readonly share: number;
  readonly confirmations: number;
  readonly trials: number;
}

export interface DoubleSpendOutcome {
  readonly success: Estimate;
  readonly nakamoto: number;
  readonly rosenfeld: number;
}

export async function doubleSpend(options: DoubleSpendOptions): Promise<DoubleSpendOutcome> {
  const { confirmations, seed, share, trials } = options;
  const world = createMiners({
    seed,
    shares: Array.from({ length: HONEST_MINERS }, () => (1 - share) / HONEST_MINERS),
    intervalMs: INTERVAL_MS,
    latency: () => 0,
  });
  const attacker = world.add({
    address: idFromBytes(world.random.for('attacker').bytes(32)),
    peers: [...world.machines],
    bend: (network) => network,
  });
  await startMiners(world);
  const random = new SeededRandom(`${seed}/double-spend`);
  let successes = 0;
  for (let trial = 0; trial < trials; trial++) {
    if (await attempt(world, attacker, random, options)) successes++;
  }
  return {
    success: proportion(successes, trials),
    nakamoto: nakamoto(share, confirmations),
    rosenfeld: rosenfeld(share, confirmations),
  };
}

/** One payment and one secret branch. @returns whether the nodes left the payment behind */
async function attempt(
  world: World,
  attacker: Machine,
  random: SeededRandom,
  { confirmations, share }: DoubleSpendOptions,
): Promise<boolean> {
  const { params } = world.definition;
  const [first] = world.honest;
  if (first === undefined) throw new Error('somebody is honest');
  await world.until(() => attacker.node.chain.tip.id === first.node.chain.tip.id, 10_000);
  const start = tipOf(attacker);
  const startHeight = Number(start.header.height);
  const branch: Block[] = [];
  let place: Place = start;
  const extend = (): void => {
    const block = forgeBlock(params, place, random, { timestampMs: attacker.clock.now() });
    branch.push(block);
    place = after(place, block);
  };
  const meanMs = expectedHashes(requireTarget(params.initialBits)) / (share * fullPower(INTERVAL_MS));
  const confirmed = (): number => first.node.chain.tip.height - startHeight;
  extend();
  for (;;) {
    // Whichever comes first: a block of its own, or the end of this attempt.
    let isFound = false;
    const next = world.scheduler.after(random.exponential(meanMs), () => {
      isFound = true;
    });
    const isOver = (): boolean =>
      confirmed() - branch.length >= GIVES_UP_BEHIND ||
      (confirmed() >= confirmations && branch.length > confirmed());
    await world.until(() => isFound || isOver(), 3_600_000);
    next.cancelled = true;
    if (isFound) extend();
    if (!isOver()) continue;
    if (branch.length <= confirmed()) return false;
    for (const block of branch) {
      const message = messageWith(block, attacker.clock.now());
      attacker.network.hearOwn('block', message);
      attacker.network.publish('block', message);
    }
    await world.advance(TOLD_MS);
    return first.node.chain.atHeight(startHeight + 1)?.id === idOf(branch);
  }

  function idOf([lowest]: readonly Block[]): string | undefined {
    return lowest === undefined ? undefined : after(start, lowest).id;
  }
}

/** The attacker's progress taken as Poisson. */
export function nakamoto(q: number, z: number): number {
  const p = 1 - q;
  const lambda = (z * q) / p;
  let fails = 0;
  let poisson = Math.exp(-lambda);
  for (let k = 0; k <= z; k++) {
    if (k > 0) poisson *= lambda / k;
    fails += poisson * (1 - (q / p) ** (z - k));
  }
  return 1 - fails;
}

/** The attacker's progress is a negative binomial. */
export function rosenfeld(q: number, n: number): number {
  const p = 1 - q;
  if (q >= p) return 1;
  let fails = 0;
  let ways = 1; // C(m + n − 1, m)
  for (let m = 0; m <= n; m++) {
    if (m > 0) ways *= (m + n - 1) / m;
    fails += ways * (p ** n * q ** m - p ** m * q ** n);
  }
  return 1 - fails;
}
