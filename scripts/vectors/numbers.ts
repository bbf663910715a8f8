/** Vectors of the arithmetic: targets, difficulty, subsidy. */
import { type DifficultyAncestor, nextBits } from '../../src/core/difficulty.ts';
import { formatBits } from '../../src/core/network-file.ts';
import { DEV_PARAMS, TEST_PARAMS } from '../../src/core/network-params.ts';
import { subsidyAt } from '../../src/core/subsidy.ts';
import { bitsFromTarget, targetFromBits, workOfTarget } from '../../src/core/target.ts';

const BITS = [
  0x0000_0000, 0x0012_3456, 0x0100_3456, 0x0112_3456, 0x01fe_dcba, 0x0200_0056, 0x0200_8000, 0x0212_3456,
  0x0300_0001, 0x0312_3456, 0x0380_0000, 0x0412_3456, 0x0492_3456, 0x0500_9234, 0x1b04_04cb, 0x1d00_ffff,
  0x1e04_0000, 0x1f00_0400, 0x1f01_0000, 0x207f_ffff, 0x2080_0001, 0x2100_ffff, 0x2101_0000, 0x2200_00ff,
  0x2200_0100, 0x2300_0001, 0xff12_3456,
];

/** `target` null: the bits are negative, zero or over 256 bits. */
export function targetVectors() {
  return BITS.map((bits) => {
    const target = targetFromBits(bits);
    if (target === undefined) return { bits: formatBits(bits), target: null };
    return {
      bits: formatBits(bits),
      target: target.toString(16).padStart(64, '0'),
      canonicalBits: formatBits(bitsFromTarget(target)),
      work: workOfTarget(target).toString(),
    };
  });
}

/** Solve times in ms: on time, all too fast, all too slow, a pause, a wild mixture. */
const SOLVE_TIMES: Record<string, (i: number) => number> = {
  'every block on time': () => 5_000,
  'every block at once': () => 1,
  'every block late by a half-life': () => 105_000,
  'every block just below the longest time counted': () => 159_999,
  'every block just above the longest time counted': () => 162_000,
  'a pause of twelve hours': (i) => (i === 10 ? 43_200_000 : 5_000),
  'a mixture': (i) => 1 + ((i * i * 7_919) % 23_333),
};
const SEQUENCE_LENGTH = 60;

/** Rows: the timestamp of a block, from the genesis on, and the bits of the block after it. */
export function difficultyVectors() {
  return Object.entries(SOLVE_TIMES).flatMap(([what, solveTime]) =>
    [DEV_PARAMS, { ...DEV_PARAMS, halfLife: 7n, blockInterval: 3n }, { ...DEV_PARAMS, halfLife: 0n }].map(
      (params) => {
        let parent: DifficultyAncestor = {
          height: 0n,
          timestamp: params.genesisTime,
          bits: params.initialBits,
        };
        let grandparent: DifficultyAncestor | undefined;
        const rows: string[] = [];
        for (let i = 1; i <= SEQUENCE_LENGTH; i++) {
          const bits = nextBits(params, parent, grandparent);
          rows.push(`${parent.timestamp} ${formatBits(bits)}`);
          grandparent = parent;
          parent = {
            height: BigInt(i),
            timestamp: parent.timestamp + BigInt(solveTime(i)),
            bits,
          };
        }
        return {
          what,
          blockInterval: params.blockInterval.toString(),
          halfLife: params.halfLife.toString(),
          initialBits: formatBits(params.initialBits),
          limitBits: formatBits(params.limitBits),
          rows,
        };
      },
    ),
  );
}

export function subsidyVectors() {
  const heights = [0n, 1n, 9n, 10n, 11n, 20n, 100n, 629n, 630n, 640n, 2n ** 32n, 2n ** 64n - 1n];
  const kinds = [
    { subsidy: 50_000_000n, halvingInterval: 10n },
    { subsidy: 2n ** 63n - 1n, halvingInterval: 10n },
    { subsidy: 50_000_000n, halvingInterval: 0n },
    { subsidy: 0n, halvingInterval: 1n },
  ];
  return kinds.flatMap((kind) =>
    heights.map((height) => ({
      subsidy: kind.subsidy.toString(),
      halvingInterval: kind.halvingInterval.toString(),
      height: height.toString(),
      reward: subsidyAt({ ...TEST_PARAMS, ...kind }, height).toString(),
    })),
  );
}
