/** Daemons that tell how their event loop fared and what they cost: see `loop-watch.ts`. */
import type { LogLine, TallyProcess } from '../../test/support/tally-process.ts';

export interface Watched {
  /** Ms the event loop was held up: 99 of 100 times less. */
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
  /** The longest turn of the event loop, in processor time of its thread. */
  readonly longestTurnMs: number;
  /** Processor time of all threads. */
  readonly cpuMs: number;
}

/** What Node is started with to be watched. */
export const WATCH_ARGUMENTS: readonly string[] = [
  '--import',
  new URL('./loop-watch.ts', import.meta.url).href,
];

/** Since it was last asked, or began. */
export async function watched(daemon: TallyProcess): Promise<Watched> {
  const from = daemon.lines.length;
  void daemon.kill('SIGUSR2');
  return await daemon.waitFor(
    (line): line is LogLine & Watched => line.event === 'bench.watched',
    'its watch',
    {
      from,
    },
  );
}
