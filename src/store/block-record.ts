/** A block's row in the tree, as the chain hands it around too. */
import type { BlockId } from '../core/identifiers.ts';
import type { SealedHeader } from '../core/types.ts';

/**
 * - `header`: header and proof of work are valid, the body is not here yet.
 * - `body`: the body is kept, and so are those of all its ancestors; whether its transactions fit the
 *   state is known only once it has been connected.
 * - `invalid`: it, or an ancestor, broke a rule. Remembered, so that it is refused at once the next time.
 */
export type BlockStatus = 'header' | 'body' | 'invalid';

/** What is known of one block of the tree. */
export interface BlockRecord {
  /** Order of arrival, 0 for the genesis. A parent's is always smaller than its children's. */
  readonly number: number;
  readonly id: BlockId;
  /** Number of the parent's record; -1 for the genesis. */
  readonly parent: number;
  readonly height: number;
  /** Accumulated work from the genesis to this block. */
  readonly work: bigint;
  readonly sealed: SealedHeader;
  readonly status: BlockStatus;
}
