/**
 * Commits that need not be on disk at once share one: each is a step of a transaction that stays open for a moment.
 * Pages that several of them change are then written once, which is most of what a commit costs (measured: a block of
 * 1,000 payments by itself 10 ms, within ten 2 ms). Whoever reads sees every step at once; a crash takes the open ones.
 */
import { invariant } from '../core/errors.ts';
import type { Database } from './database.ts';

/** After so long an open transaction is committed. */
const OPEN_MS = 100;
/** After so many writes too: 15 ms of commit. */
const OPEN_WRITES = 24_000;

export class CommitGroup {
  readonly #database: Database;
  readonly #onFailure: (error: unknown) => void;
  readonly #onCommit: () => void;
  #writesAtStart = 0;
  #timer: NodeJS.Timeout | undefined;
  #failure: unknown;

  /**
   * @param onFailure a commit failed whose steps everybody has seen: nothing can go on from here
   * @param onCommit is called after each
   */
  constructor(database: Database, onFailure: (error: unknown) => void, onCommit: () => void) {
    this.#database = database;
    this.#onFailure = onFailure;
    this.#onCommit = onCommit;
  }

  /** A commit failed: nothing can be written any more. */
  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /** Adds a step. @throws what `write` throws; then nothing of the step happened */
  add<T>(write: () => T): T {
    this.#requireSound();
    const database = this.#database;
    if (!database.isOpen) {
      database.execute('BEGIN IMMEDIATE');
      this.#writesAtStart = database.writes;
      this.#timer = setTimeout(() => this.#commitLater(), OPEN_MS);
    }
    try {
      return database.step(write);
    } finally {
      // A full disk ends the whole transaction, with the steps before this one.
      if (!database.isOpen) this.#lost(new Error('the disk took an open transaction back'));
      else if (database.writes - this.#writesAtStart >= OPEN_WRITES) this.commit();
    }
  }

  /** Commits what is open. @throws StoreError; then nothing can be written any more */
  commit(): void {
    this.#requireSound();
    clearTimeout(this.#timer);
    if (!this.#database.isOpen) return;
    try {
      this.#database.execute('COMMIT');
    } catch (error) {
      this.#lost(error);
      throw error;
    }
    this.#onCommit();
  }

  #commitLater(): void {
    try {
      this.commit();
    } catch {
      // Whoever is told of failures knows.
    }
  }

  #lost(error: unknown): void {
    clearTimeout(this.#timer);
    this.#failure = error;
    this.#onFailure(error);
  }

  #requireSound(): void {
    if (this.#failure !== undefined) throw this.#failure;
    invariant(!this.#database.writing, 'commits do not nest');
  }
}
