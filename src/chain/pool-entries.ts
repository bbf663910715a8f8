/**
 * The pool's transactions by id, in the order they came; and their ids in one array, so that a compact block's
 * short ids can be looked for among all of them in batches.
 */
import { ID_BYTES, idToBytes, type TransactionId } from '../core/identifiers.ts';
import type { CheckedTransaction } from './records.ts';
import type { PoolEntry } from './sender-queue.ts';

const LEAST_ROOM = 256;

export class PoolEntries {
  /** Where each stands in the arrays below. */
  readonly #slots = new Map<TransactionId, number>();
  readonly #entries: PoolEntry[] = [];
  #ids = new Uint8Array(ID_BYTES * LEAST_ROOM);

  get size(): number {
    return this.#slots.size;
  }

  has(id: TransactionId): boolean {
    return this.#slots.has(id);
  }

  get(id: TransactionId): PoolEntry | undefined {
    const slot = this.#slots.get(id);
    return slot === undefined ? undefined : this.#entries[slot];
  }

  /** One that is here already keeps its place in the order. */
  set(id: TransactionId, entry: PoolEntry): void {
    const slot = this.#slots.get(id) ?? this.#entries.length;
    if (slot === this.#entries.length) {
      if (ID_BYTES * slot === this.#ids.length) this.#resize(2 * slot);
      this.#slots.set(id, slot);
      this.#ids.set(idToBytes(id), ID_BYTES * slot);
    }
    this.#entries[slot] = entry;
  }

  /** @returns false if it was not here */
  delete(id: TransactionId): boolean {
    const slot = this.#slots.get(id);
    if (slot === undefined) return false;
    this.#slots.delete(id);
    const last = this.#entries.pop() as PoolEntry;
    const count = this.#entries.length;
    if (slot < count) {
      // The last one takes the free slot.
      this.#entries[slot] = last;
      this.#slots.set(last.checked.id, slot);
      this.#ids.copyWithin(ID_BYTES * slot, ID_BYTES * count, ID_BYTES * (count + 1));
    }
    const room = this.#ids.length / ID_BYTES;
    if (room > LEAST_ROOM && count < room / 4) this.#resize(room / 2);
    return true;
  }

  /** In the order they came. */
  ids(): IterableIterator<TransactionId> {
    return this.#slots.keys();
  }

  /** Ids `from` up to `from + count` in the order they came, 32 bytes each, one after the other. */
  page(from: number, count: number): Uint8Array {
    const page = new Uint8Array(ID_BYTES * Math.max(0, Math.min(count, this.size - from)));
    let at = -from;
    for (const slot of this.#slots.values()) {
      if (ID_BYTES * at >= page.length) break;
      if (at >= 0) page.set(this.#ids.subarray(ID_BYTES * slot, ID_BYTES * (slot + 1)), ID_BYTES * at);
      at++;
    }
    return page;
  }

  /** In the order they came. */
  *values(): Generator<PoolEntry> {
    for (const slot of this.#slots.values()) yield this.#entries[slot] as PoolEntry;
  }

  /** Shows the ids in slots `from` to `to` (not included), 32 bytes each, and the transactions they name. */
  show(
    from: number,
    to: number,
    look: (ids: Uint8Array, transactionAt: (index: number) => CheckedTransaction) => void,
  ): void {
    look(
      this.#ids.subarray(ID_BYTES * from, ID_BYTES * to),
      (index) => (this.#entries[from + index] as PoolEntry).checked,
    );
  }

  #resize(room: number): void {
    const ids = new Uint8Array(ID_BYTES * room);
    ids.set(this.#ids.subarray(0, Math.min(this.#ids.length, ids.length)));
    this.#ids = ids;
  }
}
