/**
 * Moving the tip: from blocks no longer on the chain to those that now are. First all is computed without
 * writing anything, so that an invalid block anywhere on the way changes nothing; then all is written. This
 * is for short ways, in one go; long ones are `long-switch.ts`'s.
 */
import { RuleError } from '../core/errors.ts';
import { applyBlock, type ReadAccount, type StateChange } from '../core/state.ts';
import type { NetworkParams } from '../core/types.ts';
import type { Store } from '../store/store.ts';
import type { BlockTree } from './block-tree.ts';
import { InvalidBlockError } from './errors.ts';
import { writePlaces } from './place-batch.ts';
import type { BlockRecord, CheckedBlock } from './records.ts';
import { StateView, undoOf } from './state-view.ts';
import { storedBlock } from './stored-block.ts';
import { storedUndo } from './take-back.ts';

/** What a block costs besides its transactions, in bytes of them. */
const BLOCK_COST = 512;

interface Disconnected {
  readonly record: BlockRecord;
  readonly block: CheckedBlock;
}

interface Connected extends Disconnected {
  readonly change: StateChange;
}

/** Lowest first, both. */
export interface BranchSwitch {
  readonly disconnected: readonly Disconnected[];
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
 * Whether the way from one block to another costs more than `limit`. Looks at no more of it than it must.
 *
 * @param limit bytes of transactions, and `BLOCK_COST` a block
 */
export function isLongWay(
  store: Store,
  tree: BlockTree,
  from: BlockRecord,
  to: BlockRecord,
  limit: number,
): boolean {
  let [a, b] = [from, to];
  let cost = 0;
  while (a.number !== b.number) {
    const higher = a.height > b.height ? a : b;
    cost += BLOCK_COST + (store.bodies.size(higher.number) ?? 0);
    if (cost > limit) return true;
    if (higher === a) a = tree.get(a.parent);
    else b = tree.get(b.parent);
  }
  return false;
}

/**
 * Computes the way from `context.tip` to `target`.
 *
 * @param block the target's, which is at hand already
 * @throws InvalidBlockError naming the first block whose transactions do not fit the state; StoreError `damaged`
 */
export function planSwitch(context: SwitchContext, target: BlockRecord, block: CheckedBlock): BranchSwitch {
  const { params, store, tree, tip } = context;
  const fork = target.parent === tip.number ? tip : tree.lastOnChain(target);
  const view = new StateView(context.view.read);
  const disconnected = tree
    .path(fork, tip)
    .reverse()
    .map((record) => {
      const stored = storedBlock(store, record);
      view.restore(storedUndo(params, store, record, stored.block.transactions, view.read));
      return { record, block: stored };
    })
    .reverse();
  const connected = tree.path(fork, target).map((record) => {
    const next = record.number === target.number ? block : storedBlock(store, record);
    const change = changeOf(params, record, next, view.read);
    view.apply(change);
    return { record, block: next, change };
  });
  return { disconnected, connected, view };
}

/** @throws InvalidBlockError if the block's transactions do not fit the state */
export function changeOf(
  params: NetworkParams,
  record: BlockRecord,
  block: CheckedBlock,
  read: ReadAccount,
): StateChange {
  try {
    return applyBlock(params, record.sealed.header, block.block.transactions, read);
  } catch (error) {
    if (error instanceof RuleError) throw new InvalidBlockError(record.id, error);
    throw error;
  }
}

/** Writes all of a switch but the accounts: several switches of one commit write those once. */
export function writeSwitch(store: Store, { disconnected, connected }: BranchSwitch): void {
  const [lowest] = disconnected;
  if (lowest !== undefined) store.mainChain.truncate(lowest.record.height - 1);
  for (const { record, block, change } of connected) {
    store.mainChain.append(record.height, record.number);
    store.undo.put(record.number, undoOf(change));
    writePlaces(store, record, block);
  }
}
