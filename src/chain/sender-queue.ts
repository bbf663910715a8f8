/** One sender's waiting transactions: sequences without a gap, together within the confirmed balance. */
import { invariant } from '../core/errors.ts';
import { type Account, accountAfterSending } from '../core/state.ts';
import type { Transaction } from '../core/types.ts';
import { compareFeeRates, type FeeRate } from './fee-rate.ts';
import type { CheckedTransaction } from './records.ts';

/** What a transaction is worth, and leaves its sender, at its place in a queue. */
export interface Standing extends FeeRate {
  /** amount + fee, in notches. */
  readonly spent: bigint;
  /**
   * The lowest fee rate among this and the sender's earlier ones: what it is worth to a miner, who cannot
   * have it without them.
   */
  floor: FeeRate;
  /** Notches the sender has left once this and the earlier ones are confirmed. */
  left: bigint;
}

/** A transaction of the pool. */
export interface PoolEntry extends Standing {
  readonly checked: CheckedTransaction;
}

export class SenderQueue {
  /** As of the tip. */
  readonly confirmed: Account;
  /** The first carries the confirmed sequence, each the next one. */
  readonly entries: PoolEntry[] = [];
  /** Of long moves of the tip, how many this has followed. */
  #generation: number;

  constructor(confirmed: Account, generation: number) {
    this.confirmed = confirmed;
    this.#generation = generation;
  }

  get generation(): number {
    return this.#generation;
  }

  /** The tip has moved, and its turn has not come yet. */
  expire(): void {
    this.#generation = -1;
  }

  get tail(): PoolEntry | undefined {
    return this.entries.at(-1);
  }

  /** The account once the first `count` are confirmed; all unless given. */
  pending(count: number = this.entries.length): Account {
    return {
      balance: this.entries[count - 1]?.left ?? this.confirmed.balance,
      sequence: this.confirmed.sequence + BigInt(count),
    };
  }

  /** Where a transaction with this sequence stands or would stand; negative if it is used already. */
  position(sequence: bigint): number {
    return Number(sequence - this.confirmed.sequence);
  }

  /**
   * What `checked` would be in place of the entry at `position`, or after the last. Changes nothing.
   *
   * @throws RuleError `wrong-sequence`, `amount-overflow`, `insufficient-balance`
   */
  entryFor(checked: CheckedTransaction, position: number): PoolEntry {
    return { ...this.standing(checked.signed.transaction, checked.size, position), checked };
  }

  /** As `entryFor`, of one not checked yet. @param size SSZ bytes, signed */
  standing(transaction: Transaction, size: number, position: number): Standing {
    const before = this.pending(Math.max(0, position));
    const left = accountAfterSending(before, transaction).balance;
    const rate = { fee: transaction.fee, size };
    const floor = lower(this.entries[position - 1]?.floor, rate);
    return { ...rate, floor, left, spent: before.balance - left };
  }

  /** Those after `position` that could not be paid any more if what takes its place leaves so much. */
  unpayableBehind(position: number, { left }: Standing): PoolEntry[] {
    const later = this.entries.slice(position + 1);
    let balance = left;
    const kept = later.findIndex(({ spent }) => {
      balance -= spent;
      return balance < 0n;
    });
    return kept < 0 ? [] : later.slice(kept);
  }

  push(entry: PoolEntry): void {
    this.entries.push(entry);
  }

  /**
   * Puts `entry` at `position`. Those after it stay as far as they can still be paid.
   *
   * @returns what had to go: the entry replaced first, then the last ones that cannot be paid any more
   */
  replace(position: number, entry: PoolEntry): PoolEntry[] {
    const old = this.entries[position];
    invariant(old !== undefined, 'what is replaced is in the queue');
    const later = this.entries.splice(position, Number.POSITIVE_INFINITY, entry).slice(1);
    let kept = 0;
    for (let before = entry; kept < later.length; kept++) {
      const next = later[kept] as PoolEntry;
      if (next.spent > before.left) break;
      next.left = before.left - next.spent;
      next.floor = lower(before.floor, next);
      this.entries.push(next);
      before = next;
    }
    return [old, ...later.slice(kept)];
  }

  pop(): void {
    this.entries.pop();
  }

  /** Another queue takes its place. Whatever still refers to this one finds nothing in it. */
  retire(): CheckedTransaction[] {
    return this.entries.splice(0).map(({ checked }) => checked);
  }
}

function lower(floor: FeeRate | undefined, rate: FeeRate): FeeRate {
  return floor === undefined || compareFeeRates(rate, floor) < 0 ? rate : floor;
}
