/**
 * Loaded into a daemon that is measured: at each SIGUSR2 a line on stdout says how long its event loop was held
 * up, and how much processor time all its threads took, since the signal before.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

/** How often it looks, in ms: this much of a delay is its own. */
const RESOLUTION_MS = 1;
const NS_PER_MS = 1e6;

if (isMainThread) {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  let cpuBefore = process.cpuUsage();
  process.on('SIGUSR2', () => {
    const { system, user } = process.cpuUsage(cpuBefore);
    cpuBefore = process.cpuUsage();
    const line = {
      event: 'bench.watched',
      loopP99Ms: delays.percentile(99) / NS_PER_MS - RESOLUTION_MS,
      loopMaxMs: delays.max / NS_PER_MS - RESOLUTION_MS,
      cpuMs: (system + user) / 1_000,
    };
    delays.reset();
    process.stdout.write(`${JSON.stringify(line)}\n`);
  });
}
