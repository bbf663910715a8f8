/**
 * When the pool's changes go to disk. Whoever promised somebody to keep a transaction waits for the disk; all that
 * come while one wait is under way share the next. Everything else only has to get there some time.
 */
import type { PoolJournal } from '../chain/pool-journal.ts';
import type { Background } from './background.ts';
import type { Clock } from './ports.ts';
import type { Turns } from './turns.ts';

/** Transactions written or removed in one turn of the event loop: a few milliseconds. */
const CHANGES_PER_TURN = 512;
/** What nobody waits for is written after so long: a crash costs no more than peers will tell again. */
const SOON_MS = 200;

export interface PoolKeepingOptions {
  readonly clock: Clock;
  readonly journal: PoolJournal;
  readonly turns: Turns;
  readonly background: Background;
}

export class PoolKeeping {
  readonly #options: PoolKeepingOptions;
  #underWay: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #cancelSoon: (() => void) | undefined;

  constructor(options: PoolKeepingOptions) {
    this.#options = options;
  }

  /** Resolves once all that the pool took so far survives a crash and a power cut. */
  kept(): Promise<void> {
    if (this.#next === undefined) {
      this.#next = this.#afterUnderWay();
      this.#options.background(this.#next);
    }
    return this.#next;
  }

  /** Nobody waits for what the pool took or let go. */
  soon(): void {
    const { background, clock, journal } = this.#options;
    if (journal.pending >= CHANGES_PER_TURN) background(this.#write());
    else this.#cancelSoon ??= clock.after(SOON_MS, () => background(this.#write()));
  }

  stop(): void {
    this.#cancelSoon?.();
  }

  async #afterUnderWay(): Promise<void> {
    // Its failure is told to those who waited for it.
    await this.#underWay?.catch(() => {});
    // More may come within this turn of the event loop.
    await this.#options.turns.next();
    this.#underWay = this.#next;
    this.#next = undefined;
    try {
      await this.#write();
      await this.#options.journal.synced();
    } finally {
      this.#underWay = undefined;
    }
  }

  /** Writes what there is by now, a part in each turn, so that nobody else has to wait for long. */
  async #write(): Promise<void> {
    const { journal, turns } = this.#options;
    this.#cancelSoon?.();
    this.#cancelSoon = undefined;
    const changes = journal.pending;
    for (let written = 0; written < changes; written += CHANGES_PER_TURN) {
      if (written > 0) await turns.next();
      journal.flush('bulk', CHANGES_PER_TURN);
    }
  }
}
