/**
 * Transactions of the last blocks. A block may overtake the gossip of what is in it: then that is neither verified
 * once more nor taken for a transaction whose sequence somebody used twice.
 */
import { type CheckedBlock, type CheckedTransaction, trustTransaction } from '../chain/records.ts';
import { signedTransactionSize } from '../core/encoding.ts';
import type { TransactionId } from '../core/identifiers.ts';

/** At most 10 MB; some seconds of a busy network, and gossip takes less than one. */
const MAX_TRANSACTIONS = 8_192;

export class RecentlyConfirmed {
  /** Oldest first. */
  readonly #transactions = new Map<TransactionId, CheckedTransaction>();

  get size(): number {
    return this.#transactions.size;
  }

  get(id: TransactionId): CheckedTransaction | undefined {
    return this.#transactions.get(id);
  }

  /** A block was connected. */
  add({ block, transactionIds }: CheckedBlock): void {
    block.transactions.slice(-MAX_TRANSACTIONS).forEach((signed, index, kept) => {
      const id = transactionIds[block.transactions.length - kept.length + index] as TransactionId;
      this.#transactions.set(id, trustTransaction({ id, signed, size: signedTransactionSize(signed) }));
    });
    for (const oldest of this.#transactions.keys()) {
      if (this.#transactions.size <= MAX_TRANSACTIONS) return;
      this.#transactions.delete(oldest);
    }
  }

  /** Blocks were left behind: what was confirmed may not be any more. */
  clear(): void {
    this.#transactions.clear();
  }
}
