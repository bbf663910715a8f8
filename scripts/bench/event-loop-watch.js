/**
 * Watches the event loop of a process it is loaded into: from each SIGUSR2 on. When the process ends in good
 * order, the longest delay since the last one stands in the file TALLY_LOOP_FILE, in ms. Plain JavaScript, for
 * what strips types would weigh on the memory that is measured.
 */
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const RESOLUTION_MS = 1;

if (isMainThread) {
  const file = process.env.TALLY_LOOP_FILE;
  let delays = watch();
  process.on('SIGUSR2', () => {
    delays = watch();
  });
  process.on('exit', () => {
    if (file !== undefined) writeFileSync(file, String(Math.max(0, delays.max / 1e6 - RESOLUTION_MS)));
  });
}

function watch() {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  return delays;
}
