/** The values the chain hands around: what is known of a block, and what has been checked. */
import type { BlockId, TransactionId } from '../core/identifiers.ts';
import type { Block, SignedTransaction } from '../core/types.ts';
import type { BlockRecord } from '../store/block-record.ts';

export type { BlockRecord, BlockStatus } from '../store/block-record.ts';

declare const checked: unique symbol;

/** A signed transaction whose signature has been verified for this network. Made by `trustTransaction` only. */
export interface CheckedTransaction {
  readonly [checked]: true;
  readonly id: TransactionId;
  readonly signed: SignedTransaction;
  /** SSZ bytes. */
  readonly size: number;
}

/** A block that passed every rule that needs no state: size, root, signatures. Made by `trustBlock` only. */
export interface CheckedBlock {
  readonly [checked]: true;
  readonly id: BlockId;
  readonly block: Block;
  /** In the block's order. */
  readonly transactionIds: readonly TransactionId[];
}

/** Vouches that the signature was verified: for whoever verified it, and for a store that only keeps such. */
export function trustTransaction(fields: Omit<CheckedTransaction, typeof checked>): CheckedTransaction {
  return fields as CheckedTransaction;
}

/** Vouches that size, root and signatures were checked. */
export function trustBlock(fields: Omit<CheckedBlock, typeof checked>): CheckedBlock {
  return fields as CheckedBlock;
}

/** Blocks in order. After a long move of the tip they are too many to hold: each is read when its turn comes. */
export type BlockRun = Iterable<CheckedBlock> & { readonly length: number };

/** The chain from one tip to another, told after it was committed. */
export interface TipChange {
  /** Blocks no longer on the chain, lowest first. Empty unless it was a reorganisation. */
  readonly disconnected: BlockRun;
  /** Blocks now on the chain, lowest first. */
  readonly connected: BlockRun;
  readonly oldTip: BlockRecord;
  readonly newTip: BlockRecord;
  /** So many blocks or transactions that whoever goes over them must do so in steps. */
  readonly isLong: boolean;
}
