/** Commits of the store in memory: all of one or nothing, and a power cut takes the last ones. */
import { invariant } from '../core/errors.ts';
import type { Durability } from './store.ts';

/** What takes the writes of a commit back, last first. */
export class Journal {
  #steps: (() => void)[] | undefined;
  /** Commits a power cut would still take, oldest first. */
  readonly #unsynced: (() => void)[][] = [];
  readonly #maxUnsynced: number;

  constructor(maxUnsynced: number) {
    this.#maxUnsynced = maxUnsynced;
  }

  commit<T>(write: () => T, durability: Durability): T {
    invariant(this.#steps === undefined, 'commits do not nest');
    const steps: (() => void)[] = [];
    this.#steps = steps;
    let result: T;
    try {
      result = write();
    } catch (error) {
      takeBack(steps);
      throw error;
    } finally {
      this.#steps = undefined;
    }
    if (durability === 'full') this.synced();
    else if (this.#unsynced.push(steps) > this.#maxUnsynced) this.#unsynced.shift();
    return result;
  }

  onRollback(takeBack: () => void): void {
    invariant(this.#steps !== undefined, 'every write is part of a commit');
    this.#steps.push(takeBack);
  }

  synced(): void {
    this.#unsynced.length = 0;
  }

  loseUnsynced(count: number): number {
    const lost = this.#unsynced.splice(Math.max(0, this.#unsynced.length - count));
    for (const steps of lost.reverse()) takeBack(steps);
    return lost.length;
  }
}

function takeBack(steps: (() => void)[]): void {
  for (const step of steps.reverse()) step();
}
