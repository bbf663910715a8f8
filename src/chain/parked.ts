/**
 * Transactions that were in the pool or on the chain and cannot be paid for the moment: after a
 * reorganisation the money they spend may be on its way back. Kept aside, for somebody may have been told
 * that they are kept.
 */
import type { Address, TransactionId } from '../core/identifiers.ts';
import type { CheckedTransaction } from './records.ts';

export class ParkedTransactions {
  readonly #bySender = new Map<Address, Map<TransactionId, CheckedTransaction>>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Senders. */
  get size(): number {
    return this.#bySender.size;
  }

  has(sender: Address): boolean {
    return this.#bySender.has(sender);
  }

  countOf(sender: Address): number {
    return this.#bySender.get(sender)?.size ?? 0;
  }

  senders(): Address[] {
    return [...this.#bySender.keys()];
  }

  /** Takes all of a sender's out. */
  take(sender: Address): CheckedTransaction[] {
    const parked = [...(this.#bySender.get(sender)?.values() ?? [])];
    this.#bySender.delete(sender);
    for (const { size } of parked) this.#bytes -= size;
    return parked;
  }

  /** A sender's, by their sequences. */
  bySequence(sender: Address): ReadonlyMap<bigint, CheckedTransaction[]> {
    return Map.groupBy(
      this.#bySender.get(sender)?.values() ?? [],
      ({ signed }) => signed.transaction.sequence,
    );
  }

  /** Takes one of a sender's out. */
  takeOne(sender: Address, { id, size }: CheckedTransaction): void {
    const parked = this.#bySender.get(sender);
    if (parked?.delete(id) !== true) return;
    this.#bytes -= size;
    if (parked.size === 0) this.#bySender.delete(sender);
  }

  /** @returns those that had to go because too many are parked: whole senders, the longest parked first */
  park(sender: Address, transactions: readonly CheckedTransaction[]): CheckedTransaction[] {
    if (transactions.length === 0) return [];
    const parked = this.#bySender.get(sender) ?? new Map<TransactionId, CheckedTransaction>();
    this.#bySender.set(sender, parked);
    for (const checked of transactions) {
      parked.set(checked.id, checked);
      this.#bytes += checked.size;
    }
    const dropped: CheckedTransaction[] = [];
    for (const longest of this.#bySender.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      dropped.push(...this.take(longest));
    }
    return dropped;
  }
}
