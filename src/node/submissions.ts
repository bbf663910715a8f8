/** Submissions of one moment taken as one: to check many transactions at once costs less than one after the other. */
import type { SignedTransaction } from '../core/types.ts';
import type { SubmitOutcome } from './transaction-relay.ts';
import type { Turns } from './turns.ts';

/** Transactions taken in one turn of the event loop, but one submission at least: some 5 ms. */
const TRANSACTIONS_PER_TURN = 512;

interface Submission {
  readonly transactions: readonly SignedTransaction[];
  readonly resolve: (outcomes: SubmitOutcome[]) => void;
  readonly reject: (error: unknown) => void;
}

export class Submissions {
  readonly #turns: Turns;
  readonly #take: (transactions: readonly SignedTransaction[]) => Promise<SubmitOutcome[]>;
  /** Longest waiting first. Each is held by its caller anyway, who waits for the answer. */
  #waiting: Submission[] = [];

  /** @param take gives an outcome for each transaction, in the same order */
  constructor(turns: Turns, take: (transactions: readonly SignedTransaction[]) => Promise<SubmitOutcome[]>) {
    this.#turns = turns;
    this.#take = take;
  }

  /** @returns an outcome for each, in the same order. @throws what `take` throws */
  add(transactions: readonly SignedTransaction[]): Promise<SubmitOutcome[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ transactions, resolve, reject });
      if (this.#waiting.length === 1) void this.#takeTogether();
    });
  }

  async #takeTogether(): Promise<void> {
    // Those that come before the turn does are taken with this one.
    await this.#turns.next();
    const together = this.#nextTogether();
    if (this.#waiting.length > 0) void this.#takeTogether();
    try {
      const outcomes = await this.#take(together.flatMap(({ transactions }) => transactions));
      let at = 0;
      for (const { resolve, transactions } of together) {
        resolve(outcomes.slice(at, at + transactions.length));
        at += transactions.length;
      }
    } catch (error) {
      for (const { reject } of together) reject(error);
    }
  }

  #nextTogether(): Submission[] {
    let transactions = 0;
    let count = 0;
    for (const submission of this.#waiting) {
      transactions += submission.transactions.length;
      if (count > 0 && transactions > TRANSACTIONS_PER_TURN) break;
      count++;
    }
    const together = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    return together;
  }
}
