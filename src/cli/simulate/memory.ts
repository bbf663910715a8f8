/** Room for large simulations: Node.js gives a process a few gigabytes only, whatever the machine has. */
import { spawn } from 'node:child_process';
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import type { Scenario } from '../../simulation/scenario.ts';

/** Nodes times blocks, the blocks of the start and the end counted: less than this fits anyway. */
const LARGE = 300_000;
const BLOCKS_BESIDES = 100;
/** Of the machine's memory; the rest is for what is not on the heap, and for others. */
const SHARE = 0.75;
const MEGABYTE = 2 ** 20;

/** @returns megabytes the scenario should be run with; undefined: this process has enough */
export function megabytesFor({ blockIntervalSeconds, hours, nodes }: Scenario): number | undefined {
  const blocks = (3_600 * hours) / blockIntervalSeconds;
  if (nodes * (blocks + BLOCKS_BESIDES) < LARGE) return undefined;
  const wanted = Math.floor((SHARE * totalmem()) / MEGABYTE);
  return getHeapStatistics().heap_size_limit / MEGABYTE >= wanted ? undefined : wanted;
}

/** Runs this very command again with so much memory. @returns its exit status */
export function runAgainWith(megabytes: number): Promise<number> {
  const [node, ...args] = [process.execPath, ...process.execArgv, ...process.argv.slice(1)] as [
    string,
    ...string[],
  ];
  const child = spawn(node, [`--max-old-space-size=${megabytes}`, ...args], { stdio: 'inherit' });
  const end = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  process.on('SIGTERM', end).on('SIGINT', end);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      process.off('SIGTERM', end).off('SIGINT', end);
      resolve(code ?? 1);
    });
  });
}
