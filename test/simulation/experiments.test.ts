/** The closed forms are the published ones, and the simulation agrees with them. */
import { describe, expect, it } from 'vitest';
import { doubleSpend, nakamoto, rosenfeld } from '../../src/simulation/experiments/double-spend.ts';
import { revenueOf, selfishRevenue, thresholdOf } from '../../src/simulation/experiments/selfish-revenue.ts';
import { staleRate } from '../../src/simulation/experiments/stale-rate.ts';
import { contains, meanOfSeries, proportion } from '../../src/simulation/experiments/statistics.ts';

describe('published numbers', () => {
  // Nakamoto 2008, section 11: q = 0.1 and 0.3.
  it.each([
    [0.1, 1, 0.2045873],
    [0.1, 5, 0.0009137],
    [0.1, 10, 0.0000012],
    [0.3, 5, 0.1773523],
    [0.3, 10, 0.0416605],
  ])('Nakamoto: q %d, %i confirmations: %d', (q, z, probability) => {
    expect(nakamoto(q, z)).toBeCloseTo(probability, 6);
  });

  // Rosenfeld 2014, table 1.
  it.each([
    [0.1, 1, 0.2],
    [0.1, 6, 0.00059],
    [0.3, 6, 0.15645],
    [0.4, 10, 0.37218],
  ])('Rosenfeld: q %d, %i confirmations: %d', (q, n, probability) => {
    expect(rosenfeld(q, n)).toBeCloseTo(probability, 3);
  });

  it('Eyal and Sirer: a third of the power pays without any help, any power with all of it', () => {
    expect(thresholdOf(0)).toBeCloseTo(1 / 3);
    expect(thresholdOf(0.5)).toBeCloseTo(1 / 4);
    expect(thresholdOf(1)).toBe(0);
    for (const gamma of [0, 0.5]) {
      const alpha = thresholdOf(gamma);
      expect(revenueOf(alpha, gamma)).toBeCloseTo(alpha);
    }
  });
});

describe('Wilson’s interval', () => {
  it('is the textbook’s', () => {
    const { high, low } = proportion(10, 100);
    expect(low).toBeCloseTo(0.0552, 3);
    expect(high).toBeCloseTo(0.1744, 3);
  });
});

describe('batch means', () => {
  it('give runs of equal values the width they deserve', () => {
    const alternating = Array.from({ length: 400 }, (_, i) => i % 2);
    const inRuns = Array.from({ length: 400 }, (_, i) => (Math.floor(i / 30) % 2 === 0 ? 0 : 1));
    const width = ({ high, low }: { high: number; low: number }): number => high - low;
    expect(meanOfSeries(alternating)).toEqual({ value: 0.5, low: 0.5, high: 0.5 });
    expect(width(meanOfSeries(inRuns))).toBeGreaterThan(width(proportion(200, 400)));
  });
});

describe('simulated with real nodes, the closed form lies in the interval', () => {
  it('double spends', async () => {
    const { rosenfeld: expected, success } = await doubleSpend({
      seed: 1,
      share: 0.3,
      confirmations: 2,
      trials: 150,
    });
    expect(contains(success, expected)).toBe(true);
    expect(success.high - success.low).toBeLessThan(0.2);
  });

  it('selfish mining', async () => {
    const { closedForm, revenue } = await selfishRevenue({ seed: 1, alpha: 0.4, gamma: 0.5, blocks: 800 });
    expect(contains(revenue, closedForm)).toBe(true);
    expect(revenue.value).toBeGreaterThan(0.4);
  });

  it('stale blocks', async () => {
    const { closedForm, stale } = await staleRate({
      seed: 1,
      miners: 10,
      intervalMs: 2_000,
      delayMs: 200,
      blocks: 1_000,
    });
    expect(contains(stale, closedForm)).toBe(true);
  });
});
