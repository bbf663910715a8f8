/**
 * Keeps the pool over a restart: its changes are gathered and written in one commit by `flush`, so that a
 * thousand transactions cost one wait for the disk. A transaction may be acknowledged once it is flushed and
 * that is `synced`, not before. What is confirmed before anybody wrote it is never written.
 *
 * Transactions of abandoned blocks are kept by the reorganisation's own commit, so there is no moment at
 * which a crash would lose them.
 */
import { signedTransactionSize } from '../core/encoding.ts';
import type { TransactionId } from '../core/identifiers.ts';
import type { Durability, Store } from '../store/store.ts';
import type { Mempool, PoolKeeper } from './mempool.ts';
import { type CheckedTransaction, trustTransaction } from './records.ts';

export class PoolJournal implements PoolKeeper {
  readonly #store: Store;
  /** What the next flush writes: the transaction, or undefined to remove it. */
  readonly #pending = new Map<TransactionId, CheckedTransaction | undefined>();
  /** Of those, what somebody waits for. */
  readonly #promised = new Set<TransactionId>();

  private constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Puts what the store keeps back into the pool, and follows the pool from now on.
   *
   * @param pool new and empty, of the chain on the same store
   */
  static open(store: Store, pool: Mempool): PoolJournal {
    const journal = new PoolJournal(store);
    pool.keepWith(journal);
    // The store only has what was checked before.
    const kept = store.pool
      .all()
      .map(({ id, signed }) => trustTransaction({ id, signed, size: signedTransactionSize(signed) }));
    pool.restore(kept);
    return journal;
  }

  /** How many changes wait for a flush. */
  get pending(): number {
    return this.#pending.size;
  }

  /** How many of them somebody waits for. */
  get promised(): number {
    return this.#promised.size;
  }

  keep(checked: CheckedTransaction): void {
    this.#pending.set(checked.id, checked);
  }

  drop(id: TransactionId): void {
    this.#pending.set(id, undefined);
  }

  /** Somebody waits until this transaction of the pool is kept: `flushPromised` writes it. */
  promise(id: TransactionId): void {
    if (this.#pending.has(id)) this.#promised.add(id);
  }

  /**
   * Writes the changes since the last flush in one commit, the oldest first.
   *
   * @param most changes; the rest waits for the next flush
   * @throws StoreError; then all of them do
   */
  flush(durability: Durability = 'full', most: number = Number.POSITIVE_INFINITY): void {
    this.#write(firstOf(this.#pending.keys(), most), durability);
  }

  /** As `flush`, but only what somebody waits for: what else waits may never have to be written. */
  flushPromised(durability: Durability = 'full', most: number = Number.POSITIVE_INFINITY): void {
    this.#write(firstOf(this.#promised, most), durability);
  }

  /** Resolves once all that was flushed survives a power cut. @throws StoreError */
  synced(): Promise<void> {
    return this.#store.synced();
  }

  #write(ids: readonly TransactionId[], durability: Durability): void {
    if (ids.length === 0) return;
    this.#store.atomically(() => {
      for (const id of ids) {
        const checked = this.#pending.get(id);
        if (checked === undefined) this.#store.pool.remove(id);
        else this.#store.pool.put(id, checked.signed);
      }
    }, durability);
    for (const id of ids) {
      this.#pending.delete(id);
      this.#promised.delete(id);
    }
  }
}

function firstOf<T>(values: Iterable<T>, most: number): T[] {
  const first: T[] = [];
  for (const value of values) {
    if (first.length >= most) break;
    first.push(value);
  }
  return first;
}
