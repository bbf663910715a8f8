/**
 * Loaded into a daemon that is measured: at each SIGUSR2 a line on stdout says how long its event loop was held
 * up, and how much processor time all its threads took, since the signal before.
 *
 * On a machine with more to do than cores a loop is also held up because its thread waits for a core. So the longest
 * turn is told in processor time of that thread too.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

/** How often it looks, in ms: this much of a delay is its own. */
const RESOLUTION_MS = 5;
const NS_PER_MS = 1e6;
const US_PER_MS = 1_000;

if (isMainThread) watch();

function watch(): void {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  let cpuBefore = process.cpuUsage();
  let turnBefore = process.threadCpuUsage();
  let longestTurnUs = 0;
  // Fires once a turn at the most, so between two of them is one long turn and no more than a resolution of others.
  setInterval(() => {
    const { system, user } = process.threadCpuUsage(turnBefore);
    turnBefore = process.threadCpuUsage();
    longestTurnUs = Math.max(longestTurnUs, system + user);
  }, RESOLUTION_MS).unref();
  process.on('SIGUSR2', () => {
    const { system, user } = process.cpuUsage(cpuBefore);
    cpuBefore = process.cpuUsage();
    const line = {
      event: 'bench.watched',
      loopP99Ms: delays.percentile(99) / NS_PER_MS - RESOLUTION_MS,
      loopMaxMs: delays.max / NS_PER_MS - RESOLUTION_MS,
      longestTurnMs: longestTurnUs / US_PER_MS,
      cpuMs: (system + user) / US_PER_MS,
    };
    delays.reset();
    longestTurnUs = 0;
    process.stdout.write(`${JSON.stringify(line)}\n`);
  });
}
