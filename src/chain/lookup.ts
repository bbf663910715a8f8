/** Finding transactions on the main chain. The places kept are also those of blocks that have left it. */
import { transactionId } from '../core/hashing.ts';
import type { Address, TransactionId } from '../core/identifiers.ts';
import type { SignedTransaction } from '../core/types.ts';
import { damaged } from '../store/errors.ts';
import type { Location, Store } from '../store/store.ts';
import type { BlockTree } from './block-tree.ts';
import type { BlockRecord } from './records.ts';

/** Entries of one page of an address's history at most. */
const MAX_HISTORY_PAGE = 1_000;
/** Places looked at for one id: it is in as many blocks as there are branches. */
const MAX_ALIKE = 8;

/** A transaction on the main chain. */
export interface ConfirmedTransaction {
  readonly signed: SignedTransaction;
  readonly record: BlockRecord;
  /** Position in the block. */
  readonly index: number;
}

export interface HistoryPage {
  /** Only what is older than this place on the main chain. */
  readonly before?: { readonly height: number; readonly index: number };
  /** At most `MAX_HISTORY_PAGE` are given. */
  readonly limit: number;
}

/** @throws StoreError `damaged` */
export function findTransaction(
  store: Store,
  tree: BlockTree,
  id: TransactionId,
): ConfirmedTransaction | undefined {
  for (const location of store.transactions.find(id, MAX_HISTORY_PAGE)) {
    const found = confirmedAt(store, tree, location);
    if (found !== undefined && transactionId(found.signed.transaction) === id) return found;
  }
  return undefined;
}

/**
 * Whether a transaction with this id seems to be on the main chain, without reading it. Places are kept by the start of
 * an id only, so another whose id begins alike (48 bits) is taken for it.
 */
export function seemsConfirmed(store: Store, tree: BlockTree, id: TransactionId): boolean {
  return store.transactions.find(id, MAX_ALIKE).some(({ block }) => tree.isNumberOnChain(block));
}

/** Newest first. @throws StoreError `damaged` */
export function findHistory(
  store: Store,
  tree: BlockTree,
  address: Address,
  { before, limit }: HistoryPage,
): ConfirmedTransaction[] {
  const most = Math.min(limit, MAX_HISTORY_PAGE);
  const found: ConfirmedTransaction[] = [];
  // Parents have smaller numbers than their children, so along the chain the newest number is the highest block.
  const block = before && store.mainChain.at(before.height);
  let end: Location | undefined = block === undefined ? undefined : { block, index: before?.index ?? 0 };
  while (found.length < most) {
    const locations = store.history.find(address, most, end);
    for (const location of locations) {
      const confirmed = confirmedAt(store, tree, location);
      if (confirmed !== undefined) found.push(confirmed);
      if (found.length >= most) return found;
    }
    if (locations.length < most) return found;
    end = locations.at(-1);
  }
  return found;
}

/** Undefined if its block is not on the main chain. */
function confirmedAt(
  store: Store,
  tree: BlockTree,
  { block, index }: Location,
): ConfirmedTransaction | undefined {
  const record = tree.get(block);
  if (!tree.isOnChain(record)) return undefined;
  const signed = store.bodies.transaction(block, index);
  if (signed === undefined) throw damaged(`there is no transaction ${index} in block ${record.id}`);
  return { signed, record, index };
}
