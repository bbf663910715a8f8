import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BlockId } from '../../src/core/identifiers.ts';
import { type Figures, Measurements } from '../../src/simulation/measurements.ts';
import { mean, percentile, Sample, Series } from '../../src/simulation/measurements-sample.ts';
import { DEFAULTS, equalShares, type Scenario } from '../../src/simulation/scenario.ts';
import { type SimulationResult, simulate } from '../../src/simulation/simulation.ts';

const SMALL: Scenario = {
  ...DEFAULTS,
  nodes: 6,
  hours: 0.2,
  latency: '50',
  hashpower: equalShares(6),
  transactionsPerSecond: 0,
};

/** Runs it and counts beside the measurements what they should come to. */
async function measured(changes: Partial<Scenario> = {}): Promise<{
  result: SimulationResult;
  figures: Figures;
  minedBy: Map<BlockId, 'honest' | 'attacker'>;
  sentAndReceived: number;
  depths: number[];
  /** Of honest blocks at honest nodes. */
  arrivals: number;
}> {
  let measurements: Measurements | undefined;
  const minedBy = new Map<BlockId, 'honest' | 'attacker'>();
  const depths: number[] = [];
  let arrivals = 0;
  const traffics = new Set<{ sentBytes: number; receivedBytes: number }>();
  const result = await simulate(
    { ...SMALL, ...changes },
    {
      onWorld: (world) => {
        measurements = new Measurements(world);
        world.subscribe((machine, event) => {
          if (machine.isRunning && !machine.isAttacker) traffics.add(machine.network.traffic);
          if (event.event === 'block.accepted') {
            if (!machine.isAttacker && minedBy.get(event.id) === 'honest') arrivals++;
            if (!minedBy.has(event.id))
              minedBy.set(event.id, machine.isAttacker || event.source !== 'mined' ? 'attacker' : 'honest');
          }
          if (event.event === 'chain.reorganised' && !machine.isAttacker) depths.push(event.depth);
        });
      },
      onProgress: () => measurements?.look(),
    },
  );
  if (measurements === undefined) throw new Error('the world never came');
  let sentAndReceived = 0;
  for (const { receivedBytes, sentBytes } of traffics) sentAndReceived += receivedBytes + sentBytes;
  return { result, figures: measurements.figures(result), minedBy, sentAndReceived, depths, arrivals };
}

describe('a network nothing happens to', () => {
  test('spreads every block in one or two hops of its latency', async () => {
    const { figures, result } = await measured();
    expect(figures.blocksMined).toBe(result.height + figures.blocksStale);
    // All others hear of each block.
    expect(figures.propagationMs).toHaveLength(5 * figures.blocksMined);
    expect(figures.propagationMs[0]).toBeCloseTo(51.5, 0);
    expect(percentile(figures.propagationMs, 0.5)).toBeLessThan(110);
    expect(figures.attackerBlocks).toBe(0);
    // One less than there are blocks, and the one that closes the run left out.
    expect(figures.intervalsMs).toHaveLength(result.height - 2);
    expect(mean(figures.intervalsMs)).toBeGreaterThan(5_000);
    expect(mean(figures.intervalsMs)).toBeLessThan(20_000);
  });

  test('confirms the payments of its users', async () => {
    const { figures, result } = await measured({ transactionsPerSecond: 0.3 });
    expect(figures.confirmed).toBe(result.acknowledged);
    expect(figures.confirmed).toBeGreaterThan(100);
    expect(figures.confirmationMs).toHaveLength(figures.confirmed);
    expect(percentile(figures.confirmationMs, 0.5)).toBeGreaterThan(1_000);
    expect(percentile(figures.confirmationMs, 0.5)).toBeLessThan(30_000);
    expect(Math.max(...figures.pool.map(({ value }) => value))).toBeGreaterThan(0);
  });
});

describe('a slow network forks', () => {
  test('what is stale, how deep, and where is told as it was', async () => {
    const { depths, figures, minedBy, result } = await measured({
      latency: '1500',
      blockIntervalSeconds: 5,
    });
    expect(figures.blocksMined).toBe(minedBy.size);
    expect(figures.blocksStale).toBe(minedBy.size - result.height);
    expect(figures.blocksStale).toBeGreaterThan(5);
    expect(figures.staleRate).toBe(figures.blocksStale / figures.blocksMined);
    expect(figures.staleOverTime.at(-1)?.value).toBeCloseTo(figures.staleRate);
    for (const [depth, count] of Object.entries(figures.reorganisations))
      expect(depths.filter((each) => each === Number(depth))).toHaveLength(count);
    expect(Object.values(figures.reorganisations).reduce((sum, count) => sum + count, 0)).toBe(depths.length);
    const kept = figures.forks.filter(({ isOnChain }) => isOnChain);
    expect(new Set(kept.map(({ height }) => height)).size).toBe(kept.length);
    expect(figures.forks.length).toBeGreaterThan(kept.length);
    expect(figures.forks.every(({ isHonest }) => isHonest)).toBe(true);
  });
});

describe("an attacker's blocks are told apart from honest ones", () => {
  test.each(['selfish-mining', 'spam'] as const)('%s', async (kind) => {
    const { arrivals, figures, minedBy, result } = await measured({
      attacks: [{ kind, hashpower: 80, gamma: 1, atSeconds: 10, forSeconds: 600 }],
    });
    expect(figures.blocksMined).toBe([...minedBy.values()].filter((by) => by === 'honest').length);
    expect(figures.attackerBlocks).toBe(result.height - figures.blocksMined + figures.blocksStale);
    expect(figures.attackerBlocks).toBeGreaterThan(10);
    expect(figures.propagationMs).toHaveLength(arrivals);
    if (kind === 'spam') return;
    expect(figures.blocksStale).toBeGreaterThan(5);
    expect(figures.forks.some(({ isHonest, isOnChain }) => !isHonest && isOnChain)).toBe(true);
    expect(figures.forks.some(({ isHonest, isOnChain }) => isHonest && !isOnChain)).toBe(true);
  });
});

test('traffic counts on over restarts', async () => {
  const { figures, result, sentAndReceived } = await measured({
    faults: [{ kind: 'churn', everySeconds: 20, downSeconds: 20, atSeconds: 60, forSeconds: 600 }],
  });
  const all = (mean(figures.bytesPerSecond) * figures.bytesPerSecond.length * result.elapsedMs) / 1_000;
  expect(figures.bytesPerSecond).toHaveLength(6);
  // A process that lives between two looks is not seen.
  expect(all / sentAndReceived).toBeGreaterThan(0.95);
  expect(all / sentAndReceived).toBeLessThanOrEqual(1.000001);
  expect(figures.duplicateShare).toBeGreaterThan(0.1);
  expect(figures.duplicateShare).toBeLessThan(0.95);
});

test('measuring changes nothing', async () => {
  const { result } = await measured();
  const alone = await simulate(SMALL);
  expect(result.digest).toBe(alone.digest);
});

describe('numbers by the million', () => {
  test('a sample keeps all there are while they are few, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { maxLength: 200 }), (values) => {
        const sample = new Sample();
        for (const value of values) sample.add(value);
        expect(sample.sorted()).toEqual(values.toSorted((a, b) => a - b));
      }),
    );
  });

  test('a sample of many is spread as they are', () => {
    const sample = new Sample();
    for (let value = 0; value < 500_000; value++) sample.add(value);
    const sorted = sample.sorted();
    expect(sorted).toHaveLength(50_000);
    for (const share of [0.1, 0.5, 0.9]) {
      expect(Math.abs(percentile(sorted, share) / 500_000 - share)).toBeLessThan(0.01);
    }
  });

  test('a series of any length is bounded and keeps its mean and its ends', () => {
    const series = new Series();
    const count = 100_000;
    for (let i = 0; i < count; i++) series.add(i, i % 2);
    const points = series.points();
    expect(points.length).toBeLessThanOrEqual(1_025);
    expect(points.length).toBeGreaterThan(400);
    expect(mean(points.map(({ value }) => value))).toBeCloseTo(0.5, 2);
    expect(points[0]?.atMs).toBeLessThan(count / 400);
    expect(points.at(-1)?.atMs).toBeGreaterThan(count - count / 400);
    const times = points.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  test('a short series is kept as it is', () => {
    const series = new Series();
    series.add(1, 5);
    series.add(2, 7);
    expect(series.points()).toEqual([
      { atMs: 1, value: 5 },
      { atMs: 2, value: 7 },
    ]);
  });

  test('percentiles and means of nothing are 0', () => {
    expect(percentile([], 0.5)).toBe(0);
    expect(mean([])).toBe(0);
    expect(percentile([1, 2, 3, 4], 0.5)).toBe(3);
    expect(percentile([1, 2, 3, 4], 1)).toBe(4);
  });
});
