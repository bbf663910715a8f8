import { describe, expect, it } from 'vitest';
import { type DifficultyAncestor, nextBits } from '../../src/core/difficulty.ts';
import { DEV_PARAMS } from '../../src/core/network-params.ts';
import { requireTarget } from '../../src/core/target.ts';

const PARAMS = DEV_PARAMS;
const MIDDLE = 0x1d00_ffff;

/** The bits of the block after a parent at `height` that came `solveTime` ms after its own parent. */
function bitsAfter(solveTime: bigint, height = 10n, bits = MIDDLE, params = PARAMS): number {
  const grandparent: DifficultyAncestor = { height: height - 1n, timestamp: 1_000_000n, bits };
  return nextBits(params, { height, timestamp: 1_000_000n + solveTime, bits }, grandparent);
}

describe('the difficulty rule', () => {
  it('gives blocks 1 and 2 the initial bits, whatever the time between the genesis and block 1', () => {
    expect(nextBits(PARAMS, { height: 0n, timestamp: 0n, bits: PARAMS.initialBits }, undefined)).toBe(
      PARAMS.initialBits,
    );
    expect(bitsAfter(10n ** 12n, 1n, PARAMS.initialBits)).toBe(PARAMS.initialBits);
    expect(bitsAfter(1n, 1n, PARAMS.initialBits)).toBe(PARAMS.initialBits);
  });

  it('adjusts from block 3 on', () => {
    expect(bitsAfter(1n, 2n)).not.toBe(MIDDLE);
  });

  it('keeps the bits when the parent took exactly the block interval', () => {
    expect(bitsAfter(PARAMS.blockInterval)).toBe(MIDDLE);
  });

  it('makes the next block easier after a slow one, harder after a fast one', () => {
    expect(requireTarget(bitsAfter(20_000n))).toBeGreaterThan(requireTarget(MIDDLE));
    expect(requireTarget(bitsAfter(1n))).toBeLessThan(requireTarget(MIDDLE));
  });

  it('doubles the target after half-life + interval', () => {
    expect(requireTarget(bitsAfter(PARAMS.halfLife + PARAMS.blockInterval))).toBe(2n * requireTarget(MIDDLE));
  });

  it('counts a pause as at most 32 intervals', () => {
    const most = bitsAfter(32n * PARAMS.blockInterval);
    expect(bitsAfter(32n * PARAMS.blockInterval - 1_000n)).not.toBe(most);
    expect(bitsAfter(32n * PARAMS.blockInterval + 1n)).toBe(most);
    expect(bitsAfter(12n * 3_600_000n)).toBe(most);
  });

  it('never goes beyond the limit', () => {
    expect(bitsAfter(32n * PARAMS.blockInterval, 10n, PARAMS.limitBits)).toBe(PARAMS.limitBits);
  });

  it('never changes where the half-life is 0', () => {
    const params = { ...PARAMS, halfLife: 0n };
    expect(bitsAfter(1n, 10n, MIDDLE, params)).toBe(MIDDLE);
    expect(bitsAfter(10n ** 9n, 10n, MIDDLE, params)).toBe(MIDDLE);
  });

  it('aims at the block interval: with steady hash power the mean comes out within 0.1 %', () => {
    // Virtual mining: solve time = work / hash rate, exactly; after 400 blocks the target has found its level.
    const hashesPerMs = 1_000_000n;
    let parent: DifficultyAncestor = { height: 2n, timestamp: 0n, bits: PARAMS.initialBits };
    let grandparent: DifficultyAncestor = { height: 1n, timestamp: -5_000n, bits: PARAMS.initialBits };
    let settledAt = 0n;
    for (let height = 3n; height <= 1_200n; height++) {
      const bits = nextBits(PARAMS, parent, grandparent);
      const solveTime = 2n ** 256n / (requireTarget(bits) + 1n) / hashesPerMs + 1n;
      grandparent = parent;
      parent = { height, timestamp: parent.timestamp + solveTime, bits };
      if (height === 400n) settledAt = parent.timestamp;
    }
    const mean = Number(parent.timestamp - settledAt) / 800;
    expect(Math.abs(mean - 5_000)).toBeLessThan(5);
  });
});
