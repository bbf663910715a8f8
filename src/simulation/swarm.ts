/**
 * A scenario from a seed: topology, pace, load, faults and attackers all drawn from it. Thousands of them find what
 * nobody thought of.
 */
import { SeededRandom } from './random.ts';
import { ATTACK_KINDS, type AttackPlan, DEFAULTS, type Fault, type Scenario } from './scenario.ts';

/** Small networks and short times: what goes wrong with a thousand nodes goes wrong with seven. */
const NODES = { least: 3, most: 12 };
const MINUTES = { least: 3, most: 12 };
const INTERVAL_SECONDS = { least: 2, most: 20 };
const LATENCIES = ['lan', 'planet', '20', '200', '1000'];
/** A block of this size holds a handful of payments, a pool a dozen or two. */
const SMALL_BLOCK_BYTES = 2_000;
const SMALL_POOL_BYTES = 4_000;
/** Together less than half: beyond that no rule protects anybody. */
const MAX_ATTACK_PERCENT = 40;
const MAX_FAULTS = 4;

export function drawScenario(seed: number): Scenario {
  const random = new SeededRandom(`${seed}/swarm`);
  const nodes = NODES.least + random.integer(NODES.most - NODES.least + 1);
  const minutes = random.between(MINUTES.least, MINUTES.most);
  const seconds = minutes * 60;
  return {
    ...DEFAULTS,
    name: `swarm ${seed}`,
    seed,
    nodes,
    hours: minutes / 60,
    blockIntervalSeconds: random.between(INTERVAL_SECONDS.least, INTERVAL_SECONDS.most),
    latency: random.pick(LATENCIES),
    ...(random.chance(0.2) ? { megabitsPerSecond: random.between(0.05, 5) } : {}),
    hashpower: drawShares(random, 1 + random.integer(nodes)),
    transactionsPerSecond: random.chance(0.1) ? 0 : random.between(0.02, 1),
    wallets: 2 + random.integer(12),
    peers: 1 + random.integer(4),
    maxBlockBytes: random.chance(0.3) ? SMALL_BLOCK_BYTES : DEFAULTS.maxBlockBytes,
    ...(random.chance(0.2) ? { maxPoolBytes: SMALL_POOL_BYTES } : {}),
    faults: Array.from({ length: random.integer(MAX_FAULTS + 1) }, () => drawFault(random, nodes, seconds)),
    attacks: drawAttacks(random, nodes, seconds),
  };
}

/** Percent of so many miners, together 100. */
function drawShares(random: SeededRandom, miners: number): number[] {
  const weights = Array.from({ length: miners }, () => random.between(0.05, 1));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => (100 * weight) / sum);
}

function drawFault(random: SeededRandom, nodes: number, seconds: number): Fault {
  const atSeconds = random.between(0, 0.8 * seconds);
  const span = { atSeconds, forSeconds: random.between(0, seconds - atSeconds) };
  const some = 1 + random.integer(Math.max(1, Math.floor(nodes / 2)));
  switch (random.integer(7)) {
    case 0:
      return { kind: 'partition', share: random.between(0.1, 0.6), oneWay: random.chance(0.25), ...span };
    case 1:
      return { kind: 'crash', nodes: some, powerCut: random.chance(0.5), ...span };
    case 2:
      return {
        kind: 'churn',
        everySeconds: random.between(5, 60),
        downSeconds: random.between(0.1, 40),
        ...span,
      };
    case 3:
      return {
        kind: 'disturbance',
        loss: random.between(0, 0.2),
        duplication: random.between(0, 0.3),
        reordering: random.between(0, 0.3),
        ...span,
      };
    case 4:
      return { kind: 'slow', nodes: some, delayMs: random.between(100, 4_000), ...span };
    case 5:
      return { kind: 'clock', nodes: some, offsetMs: Math.round(random.between(-90_000, 90_000)), ...span };
    default:
      return { kind: 'hashpower', factor: random.pick([0.1, 0.3, 3, 10]), ...span };
  }
}

function drawAttacks(random: SeededRandom, nodes: number, seconds: number): AttackPlan[] {
  const count = random.pick([0, 0, 1, 1, 2]);
  return Array.from({ length: count }, () => {
    const atSeconds = random.between(0, 0.6 * seconds);
    return {
      kind: random.pick(ATTACK_KINDS),
      nodes: 1 + random.integer(Math.min(4, nodes)),
      hashpower: random.chance(0.6) ? random.between(0, MAX_ATTACK_PERCENT / count) : 0,
      gamma: random.next(),
      atSeconds,
      forSeconds: random.between(0.1, 1) * (seconds - atSeconds),
    };
  });
}
