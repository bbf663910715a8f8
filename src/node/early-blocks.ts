/** Blocks ahead of this machine's clock: each is looked at again when its time comes. */
import { MAX_FUTURE_MS } from '../core/header.ts';
import type { BlockId } from '../core/identifiers.ts';
import { type ArrivedBlock, WaitingBlocks } from './block-waiting.ts';
import type { Clock } from './ports.ts';

/** A block further ahead than this is dropped: by its time sync will bring it. */
const LONGEST_WAIT_MS = 10 * 60_000;

export class EarlyBlocks {
  readonly #clock: Clock;
  readonly #due: (arrived: ArrivedBlock) => void;
  readonly #waiting = new WaitingBlocks();
  readonly #cancels = new Map<BlockId, () => void>();
  #stopped = false;

  /** @param due told of each block when its time has come */
  constructor(clock: Clock, due: (arrived: ArrivedBlock) => void) {
    this.#clock = clock;
    this.#due = due;
  }

  get size(): number {
    return this.#waiting.size;
  }

  has(id: BlockId): boolean {
    return this.#waiting.has(id);
  }

  /** @returns how far it is ahead, ms */
  add(arrived: ArrivedBlock): number {
    const { id } = arrived;
    const aheadMs = Number(arrived.compact.sealed.header.timestamp) - this.#clock.now();
    if (aheadMs > LONGEST_WAIT_MS || this.#stopped) return aheadMs;
    for (const gone of this.#waiting.add(arrived)) this.#forget(gone.id);
    const cancel = this.#clock.after(aheadMs - MAX_FUTURE_MS, () => {
      this.#cancels.delete(id);
      const due = this.#waiting.take(id);
      if (due !== undefined) this.#due(due);
    });
    this.#cancels.set(id, cancel);
    return aheadMs;
  }

  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancels.clear();
  }

  #forget(id: BlockId): void {
    this.#cancels.get(id)?.();
    this.#cancels.delete(id);
  }
}
