/**
 * Blocks set aside: some wait for their parent (orphans), some for their time (early). Only blocks with
 * proof of work get here, and there is room for few: whatever falls out is fetched again by sync.
 */
import type { CheckedBlock } from '../chain/records.ts';
import type { BlockId } from '../core/identifiers.ts';
import type { CompactBlock } from './compact-block.ts';
import type { PeerId } from './ports.ts';

/** A few minutes of blocks; more than that is a matter for sync. */
const MAX_WAITING = 64;
/** Of one peer: an orphan's proof of work may be of any difficulty, so one peer must not push out the others'. */
const MAX_WAITING_OF_PEER = 16;
/** Eight of the largest blocks. */
const MAX_WAITING_BYTES = 16 * 1_024 * 1_024;

/** A block as it came, where it came from, and when its miner let go of it (0 if unknown). */
export interface ArrivedBlock {
  readonly id: BlockId;
  readonly parent: BlockId;
  readonly height: number;
  readonly compact: CompactBlock;
  /** The whole of it, once it is known. */
  readonly checked?: CheckedBlock;
  /** Of the message; of the block once it is known. */
  readonly byteLength: number;
  readonly from: PeerId;
}

/** A block whose ancestors are here. */
export interface PlacedBlock extends ArrivedBlock {
  /** From the genesis to it, by its own bits, which have been checked. */
  readonly work: bigint;
}

export class WaitingBlocks {
  readonly #blocks = new Map<BlockId, ArrivedBlock>();
  #bytes = 0;

  get size(): number {
    return this.#blocks.size;
  }

  has(id: BlockId): boolean {
    return this.#blocks.has(id);
  }

  /** Of all of them together. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps the block; the longest waiting make room. @returns those that had to go */
  add(arrived: ArrivedBlock): ArrivedBlock[] {
    if (this.#blocks.has(arrived.id)) return [];
    const gone: ArrivedBlock[] = [];
    const same = [...this.#blocks.values()].filter(({ from }) => from === arrived.from);
    if (same.length >= MAX_WAITING_OF_PEER) gone.push(...same.slice(0, 1));
    for (const { id } of gone) this.take(id);
    this.#blocks.set(arrived.id, arrived);
    this.#bytes += arrived.byteLength;
    for (const [id, oldest] of this.#blocks) {
      if (this.#blocks.size <= MAX_WAITING && this.#bytes <= MAX_WAITING_BYTES) break;
      this.take(id);
      gone.push(oldest);
    }
    return gone;
  }

  take(id: BlockId): ArrivedBlock | undefined {
    const arrived = this.#blocks.get(id);
    if (arrived !== undefined) {
      this.#blocks.delete(id);
      this.#bytes -= arrived.byteLength;
    }
    return arrived;
  }

  /** Takes out every block whose parent is this one. */
  takeChildren(parent: BlockId): ArrivedBlock[] {
    const children = [...this.#blocks.values()].filter((arrived) => arrived.parent === parent);
    for (const { id } of children) this.take(id);
    return children;
  }
}
