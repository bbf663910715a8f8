/** A machine's clock: virtual time, off by as much as the machine's is. Ends with the process that uses it. */
import type { Clock } from '../node/ports.ts';
import type { Scheduler } from './scheduler.ts';

export class VirtualClock implements Clock {
  readonly #scheduler: Scheduler;
  readonly #offsetMs: () => number;
  #ended = false;

  /** @param offsetMs how far the machine's clock is ahead */
  constructor(scheduler: Scheduler, offsetMs: () => number = () => 0) {
    this.#scheduler = scheduler;
    this.#offsetMs = offsetMs;
  }

  now(): number {
    return Math.floor(this.#scheduler.nowMs + this.#offsetMs());
  }

  after(delayMs: number, call: () => void): () => void {
    const timer = this.#scheduler.after(delayMs, () => {
      if (!this.#ended) call();
    });
    return () => {
      timer.cancelled = true;
    };
  }

  /** The process is dead: none of its timers goes off any more. */
  end(): void {
    this.#ended = true;
  }
}
