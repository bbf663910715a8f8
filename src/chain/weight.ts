/** Whether a branch still counts: work that is far below the tip's buys nothing here. */
import { workOfBits } from '../core/target.ts';
import type { BlockRecord } from './records.ts';

/** Honest branches part and meet within two or three blocks; what is further behind is a matter for sync, if it outweighs. */
const MAX_BEHIND_BLOCKS = 6n;

/**
 * True if a branch falls short of the tip's work by more than `MAX_BEHIND_BLOCKS` blocks of the tip's difficulty.
 *
 * @param work of the branch, from the genesis to its last block
 */
export function isOutweighed(tip: BlockRecord, work: bigint): boolean {
  return work + MAX_BEHIND_BLOCKS * workOfBits(tip.sealed.header.bits) < tip.work;
}
