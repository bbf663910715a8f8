/**
 * A process's clocks: ledger time is virtual time, off by as much as its machine's clock is; elapsed time begins with the
 * process, and no fault of the machine's clock touches it. They end with the process that uses them.
 */
import type { Clock } from '../node/ports.ts';
import type { Scheduler } from './scheduler.ts';

export class VirtualClock implements Clock {
  readonly #scheduler: Scheduler;
  readonly #offsetMs: () => number;
  readonly #startMs: number;
  #ended = false;

  /** @param offsetMs how far the machine's clock is ahead now */
  constructor(scheduler: Scheduler, offsetMs: () => number = () => 0) {
    this.#scheduler = scheduler;
    this.#offsetMs = offsetMs;
    this.#startMs = Math.floor(scheduler.nowMs);
  }

  now(): number {
    return Math.floor(this.#scheduler.nowMs + this.#offsetMs());
  }

  elapsed(): number {
    return Math.floor(this.#scheduler.nowMs) - this.#startMs;
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
