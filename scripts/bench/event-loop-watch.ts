/**
 * Watches the event loop of a process it is loaded into: from each SIGUSR2 on. When the process ends in good
 * order, the longest delay since the last one stands in the file TALLY_LOOP_FILE, in ms.
 */
import { writeFileSync } from 'node:fs';
import { watchLoop } from './event-loop.ts';

const file = process.env.TALLY_LOOP_FILE;
let delays = watchLoop();
process.on('SIGUSR2', () => {
  delays = watchLoop();
});
process.on('exit', () => {
  if (file !== undefined) writeFileSync(file, String(delays.longest()));
});
