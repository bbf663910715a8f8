/** Choosing what a block carries. */

import { sizeInBlock } from '../core/encoding.ts';
import { MAX_TRANSACTIONS } from '../core/types.ts';
import { compareFeeRates } from './fee-rate.ts';
import { Heap } from './heap.ts';
import type { CheckedTransaction } from './records.ts';
import type { PoolEntry, SenderQueue } from './sender-queue.ts';

interface Head {
  readonly queue: SenderQueue;
  readonly position: number;
  readonly entry: PoolEntry;
}

/**
 * The highest fee rate first, each sender's in their order. A sender whose next one has no room left is
 * done, for the later ones need it.
 *
 * @param maxBytes for transactions, as `sizeInBlock` counts them
 */
export function selectTransactions(queues: Iterable<SenderQueue>, maxBytes: number): CheckedTransaction[] {
  const heads = new Heap<Head>((a, b) => compareFeeRates(a.entry, b.entry) > 0);
  const push = (queue: SenderQueue, position: number): void => {
    const entry = queue.entries[position];
    if (entry !== undefined) heads.push({ queue, position, entry });
  };
  for (const queue of queues) push(queue, 0);
  const selected: CheckedTransaction[] = [];
  let left = maxBytes;
  while (selected.length < MAX_TRANSACTIONS) {
    const head = heads.pop();
    if (head === undefined) break;
    const { checked } = head.entry;
    const size = sizeInBlock(checked.signed);
    if (size > left) continue;
    left -= size;
    selected.push(checked);
    push(head.queue, head.position + 1);
  }
  return selected;
}
