/** Blocks read back from the store. */
import { bytesEqual } from '../core/hex.ts';
import { idFromBytes, type TransactionId } from '../core/identifiers.ts';
import { partOf } from '../core/merkle.ts';
import { hashTransactions, rootOfSignedRoots } from '../core/transaction-hashes.ts';
import { damaged } from '../store/errors.ts';
import type { Store } from '../store/store.ts';
import type { BlockTree } from './block-tree.ts';
import { type BlockRecord, type BlockRun, type CheckedBlock, trustBlock } from './records.ts';

/** It was checked before it was kept; that it is still the same its header says. @throws StoreError `damaged` */
export function storedBlock(store: Store, record: BlockRecord): CheckedBlock {
  const transactions = requireStored(store.bodies.get(record.number), record, 'body');
  const { ids, signedRoots } = hashTransactions(transactions);
  if (!bytesEqual(rootOfSignedRoots(signedRoots), record.sealed.header.transactionsRoot))
    throw damaged(`the body of block ${record.id} is not the one its header names`);
  return trustBlock({
    id: record.id,
    block: { sealed: record.sealed, transactions },
    transactionIds: transactions.map((_, index) => idFromBytes<TransactionId>(partOf(ids, index))),
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
  readonly #inHand: CheckedBlock | undefined;

  /** @param inHand a block that need not be read: to decode and hash a large one takes 15 ms */
  constructor(store: Store, tree: BlockTree, numbers: readonly number[], inHand?: CheckedBlock) {
    this.#store = store;
    this.#tree = tree;
    this.#numbers = numbers;
    this.#inHand = inHand;
  }

  get length(): number {
    return this.#numbers.length;
  }

  *[Symbol.iterator](): Iterator<CheckedBlock> {
    for (const number of this.#numbers) yield this.#block(this.#tree.get(number));
  }

  #block(record: BlockRecord): CheckedBlock {
    return record.id === this.#inHand?.id ? this.#inHand : storedBlock(this.#store, record);
  }
}
