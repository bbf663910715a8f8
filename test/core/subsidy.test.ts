import { describe, expect, it } from 'vitest';
import { TEST_PARAMS } from '../../src/core/network-params.ts';
import { subsidyAt } from '../../src/core/subsidy.ts';

describe('the subsidy', () => {
  const params = { ...TEST_PARAMS, subsidy: 50n, halvingInterval: 10n };

  it.each([
    [0n, 0n], // the genesis
    [1n, 50n],
    [9n, 50n],
    [10n, 25n],
    [19n, 25n],
    [20n, 12n],
    [59n, 1n],
    [60n, 0n],
    [10_000n, 0n],
    [2n ** 64n - 1n, 0n],
  ])('at height %s is %s', (height, subsidy) => expect(subsidyAt(params, height)).toBe(subsidy));

  it('never halves with halvingInterval 0, and still the genesis has none', () => {
    const forever = { ...params, halvingInterval: 0n };
    expect(subsidyAt(forever, 0n)).toBe(0n);
    expect(subsidyAt(forever, 1n)).toBe(50n);
    expect(subsidyAt(forever, 2n ** 63n)).toBe(50n);
  });

  it('sums up to less than twice what the first period pays', () => {
    let total = 0n;
    for (let height = 0n; height < 100n; height++) total += subsidyAt(params, height);
    expect(total).toBeLessThan(2n * 10n * 50n);
  });
});
