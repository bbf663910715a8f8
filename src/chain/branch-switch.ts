/**
 * Moving the tip: from blocks no longer on the chain to those that now are. First all is computed without
 * writing anything, so that an invalid block anywhere on the way changes nothing; then all is written.
 */
import { invariant, RuleError } from '../core/errors.ts';
import { transactionId } from '../core/hashing.ts';
import { type Address, idFromBytes } from '../core/identifiers.ts';
import { applyBlock, type StateChange } from '../core/state.ts';
import type { NetworkParams } from '../core/types.ts';
import { damaged } from '../store/errors.ts';
import type { Store } from '../store/store.ts';
import type { BlockTree } from './block-tree.ts';
import { InvalidBlockError } from './errors.ts';
import { type BlockRecord, type CheckedBlock, trustBlock } from './records.ts';
import { StateView, undoOf } from './state-view.ts';

interface Disconnected {
  readonly record: BlockRecord;
  readonly block: CheckedBlock;
}

interface Connected extends Disconnected {
  readonly change: StateChange;
}

export interface BranchSwitch {
  /** Old tip first. */
  readonly disconnected: readonly Disconnected[];
  /** Lowest first. */
  readonly connected: readonly Connected[];
  /** The state afterwards. */
  readonly view: StateView;
}

export interface SwitchContext {
  readonly params: NetworkParams;
  readonly store: Store;
  readonly tree: BlockTree;
  /** The state at `tip`. */
  readonly view: StateView;
  readonly tip: BlockRecord;
}

/**
 * Computes the way from `context.tip` to `target`.
 *
 * @param block the target's, which is at hand already
 * @throws InvalidBlockError naming the first block whose transactions do not fit the state
 */
export function planSwitch(context: SwitchContext, target: BlockRecord, block: CheckedBlock): BranchSwitch {
  const { params, store, tree, tip } = context;
  const fork = target.parent === tip.number ? tip : tree.lastOnChain(target);
  const view = new StateView(context.view.read);
  const disconnected = tree
    .path(fork, tip)
    .reverse()
    .map((record) => {
      view.restore(requireStored(store.undo.get(record.number), record, 'undo record'));
      return { record, block: storedBlock(store, record) };
    });
  const connected = tree.path(fork, target).map((record) => {
    const next = record.number === target.number ? block : storedBlock(store, record);
    const change = changeOf(params, record, next, view);
    view.apply(change);
    return { record, block: next, change };
  });
  return { disconnected, connected, view };
}

function changeOf(
  params: NetworkParams,
  record: BlockRecord,
  block: CheckedBlock,
  view: StateView,
): StateChange {
  try {
    return applyBlock(params, record.sealed.header, block.block.transactions, view.read);
  } catch (error) {
    if (error instanceof RuleError) throw new InvalidBlockError(record.id, error);
    throw error;
  }
}

/** Writes all of a switch but the accounts: several switches of one commit write those once. */
export function writeSwitch(store: Store, { disconnected, connected }: BranchSwitch): void {
  for (const { record, block } of disconnected) {
    store.mainChain.truncate(record.height - 1);
    writeIndex(store, 'remove', record, block);
  }
  for (const { record, block, change } of connected) {
    store.mainChain.append(record.height, record.number);
    store.undo.put(record.number, undoOf(change));
    writeIndex(store, 'add', record, block);
  }
}

/** Where a block's transactions are found, by id and by the two addresses. */
function writeIndex(
  store: Store,
  write: 'add' | 'remove',
  { height }: BlockRecord,
  block: CheckedBlock,
): void {
  for (const [index, { transaction }] of block.block.transactions.entries()) {
    const location = { height, index };
    const id = block.transactionIds[index];
    invariant(id !== undefined, 'a checked block names all its transactions');
    store.transactions[write](id, location);
    const sender = idFromBytes<Address>(transaction.sender);
    const recipient = idFromBytes<Address>(transaction.recipient);
    store.history[write](sender, location);
    if (recipient !== sender) store.history[write](recipient, location);
  }
}

/** A block of the store: it was checked before it was kept. */
function storedBlock(store: Store, record: BlockRecord): CheckedBlock {
  const transactions = requireStored(store.bodies.get(record.number), record, 'body');
  return trustBlock({
    id: record.id,
    block: { sealed: record.sealed, transactions },
    transactionIds: transactions.map(({ transaction }) => transactionId(transaction)),
  });
}

/** @throws StoreError `damaged` */
function requireStored<T>(row: T | undefined, record: BlockRecord, what: string): T {
  if (row === undefined) throw damaged(`the ${what} of block ${record.id} is missing`);
  return row;
}
