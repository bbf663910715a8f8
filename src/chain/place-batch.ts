/**
 * Where transactions are found, by id and by the two addresses. It stays when their block leaves the chain,
 * and whoever looks there sees that it has.
 */
import { type Address, idFromBytes, type TransactionId } from '../core/identifiers.ts';
import type { Location, LocationIndex, Store } from '../store/store.ts';
import type { BlockRecord, CheckedBlock } from './records.ts';

/** All of one block's. */
export function writePlaces(store: Store, record: BlockRecord, block: CheckedBlock): void {
  const batch = new PlaceBatch(store);
  batch.add(record, block);
  batch.writeAll();
}

interface Place<Key> {
  readonly key: Key;
  readonly location: Location;
}

/**
 * Places of many blocks, gathered and written in the order of the keys. Neighbours share a page, so each page
 * is written once a batch and not once a block.
 */
export class PlaceBatch {
  readonly #store: Store;
  #byId: Place<TransactionId>[] = [];
  #byAddress: Place<Address>[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  /** Places gathered. */
  get size(): number {
    return this.#byId.length + this.#byAddress.length;
  }

  add({ number }: BlockRecord, { block, transactionIds }: CheckedBlock): void {
    for (const [index, key] of transactionIds.entries()) {
      const transaction = block.transactions[index]?.transaction;
      if (transaction === undefined) continue;
      const location = { block: number, index };
      const sender = idFromBytes<Address>(transaction.sender);
      const recipient = idFromBytes<Address>(transaction.recipient);
      this.#byId.push({ key, location });
      this.#byAddress.push({ key: sender, location });
      if (recipient !== sender) this.#byAddress.push({ key: recipient, location });
    }
  }

  /** Inside of a commit. */
  writeAll(): void {
    for (const { key, location } of this.#byId) this.#store.transactions.add(key, location);
    for (const { key, location } of this.#byAddress) this.#store.history.add(key, location);
  }

  /** @param perCommit places written in one commit */
  *write(perCommit: number): Generator<void> {
    const { history, transactions } = this.#store;
    yield* this.#writeTo(transactions, this.#byId, perCommit);
    yield* this.#writeTo(history, this.#byAddress, perCommit);
    this.#byId = [];
    this.#byAddress = [];
  }

  *#writeTo<Key extends string>(
    index: LocationIndex<Key>,
    places: Place<Key>[],
    perCommit: number,
  ): Generator<void> {
    places.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.location.block - b.location.block));
    for (let at = 0; at < places.length; at += perCommit) {
      this.#store.atomically(() => {
        for (const { key, location } of places.slice(at, at + perCommit)) index.add(key, location);
      }, 'bulk');
      yield;
    }
  }
}
