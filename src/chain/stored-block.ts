/** Blocks read back from the store. */
import { transactionId } from '../core/hashing.ts';
import { damaged } from '../store/errors.ts';
import type { Store } from '../store/store.ts';
import type { BlockTree } from './block-tree.ts';
import { type BlockRecord, type BlockRun, type CheckedBlock, trustBlock } from './records.ts';

/** It was checked before it was kept. @throws StoreError `damaged` */
export function storedBlock(store: Store, record: BlockRecord): CheckedBlock {
  const transactions = requireStored(store.bodies.get(record.number), record, 'body');
  return trustBlock({
    id: record.id,
    block: { sealed: record.sealed, transactions },
    transactionIds: transactions.map(({ transaction }) => transactionId(transaction)),
  });
}

/** @throws StoreError `damaged` */
export function requireStored<T>(row: T | undefined, record: BlockRecord, what: string): T {
  if (row === undefined) throw damaged(`the ${what} of block ${record.id} is missing`);
  return row;
}

/** Blocks by their numbers, each read when its turn comes. */
export class StoredRun implements BlockRun {
  readonly #store: Store;
  readonly #tree: BlockTree;
  readonly #numbers: readonly number[];

  constructor(store: Store, tree: BlockTree, numbers: readonly number[]) {
    this.#store = store;
    this.#tree = tree;
    this.#numbers = numbers;
  }

  get length(): number {
    return this.#numbers.length;
  }

  *[Symbol.iterator](): Iterator<CheckedBlock> {
    for (const number of this.#numbers) yield storedBlock(this.#store, this.#tree.get(number));
  }
}
