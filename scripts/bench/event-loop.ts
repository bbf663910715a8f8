/** How long the event loop of this process was kept from turning. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** The finest a timer goes: a delay below it is none. */
const RESOLUTION_MS = 1;

export interface LoopDelays {
  /** The longest since `start`, and stops. ms */
  longest(): number;
}

/** Starts to watch. */
export function watchLoop(): LoopDelays {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  return {
    longest: () => {
      delays.disable();
      // The histogram counts what lies between two of its own timers.
      return Math.max(0, delays.max / 1e6 - RESOLUTION_MS);
    },
  };
}

/** A module that watches the loop of a process it is loaded into. */
export const LOOP_WATCH: string = new URL('event-loop-watch.js', import.meta.url).href;

/** Turns of this much work: what an event loop that behaves well does, on this machine at this moment. */
const WORK_MS = 4;

/** The longest delay of a loop that works 4 ms a turn for as long. */
export async function steadyLoop(ms: number): Promise<number> {
  const delays = watchLoop();
  const end = performance.now() + ms;
  while (performance.now() < end) {
    const turn = process.threadCpuUsage().user + WORK_MS * 1_000;
    while (process.threadCpuUsage().user < turn);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return delays.longest();
}
