/** Simulations drawn from seeds: nothing breaks a rule, and the same seed is the same run, whatever else goes on. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { InvariantError } from '../../src/core/errors.ts';
import type { Machine } from '../../src/simulation/machine.ts';
import { DEFAULTS } from '../../src/simulation/scenario.ts';
import { simulate } from '../../src/simulation/simulation.ts';
import { drawScenario } from '../../src/simulation/swarm.ts';
import { runSeed } from '../../src/simulation/swarm-run.ts';

const SEEDS = Array.from({ length: 40 }, (_, i) => 1 + i);
const FAILED: number[] = JSON.parse(
  readFileSync(fileURLToPath(new URL('failed-seeds.json', import.meta.url)), 'utf8'),
);
const TALLY = fileURLToPath(new URL('../../src/cli/tally.js', import.meta.url));

describe('no rule is broken', () => {
  it.each([...new Set([...FAILED, ...SEEDS])])('with seed %i', async (seed) => {
    expect((await runSeed(seed)).violations).toEqual([]);
  });
});

describe('the same seed gives the same trace', () => {
  const SEED = 12;

  it('twice in a row, with other seeds running beside it, and in another process', async () => {
    const { digest } = await runSeed(SEED);
    const beside = await Promise.all([runSeed(3), runSeed(SEED), runSeed(4)]);
    expect(beside[1].digest).toBe(digest);
    expect(new Set(beside.map((each) => each.digest)).size).toBe(3);
    const { stdout } = await promisify(execFile)(process.execPath, [
      TALLY,
      'simulate',
      '--swarm',
      `${SEED}`,
      '--json',
    ]);
    expect(JSON.parse(stdout).digest).toBe(digest);
  });
});

describe('what is drawn', () => {
  it('has every kind of fault and attack', () => {
    const scenarios = Array.from({ length: 500 }, (_, seed) => drawScenario(seed));
    const kinds = new Set(
      scenarios.flatMap(({ attacks, faults }) => [...attacks, ...faults].map(({ kind }) => kind)),
    );
    expect(kinds.size).toBe(23);
  });

  it('leaves honest miners the majority, and ends before the end', () => {
    for (let seed = 0; seed < 500; seed++) {
      const { attacks, faults, hours } = drawScenario(seed);
      const power = attacks.reduce((sum, { hashpower = 0 }) => sum + hashpower, 0);
      expect(power).toBeLessThan(45);
      for (const { atSeconds, forSeconds } of [...attacks, ...faults]) {
        expect(atSeconds + forSeconds).toBeLessThanOrEqual(hours * 3_600 + 0.001);
      }
    }
  });
});

describe('a node that fails', () => {
  it('stops, as its daemon would; that is told, the others go on, and it agrees when it is back', async () => {
    const stopped: number[] = [];
    const { height, violations } = await simulate(
      { ...DEFAULTS, nodes: 4, hours: 0.1, transactionsPerSecond: 0 },
      {
        onEntry: ({ kind, machine }) => {
          if (kind === 'stopped') stopped.push(machine);
        },
        onWorld: ({ honest: [machine], scheduler }) => {
          scheduler.after(60_000, () => {
            const { disk } = machine as Machine;
            disk.atomically = () => {
              Reflect.deleteProperty(disk, 'atomically'); // the next time it works again
              throw new InvariantError('a bug');
            };
          });
        },
      },
    );
    expect(violations).toMatchObject([{ check: 'failures', machine: 'n0' }]);
    expect(stopped).toEqual([0]);
    expect(height).toBeGreaterThan(30);
  });
});
