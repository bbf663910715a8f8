/** Clocks that stand still until a test moves them; elapsed time is what timers go by. */
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../src/node/ports.ts';

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly call: () => void;
}

export class VirtualClock implements Clock {
  readonly #startMs: number;
  #nowMs: number;
  /** How far ledger time was set forward. */
  #correctionMs = 0;
  #order = 0;
  readonly #timers = new Set<Timer>();

  constructor(startMs = 1_767_225_600_000 + 3_600_000) {
    this.#startMs = startMs;
    this.#nowMs = startMs;
  }

  now(): number {
    return Math.floor(this.#nowMs + this.#correctionMs);
  }

  elapsed(): number {
    // Whole, so that the time left until some moment never rounds to a wait of nothing.
    return Math.floor(this.#nowMs - this.#startMs);
  }

  after(delayMs: number, call: () => void): () => void {
    const timer: Timer = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, call };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that have not run yet. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Sets ledger time, as when a machine's clock is corrected. */
  correct(nowMs: number): void {
    this.#correctionMs = nowMs - this.#nowMs;
  }

  /** Lets time pass in which nothing else runs, as while work holds the event loop. */
  pass(ms: number): void {
    this.#nowMs += ms;
  }

  /** Runs whatever falls due within `ms`, each at its time. */
  async advance(ms: number): Promise<void> {
    await this.#run(this.#nowMs + ms, () => false);
  }

  /** Moves on until `condition` holds. @throws if it does not within `limitMs` of virtual time */
  async until(condition: () => boolean, what: string, limitMs = 600_000): Promise<void> {
    await this.#run(this.#nowMs + limitMs, condition);
    if (!condition()) throw new Error(`did not happen within ${limitMs} virtual ms: ${what}`);
  }

  async #run(endMs: number, done: () => boolean): Promise<void> {
    await settle();
    while (!done()) {
      const next = this.#earliest();
      if (next === undefined || next.dueMs > endMs) {
        this.#nowMs = endMs;
        return;
      }
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.call();
      await settle();
    }
  }

  #earliest(): Timer | undefined {
    let earliest: Timer | undefined;
    for (const timer of this.#timers) {
      if (
        earliest === undefined ||
        timer.dueMs < earliest.dueMs ||
        (timer.dueMs === earliest.dueMs && timer.order < earliest.order)
      ) {
        earliest = timer;
      }
    }
    return earliest;
  }
}

/** Lets every promise that can go on do so: nothing in a virtual node waits for the real world. */
async function settle(): Promise<void> {
  await setImmediate();
}
