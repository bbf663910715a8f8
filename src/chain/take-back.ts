/**
 * Taking a block back. Its undo record says what the accounts it touched were before, the block itself what it did to
 * them: if both together do not make the accounts as they are, something of it changed on the disk.
 */
import { RuleError } from '../core/errors.ts';
import { applyBlock, EMPTY_ACCOUNT, type ReadAccount } from '../core/state.ts';
import type { NetworkParams, SignedTransaction } from '../core/types.ts';
import { damaged } from '../store/errors.ts';
import type { Store, Undo } from '../store/store.ts';
import type { BlockRecord } from './records.ts';
import { requireStored } from './stored-block.ts';

/**
 * The undo record of a block.
 *
 * @param transactions the block's
 * @param read the state after it
 * @throws StoreError `damaged`
 */
export function storedUndo(
  params: NetworkParams,
  store: Store,
  record: BlockRecord,
  transactions: readonly SignedTransaction[],
  read: ReadAccount,
): Undo {
  const undo = requireStored(store.undo.get(record.number), record, 'undo record');
  const changes = changesOf(params, record, transactions, undo);
  let agrees = changes.size === undo.size;
  for (const [address, { after }] of changes) {
    const { balance, sequence } = read(address);
    agrees &&= undo.has(address) && after.balance === balance && after.sequence === sequence;
  }
  if (!agrees) throw disagreement(record);
  return undo;
}

/** What the block does to the accounts as the record has them. */
function changesOf(
  params: NetworkParams,
  record: BlockRecord,
  transactions: readonly SignedTransaction[],
  undo: Undo,
): ReturnType<typeof applyBlock> {
  const before: ReadAccount = (address) => undo.get(address) ?? EMPTY_ACCOUNT;
  try {
    return applyBlock(params, record.sealed.header, transactions, before);
  } catch (cause) {
    if (!(cause instanceof RuleError)) throw cause;
    throw disagreement(record, cause);
  }
}

function disagreement({ id }: BlockRecord, cause?: RuleError): Error {
  return damaged(
    `the undo record of block ${id} and the accounts are not what the block makes of them`,
    cause,
  );
}
