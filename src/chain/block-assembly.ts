/**
 * A block put together from its short ids: transactions of the pool, which are verified, and others, which are
 * not yet. That the short ids fit proves nothing: only the header's `transactionsRoot` does.
 */
import { invariant } from '../core/errors.ts';
import { ID_BYTES, idToBytes } from '../core/identifiers.ts';
import { shortIdsOf } from '../core/short-ids.ts';
import { hashTransactions } from '../core/transaction-hashes.ts';
import type { SignedTransaction } from '../core/types.ts';
import type { CheckedTransaction } from './records.ts';
import { ShortIdTable } from './short-id-table.ts';

/** A transaction of the block, as far as is known. */
interface Part {
  readonly signed: SignedTransaction;
  /** Undefined: its signature has not been verified. */
  readonly checked: CheckedTransaction | undefined;
}

/** Two of the pool's fit one short id: neither is taken. */
const AMBIGUOUS = 'ambiguous';

export class BlockAssembly {
  readonly #block: Uint8Array;
  readonly #shortIds: Float64Array;
  readonly #table: ShortIdTable;
  readonly #parts: (Part | typeof AMBIGUOUS | undefined)[];
  /** Of each that is here, 32 bytes. */
  readonly #ids: Uint8Array;

  /** @param block its id, 32 bytes @param shortIds in the block's order */
  constructor(block: Uint8Array, shortIds: Float64Array) {
    this.#block = block;
    this.#shortIds = shortIds;
    this.#table = new ShortIdTable(shortIds);
    this.#parts = new Array(shortIds.length).fill(undefined);
    this.#ids = new Uint8Array(ID_BYTES * shortIds.length);
  }

  /** Takes those it looks for out of some of the pool's. @param ids 32 bytes each */
  offer(ids: Uint8Array, transactionAt: (index: number) => CheckedTransaction): void {
    shortIdsOf(ids, this.#block).forEach((shortId, index) => {
      const place = this.#table.find(shortId);
      if (place !== -1) this.#take(place, transactionAt(index));
    });
  }

  /** What was put at a place stands: it came with the block, signature and all. */
  #take(place: number, checked: CheckedTransaction): void {
    const part = this.#parts[place];
    if (part === undefined) {
      this.#parts[place] = { signed: checked.signed, checked };
      this.#ids.set(idToBytes(checked.id), ID_BYTES * place);
    } else if (part !== AMBIGUOUS && part.checked !== undefined && part.checked.id !== checked.id) {
      this.#parts[place] = AMBIGUOUS;
    }
  }

  /**
   * Takes what somebody says stands at these places; all or none of it.
   *
   * @param indexes as many as there are transactions
   * @returns false if one does not fit its short id
   */
  put(indexes: readonly number[], transactions: readonly SignedTransaction[]): boolean {
    const { ids } = hashTransactions(transactions);
    const fits = shortIdsOf(ids, this.#block).every(
      (shortId, at) => shortId === this.#shortIds[indexes[at] as number],
    );
    if (!fits) return false;
    indexes.forEach((place, at) => {
      this.#parts[place] = { signed: transactions[at] as SignedTransaction, checked: undefined };
      this.#ids.set(ids.subarray(ID_BYTES * at, ID_BYTES * (at + 1)), ID_BYTES * place);
    });
    return true;
  }

  /** Places without a transaction, ascending. */
  missing(): number[] {
    const places: number[] = [];
    this.#parts.forEach((part, place) => {
      if (part === undefined || part === AMBIGUOUS) places.push(place);
    });
    return places;
  }

  /** All of it, in the block's order. Nothing may be missing. */
  whole(): AssembledBody {
    const parts = this.#parts.map((part) => {
      invariant(part !== undefined && part !== AMBIGUOUS, 'a block is whole once nothing is missing');
      return part;
    });
    // A copy: an answer that comes late changes nothing that is being checked.
    return { parts, ids: this.#ids.slice() };
  }
}

/** Every transaction of a block, and their ids, 32 bytes each. */
export interface AssembledBody {
  readonly parts: readonly Part[];
  readonly ids: Uint8Array;
}
