/**
 * Blocks on their way into the chain, one after the other. Most are through at once; a long move of the tip
 * takes many turns of the event loop, and whatever comes meanwhile waits here.
 */
import type { AddResult } from '../chain/add-result.ts';
import type { Chain } from '../chain/chain.ts';
import { InvalidBlockError } from '../chain/errors.ts';
import type { CheckedBlock } from '../chain/records.ts';
import { RuleError } from '../core/errors.ts';
import type { Durability } from '../store/store.ts';
import type { Clock, PeerId } from './ports.ts';

/** Of peers' blocks that wait for a long move: sixteen of the largest. Sync brings later what does not fit. */
const MAX_WAITING_BYTES = 32 * 1_024 * 1_024;
const MAX_WAITING_BYTES_OF_PEER = MAX_WAITING_BYTES / 4;

export interface AddedBlocks {
  /** What became of the blocks, up to one that is an orphan, early or refused. */
  readonly results: readonly AddResult[];
  /** The rule the next one broke, or one before it on its branch (`InvalidBlockError`); undefined if none did. */
  readonly refused: RuleError | undefined;
}

export interface BlockQueueOptions {
  readonly chain: Chain;
  readonly clock: Clock;
  /** A turn of a long move is over: the pool may have changed. */
  readonly onTurn: () => void;
}

interface Waiting {
  readonly from: PeerId;
  readonly byteLength: number;
}

export class BlockQueue {
  readonly #options: BlockQueueOptions;
  /** Blocks of peers. */
  readonly #waiting = new Set<Waiting>();
  /** Resolves once all before are through. */
  #last: Promise<unknown> | undefined;
  #stopped = false;

  constructor(options: BlockQueueOptions) {
    this.#options = options;
  }

  /**
   * As `Chain.addBlocks`. The time is that of their turn.
   *
   * @returns undefined if the node stopped before they were through
   */
  async add(blocks: readonly CheckedBlock[], durability: Durability): Promise<AddedBlocks | undefined> {
    while (this.#last !== undefined) await this.#last;
    if (this.#stopped) return undefined;
    const { chain, clock } = this.#options;
    const steps = untilRefused(chain.adding(blocks, clock.now(), durability));
    const first = steps.next();
    if (first.done === true) return first.value;
    const rest = this.#takeTurns(steps);
    this.#last = rest
      .catch(() => {})
      .finally(() => {
        this.#last = undefined;
      });
    return rest;
  }

  /**
   * As `add`, for a block a peer gave.
   *
   * @returns undefined also if there is no room for it to wait
   */
  async addFrom(from: PeerId, block: CheckedBlock, byteLength: number): Promise<AddedBlocks | undefined> {
    const waiting = { from, byteLength };
    if (this.#last !== undefined && !this.#hasRoom(waiting)) return undefined;
    this.#waiting.add(waiting);
    try {
      return await this.add([block], 'full');
    } finally {
      this.#waiting.delete(waiting);
    }
  }

  /** A long move that is under way stays where it is: the next start begins it again. */
  stop(): void {
    this.#stopped = true;
  }

  #hasRoom({ byteLength, from }: Waiting): boolean {
    let [all, ofPeer] = [byteLength, byteLength];
    for (const other of this.#waiting) {
      all += other.byteLength;
      if (other.from === from) ofPeer += other.byteLength;
    }
    return all <= MAX_WAITING_BYTES && ofPeer <= MAX_WAITING_BYTES_OF_PEER;
  }

  async #takeTurns(steps: Generator<void, AddedBlocks>): Promise<AddedBlocks | undefined> {
    while (!this.#stopped) {
      await new Promise<void>((resolve) => this.#options.clock.after(0, resolve));
      if (this.#stopped) break;
      this.#options.onTurn();
      const step = steps.next();
      if (step.done === true) return step.value;
    }
    return undefined;
  }
}

function* untilRefused(steps: Generator<void, AddResult[]>): Generator<void, AddedBlocks> {
  try {
    return { results: yield* steps, refused: undefined };
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    return { results: error instanceof InvalidBlockError ? error.results : [], refused: error };
  }
}
