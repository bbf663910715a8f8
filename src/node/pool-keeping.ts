/**
 * When the pool's changes go to disk. Whoever promised somebody to keep a transaction waits for the disk; all that
 * come while one wait is under way share the next. Everything else only has to get there some time.
 */
import type { PoolJournal } from '../chain/pool-journal.ts';
import type { TransactionId } from '../core/identifiers.ts';
import { type Background, own } from './faults.ts';
import { type Clock, OperationError } from './ports.ts';
import type { Turns } from './turns.ts';

/** Transactions written or removed in one turn of the event loop: a few milliseconds. */
const CHANGES_PER_TURN = 512;
/**
 * What nobody waits for is written after so long. A crash costs no more than peers will tell again; most of it is
 * confirmed by then, and need not be written at all.
 */
const LATER_MS = 5_000;

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
  #cancelLater: (() => void) | undefined;
  #isClosed = false;

  constructor(options: PoolKeepingOptions) {
    this.#options = options;
  }

  /** Resolves once these transactions, which the pool took, survive a crash and a power cut. */
  kept(ids: Iterable<TransactionId>): Promise<void> {
    for (const id of ids) this.#options.journal.promise(id);
    this.#next ??= this.#afterUnderWay();
    return this.#next;
  }

  /** Nobody waits for what the pool took or let go. */
  later(): void {
    const { background, clock, journal } = this.#options;
    if (journal.pending === 0) return;
    this.#cancelLater ??= clock.after(LATER_MS, () => {
      this.#cancelLater = undefined;
      background(own(this.#writeAll()));
    });
  }

  /** Nothing is written later; what a caller waits for still is, until the end. */
  stop(): void {
    this.#cancelLater?.();
  }

  /** From now on the store may be closed: what is not on its way to the disk yet will not be. */
  close(): void {
    this.#isClosed = true;
  }

  async #afterUnderWay(): Promise<void> {
    // Its failure is told to those who waited for it.
    await this.#underWay?.catch(() => {});
    // More may come within this turn of the event loop.
    await this.#options.turns.next();
    this.#underWay = this.#next;
    this.#next = undefined;
    try {
      await this.#writePromised();
      this.#requireRunning();
      const synced = this.#options.journal.synced();
      // A commit that fails may be tried again. A disk that does not keep what it took is not to be trusted any more.
      this.#options.background(own(synced));
      await synced;
    } finally {
      this.#underWay = undefined;
    }
  }

  /** In turns, so that nobody else has to wait for long. */
  async #writePromised(): Promise<void> {
    const { journal, turns } = this.#options;
    for (let left = journal.promised; left > 0; left -= CHANGES_PER_TURN) {
      this.#requireRunning();
      journal.flushPromised('bulk', CHANGES_PER_TURN);
      if (left > CHANGES_PER_TURN) await turns.next();
    }
  }

  #requireRunning(): void {
    if (this.#isClosed)
      throw new OperationError('the daemon is stopping, and this may be lost: submit it again when it runs');
  }

  async #writeAll(): Promise<void> {
    const { journal, turns } = this.#options;
    for (let left = journal.pending; left > 0; left -= CHANGES_PER_TURN) {
      await turns.next();
      // Stopping writes them all.
      if (this.#isClosed) return;
      journal.flush('bulk', CHANGES_PER_TURN);
    }
  }
}
