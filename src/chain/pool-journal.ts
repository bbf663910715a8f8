/**
 * Keeps the pool over a restart: its changes are gathered and written in one commit by `flush`, so that a
 * thousand transactions cost one wait for the disk. A transaction may be acknowledged once the flush after
 * its `add`, and what came before it, is `synced`, not before.
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

  keep(checked: CheckedTransaction): void {
    this.#pending.set(checked.id, checked);
  }

  drop(id: TransactionId): void {
    this.#pending.set(id, undefined);
  }

  /**
   * Writes the changes since the last flush in one commit, the oldest first.
   *
   * @param most changes; the rest waits for the next flush
   * @throws StoreError; then all of them do
   */
  flush(durability: Durability = 'full', most: number = Number.POSITIVE_INFINITY): void {
    if (this.#pending.size === 0) return;
    const written: TransactionId[] = [];
    this.#store.atomically(() => {
      for (const [id, checked] of this.#pending) {
        if (written.length >= most) break;
        if (checked === undefined) this.#store.pool.remove(id);
        else this.#store.pool.put(id, checked.signed);
        written.push(id);
      }
    }, durability);
    for (const id of written) this.#pending.delete(id);
  }

  /** Resolves once all that was flushed survives a power cut. @throws StoreError */
  synced(): Promise<void> {
    return this.#store.synced();
  }
}
