/**
 * Checks what is kept of every block known, on the chain or beside it, against its header and its parent. Only that a
 * block was found invalid cannot be seen again: its body was let go.
 */
import { checkBody } from '../core/block.ts';
import { blockId } from '../core/hashing.ts';
import { checkHeader } from '../core/header.ts';
import { type BlockId, idFromBytes } from '../core/identifiers.ts';
import type { NetworkDefinition } from '../core/network-params.ts';
import { checkProofOfWork, workOfBits } from '../core/target.ts';
import type { SignedTransaction } from '../core/types.ts';
import { damaged } from '../store/errors.ts';
import type { Store } from '../store/store.ts';
import type { BlockTree } from './block-tree.ts';
import { Invalidity } from './invalidity.ts';
import type { BlockRecord } from './records.ts';

/** Gone through without a break: a millisecond of headers. Each body beside the chain is followed by a break. */
const BLOCKS_PER_TURN = 64;

/** @throws Invalidity, RuleError, StoreError at the first block that is not what it should be */
export async function checkTree(
  network: NetworkDefinition,
  store: Store,
  tree: BlockTree,
  pause: () => Promise<void>,
): Promise<void> {
  // Blocks that come meanwhile were checked by the caller that adds them.
  const count = store.blocks.count();
  for (let number = 0; number < count; number++) {
    const hasBody = checkBlock(network, store, tree, number);
    if (hasBody || number % BLOCKS_PER_TURN === 0) await pause();
  }
}

/** @returns whether a body was read */
function checkBlock(network: NetworkDefinition, store: Store, tree: BlockTree, number: number): boolean {
  const record = tree.get(number);
  try {
    checkRow(network, store, tree, record);
    return checkKeptBody(network, store, tree, record);
  } catch (error) {
    throw Invalidity.at(record.height, `block number ${number} (${record.id})`, error);
  }
}

function checkRow(
  { genesisId, params }: NetworkDefinition,
  store: Store,
  tree: BlockTree,
  record: BlockRecord,
): void {
  const { height, id, sealed, work } = record;
  const { header } = sealed;
  const parent = tree.parentOf(record);
  requireRow(blockId(sealed) === id, 'its id in table blocks is not that of its header');
  if (parent === undefined) {
    requireRow(
      record.number === 0 && id === genesisId && height === 0,
      'its row in table blocks is no genesis',
    );
    requireRow(work === workOfBits(header.bits), 'its work in table blocks is not that of its header');
  } else {
    requireRow(record.parent < record.number, 'its parent in table blocks came after it');
    checkProofOfWork(sealed);
    requireRow(
      idFromBytes<BlockId>(header.parent) === parent.id,
      'its parent in table blocks is not that of its header',
    );
    requireRow(height === parent.height + 1, 'its height in table blocks is not that after its parent');
    requireRow(
      work === parent.work + workOfBits(header.bits),
      'its work in table blocks is not that after its parent',
    );
    checkHeader(params, header, parent.sealed.header, tree.parentOf(parent)?.sealed.header);
  }
  requireRow(
    store.blocks.link(record.number)?.jump === tree.jumpOf(record),
    'its jump in table blocks is a wrong one',
  );
  requireRow(store.blocks.find(id)?.number === record.number, 'it is not found by its id');
}

function checkKeptBody(
  { params }: NetworkDefinition,
  store: Store,
  tree: BlockTree,
  record: BlockRecord,
): boolean {
  const { number, sealed, status } = record;
  const isOnChain = tree.isOnChain(record);
  if (status !== 'body') {
    requireRow(!isOnChain, `it is on the chain, and its status in table blocks is ${status}`);
    requireRow(
      store.bodies.size(number) === undefined,
      `it has a body, and its status in table blocks is ${status}`,
    );
    return false;
  }
  requireRow((tree.parentOf(record)?.status ?? 'body') === 'body', 'it has a body, and its parent has none');
  // Those on the chain were read and checked by the replay.
  if (isOnChain) return false;
  const transactions: SignedTransaction[] | undefined = store.bodies.get(number);
  if (transactions === undefined) throw damaged('its body in table bodies is missing');
  checkBody(params, { sealed, transactions });
  store.undo.get(number);
  return true;
}

function requireRow(condition: boolean, what: string): void {
  if (!condition) throw damaged(what);
}
