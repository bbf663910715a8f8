/** A few kills; `npm run test:crash` does many. */
import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { runCrashes } from '../support/crash-run.ts';

const KILLS = 12;

test('nothing a daemon acknowledged is lost by kill -9, and it opens again with a valid chain', async () => {
  const seed = randomInt(2 ** 32);
  const told: string[] = [];
  const report = await runCrashes({ kills: KILLS, seed, progress: (line) => told.push(line) });
  expect(report.lost, `seed ${seed}\n${told.join('\n')}`).toEqual([]);
  expect(Object.values(report.killed).reduce((sum, count) => sum + count)).toBe(KILLS);
  expect(report.height).toBeGreaterThan(0);
}, 120_000);
