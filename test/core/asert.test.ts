import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { asertTarget } from '../../src/core/difficulty.ts';
import { bitsFromTarget, requireTarget } from '../../src/core/target.ts';

const FOLDER = new URL('../vectors/aserti3-2d/', import.meta.url);
/** Bitcoin Cash: ten minutes, two days, the easiest target. */
const BLOCK_INTERVAL = 600n;
const HALF_LIFE = 172_800n;
const LIMIT = requireTarget(0x1d00_ffff);

interface Run {
  anchorHeight: bigint;
  anchorParentTime: bigint;
  anchorBits: number;
  iterations: number;
  rows: { height: bigint; time: bigint; bits: number }[];
}

function readRun(file: string): Run {
  const text = readFileSync(new URL(file, FOLDER), 'utf8');
  const field = (name: string) => text.match(new RegExp(`${name}: (\\S+)`))?.[1] ?? '';
  const rows = text
    .split('\n')
    .filter((line) => /^\d/.test(line))
    .map((line) => {
      const [, height = '', time = '', bits = ''] = line.split(' ');
      return { height: BigInt(height), time: BigInt(time), bits: Number(bits) };
    });
  return {
    anchorHeight: BigInt(field('anchor height')),
    anchorParentTime: BigInt(field('anchor ancestor time')),
    anchorBits: Number(field('anchor nBits')),
    iterations: Number(field('iterations')),
    rows,
  };
}

describe('the aserti3-2d function passes the vectors of its specification', () => {
  const files = readdirSync(FOLDER).sort();

  it('has six runs', () => expect(files).toEqual(['run01', 'run02', 'run03', 'run04', 'run05', 'run06']));

  it.each(files)('%s', (file) => {
    const run = readRun(file);
    expect(run.rows).toHaveLength(run.iterations);
    for (const { height, time, bits } of run.rows) {
      const target = asertTarget({
        anchorTarget: requireTarget(run.anchorBits),
        timeDelta: time - run.anchorParentTime,
        heightDelta: height - run.anchorHeight,
        blockInterval: BLOCK_INTERVAL,
        halfLife: HALF_LIFE,
        limit: LIMIT,
      });
      expect(bitsFromTarget(target), `height ${height}`).toBe(bits);
    }
  });
});

describe('the aserti3-2d function at its edges', () => {
  const base = {
    anchorTarget: LIMIT,
    heightDelta: 0n,
    blockInterval: 600n,
    halfLife: HALF_LIFE,
    limit: LIMIT,
  };

  it('never gives 0, however fast the blocks came', () => {
    expect(asertTarget({ ...base, timeDelta: -(2n ** 53n), halfLife: 1n })).toBe(1n);
  });

  it('never passes the limit, however slow the blocks came', () => {
    expect(asertTarget({ ...base, anchorTarget: 1n, timeDelta: 2n ** 63n, halfLife: 1n })).toBe(LIMIT);
  });

  it('keeps the target when a block takes exactly its interval', () => {
    expect(asertTarget({ ...base, anchorTarget: 12_345n, timeDelta: 600n })).toBe(12_345n);
  });

  it('doubles after a half-life too many, and halves after one too few', () => {
    expect(asertTarget({ ...base, anchorTarget: 12_345n, timeDelta: 600n + HALF_LIFE })).toBe(24_690n);
    expect(asertTarget({ ...base, anchorTarget: 12_345n, timeDelta: 600n - HALF_LIFE })).toBe(6_172n);
  });
});
