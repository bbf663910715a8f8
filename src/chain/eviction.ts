/** Which transactions have to go when the pool is full: the least worth, always from the end of a sender's queue. */
import type { Address } from '../core/identifiers.ts';
import { compareFeeRates, type FeeRate } from './fee-rate.ts';
import { Heap } from './heap.ts';
import type { PoolEntry, SenderQueue } from './sender-queue.ts';

/** A queue's last transaction as it was when it became that. */
interface Tail {
  readonly queue: SenderQueue;
  readonly entry: PoolEntry;
  readonly floor: FeeRate;
}

export interface Victim {
  readonly queue: SenderQueue;
  readonly entry: PoolEntry;
}

/** Stale items are let go beyond this many of them, or they would add up. */
const STALE_ITEMS = 64;

export class EvictionOrder {
  #tails = newHeap();
  readonly #queues: ReadonlyMap<Address, SenderQueue>;

  /** @param queues all there are, now and later */
  constructor(queues: ReadonlyMap<Address, SenderQueue>) {
    this.#queues = queues;
  }

  /** The queue's end, or what its end is worth, has changed. */
  changed(queue: SenderQueue): void {
    this.#push(queue, queue.tail);
    this.#forgetStale();
  }

  /**
   * Chooses what must go for `bytes` to become free. Removes nothing.
   *
   * @param worth all of them must be worth less; undefined: whatever they are worth
   * @param spared the queue the newcomer belongs to
   * @returns in the order to be removed; undefined if there are not enough
   */
  choose(bytes: number, worth?: FeeRate, spared?: SenderQueue): Victim[] | undefined {
    this.#forgetStale();
    const victims: Victim[] = [];
    const taken = new Map<SenderQueue, number>();
    const putBack: Tail[] = [];
    let freed = 0;
    while (freed < bytes) {
      const tail = this.#tails.pop();
      if (tail === undefined) break;
      const { queue, entry, floor } = tail;
      const place = queue.entries.length - 1 - (taken.get(queue) ?? 0);
      if (queue.entries[place] !== entry || entry.floor !== floor) continue; // stale
      putBack.push(tail);
      if (queue === spared) continue;
      if (worth !== undefined && compareFeeRates(floor, worth) >= 0) break;
      victims.push({ queue, entry });
      freed += entry.size;
      taken.set(queue, (taken.get(queue) ?? 0) + 1);
      this.#push(queue, queue.entries[place - 1]);
    }
    // Those that do go are stale then, and found to be so.
    for (const tail of putBack) this.#tails.push(tail);
    return freed < bytes ? undefined : victims;
  }

  #forgetStale(): void {
    if (this.#tails.size <= 2 * this.#queues.size + STALE_ITEMS) return;
    this.#tails = newHeap();
    for (const queue of this.#queues.values()) this.#push(queue, queue.tail);
  }

  #push(queue: SenderQueue, entry: PoolEntry | undefined): void {
    if (entry !== undefined) this.#tails.push({ queue, entry, floor: entry.floor });
  }
}

function newHeap(): Heap<Tail> {
  return new Heap((a, b) => compareFeeRates(a.floor, b.floor) < 0);
}
