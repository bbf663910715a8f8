/**
 * Rows that many stores in one process have in common: each is kept once. What a row says follows from the id it
 * belongs to, so sharing changes nothing but the memory it takes.
 */
import type { BlockId } from '../core/identifiers.ts';
import type { SignedTransaction } from '../core/types.ts';
import type { BlockRecord } from './block-record.ts';
import type { Undo } from './store.ts';

export interface RowSharing {
  /** The same id, as one string. */
  id<Id extends string>(id: Id): Id;
  record(record: BlockRecord): BlockRecord;
  /** @param block whose body it is: its id commits to the transactions */
  body(block: BlockId, transactions: SignedTransaction[]): SignedTransaction[];
  /** @param block whose undo record it is: the state before a block follows from its parent */
  undo(block: BlockId, undo: Undo): Undo;
}

/** Every row is the store's own. */
export const UNSHARED: RowSharing = {
  id: (id) => id,
  record: (record) => record,
  body: (_block, transactions) => transactions,
  undo: (_block, undo) => undo,
};

export class SharedRows implements RowSharing {
  readonly #ids = new Map<string, string>();
  /** Stores number blocks as they come, so there may be several of one block. */
  readonly #records = new Map<BlockId, BlockRecord[]>();
  readonly #bodies = new Map<BlockId, SignedTransaction[]>();
  readonly #undo = new Map<BlockId, Undo>();

  id<Id extends string>(id: Id): Id {
    const known = this.#ids.get(id);
    if (known !== undefined) return known as Id;
    this.#ids.set(id, id);
    return id;
  }

  record(record: BlockRecord): BlockRecord {
    const known = this.#records.get(record.id);
    if (known === undefined) {
      this.#records.set(record.id, [record]);
      return record;
    }
    const same = known.find(
      ({ number, parent, status }) =>
        number === record.number && parent === record.parent && status === record.status,
    );
    if (same !== undefined) return same;
    const [first] = known;
    const another = first === undefined ? record : { ...record, id: first.id, sealed: first.sealed };
    known.push(another);
    return another;
  }

  body(block: BlockId, transactions: SignedTransaction[]): SignedTransaction[] {
    return shared(this.#bodies, block, transactions);
  }

  undo(block: BlockId, undo: Undo): Undo {
    return shared(this.#undo, block, undo);
  }
}

function shared<Row>(rows: Map<BlockId, Row>, block: BlockId, row: Row): Row {
  const known = rows.get(block);
  if (known !== undefined) return known;
  rows.set(block, row);
  return row;
}
