/** Every block of a simulation: who found it, when, what it builds on, and whether the chain kept it. */
import type { Address, BlockId } from '../core/identifiers.ts';
import type { NodeEvent } from '../node/events.ts';
import type { Machine } from './machine.ts';
import { Series, type SeriesPoint } from './measurements-sample.ts';

/** Heights the picture of the forks shows. */
const STRETCH_HEIGHTS = 40;

type Accepted = Extract<NodeEvent, { event: 'block.accepted' }>;

export interface SeenBlock {
  readonly id: BlockId;
  readonly parent: BlockId;
  readonly height: number;
  readonly miner: Address;
  /** When it was mined, or shown first if an attacker made it; virtual ms since the start. */
  readonly atMs: number;
  /** When it was mined; undefined if an attacker made it. */
  readonly minedAtMs: number | undefined;
}

/** A block of the picture. */
export interface PicturedBlock extends SeenBlock {
  readonly isOnChain: boolean;
  readonly isHonest: boolean;
}

export class BlockLog {
  readonly #blocks = new Map<BlockId, SeenBlock>();

  /** @returns what was known of the block before; undefined: it is new */
  note(machine: Machine, event: Accepted, atMs: number): SeenBlock | undefined {
    const { height, id, miner, parent, source } = event;
    const known = this.#blocks.get(id);
    if (known !== undefined) return known;
    const minedAtMs = source === 'mined' && !machine.isAttacker ? atMs : undefined;
    this.#blocks.set(id, { id, parent, height, miner, atMs, minedAtMs });
    return undefined;
  }

  get(id: BlockId): SeenBlock | undefined {
    return this.#blocks.get(id);
  }

  /** In the order they came up. */
  all(): IterableIterator<SeenBlock> {
    return this.#blocks.values();
  }

  /** Share of the honest blocks so far that the chain did not keep, over time. */
  staleOverTime(isOnChain: (block: SeenBlock) => boolean): SeriesPoint[] {
    const series = new Series();
    let mined = 0;
    let stale = 0;
    for (const block of this.#blocks.values()) {
      if (block.minedAtMs === undefined) continue;
      mined++;
      if (!isOnChain(block)) stale++;
      series.add(block.atMs, stale / mined);
    }
    return series.points();
  }

  /** The stretch of the chain beside which most blocks were left, a few dozen heights of it. */
  mostForked(isOnChain: (block: SeenBlock) => boolean): PicturedBlock[] {
    const leftAt: number[] = [];
    let highest = 0;
    for (const block of this.#blocks.values()) {
      highest = Math.max(highest, block.height);
      if (!isOnChain(block)) leftAt[block.height] = (leftAt[block.height] ?? 0) + 1;
    }
    let best = { first: Math.max(1, highest - STRETCH_HEIGHTS + 1), left: 0 };
    let left = 0;
    for (let height = 1; height <= highest; height++) {
      left += (leftAt[height] ?? 0) - (leftAt[height - STRETCH_HEIGHTS] ?? 0);
      const first = Math.max(1, height - STRETCH_HEIGHTS + 1);
      if (left > best.left) best = { first, left };
    }
    const last = best.first + STRETCH_HEIGHTS - 1;
    return [...this.#blocks.values()]
      .filter(({ height }) => height >= best.first && height <= last)
      .map((block) => ({
        ...block,
        isOnChain: isOnChain(block),
        isHonest: block.minedAtMs !== undefined,
      }));
  }
}
