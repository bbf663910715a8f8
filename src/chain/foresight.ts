/**
 * What the pool would say of transactions before their signatures are verified, which costs more than all the rest:
 * known, fee, sequence, balance, in this order. It changes nothing, and what it finds good may still be refused: time
 * passes, and a signature may be wrong.
 */
import { RuleError } from '../core/errors.ts';
import { type Address, idFromBytes, type TransactionId } from '../core/identifiers.ts';
import { type Account, accountAfterSending, totalSpent } from '../core/state.ts';
import type { SignedTransaction, Transaction } from '../core/types.ts';
import type { FeeRate } from './fee-rate.ts';
import { PolicyError } from './policy.ts';
import type { PoolRules } from './pool-rules.ts';
import type { CheckedTransaction } from './records.ts';
import type { PoolEntry, SenderQueue } from './sender-queue.ts';

export type Foreseen =
  /** The pool has one with this id: perhaps with another signature. */
  | { readonly kind: 'known'; readonly pooled: CheckedTransaction }
  /** Its signature decides. */
  | { readonly kind: 'wanted' }
  /** Earlier ones of its sender are missing, and it may be wanted once they are here. */
  | { readonly kind: 'gap' }
  | { readonly kind: 'refused'; readonly error: RuleError | PolicyError };

export interface PoolView {
  find(id: TransactionId): PoolEntry | undefined;
  /** As of the tip. */
  queue(sender: Address): SenderQueue;
  /** @param worth of the newcomer @throws PolicyError `pool-full` */
  requireRoom(worth: FeeRate, queue: SenderQueue): void;
}

/** A sender's own, as it will be behind those of this message that were found good. */
interface Ahead {
  pending: Account;
  count: number;
  /** Notches each of this message pays, by its sequence. */
  readonly fees: Map<bigint, bigint>;
}

export class Foresight {
  readonly #rules: PoolRules;
  readonly #pool: PoolView;
  readonly #ahead = new Map<Address, Ahead>();

  constructor(rules: PoolRules, pool: PoolView) {
    this.#rules = rules;
    this.#pool = pool;
  }

  /** @param size SSZ bytes */
  of(id: TransactionId, signed: SignedTransaction, size: number): Foreseen {
    const pooled = this.#pool.find(id);
    if (pooled !== undefined) return { kind: 'known', pooled: pooled.checked };
    try {
      this.#rules.requireFee(signed.transaction, size);
      totalSpent(signed.transaction);
      return this.#place(signed.transaction, size);
    } catch (error) {
      if (error instanceof RuleError || error instanceof PolicyError) return { kind: 'refused', error };
      throw error;
    }
  }

  #place(transaction: Transaction, size: number): Foreseen {
    const sender = idFromBytes<Address>(transaction.sender);
    const queue = this.#pool.queue(sender);
    const position = queue.position(transaction.sequence);
    const ahead = this.#aheadOf(sender, queue);
    if (position > ahead.count) return this.#gap(transaction, queue, position);
    if (position === ahead.count) {
      this.#rules.requirePlace(ahead.count);
      const pending = accountAfterSending(ahead.pending, transaction);
      this.#pool.requireRoom({ fee: transaction.fee, size }, queue);
      ahead.pending = pending;
      ahead.count++;
    } else this.#requireBetter(transaction, size, queue, ahead);
    ahead.fees.set(transaction.sequence, transaction.fee);
    return { kind: 'wanted' };
  }

  #aheadOf(sender: Address, queue: SenderQueue): Ahead {
    const known = this.#ahead.get(sender);
    if (known !== undefined) return known;
    const ahead: Ahead = { pending: queue.pending(), count: queue.entries.length, fees: new Map() };
    this.#ahead.set(sender, ahead);
    return ahead;
  }

  /** What comes after a gap can be used only if the gap is one the pool could close, and its sender can pay at all. */
  #gap(transaction: Transaction, queue: SenderQueue, position: number): Foreseen {
    if (position >= this.#rules.maxPerSender)
      throw new PolicyError('sequence-gap', `${transaction.sequence}, next is ${queue.pending().sequence}`);
    requirePayable(transaction, queue);
    return { kind: 'gap' };
  }

  /** In place of another, of the pool or of this message. @throws RuleError, PolicyError */
  #requireBetter(transaction: Transaction, size: number, queue: SenderQueue, { fees }: Ahead): void {
    const { fee, sequence } = transaction;
    const position = queue.position(sequence);
    const lately = fees.get(sequence);
    if (lately !== undefined && fee < this.#rules.betterFee(lately))
      throw new PolicyError('replacement-underpriced', `${fee} notches, another of this message ${lately}`);
    if (position >= queue.entries.length) requirePayable(transaction, queue);
    else this.#rules.requireHigherFee(queue.standing(transaction, size, position), queue, position);
  }
}

/** By what is confirmed, whatever waits before it. @throws RuleError `insufficient-balance` */
function requirePayable(transaction: Transaction, { confirmed }: SenderQueue): void {
  accountAfterSending({ ...confirmed, sequence: transaction.sequence }, transaction);
}
