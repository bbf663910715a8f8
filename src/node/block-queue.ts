/**
 * Blocks on their way into the chain, one after the other. Most are through at once; a long move of the tip
 * takes many turns of the event loop, and whatever comes meanwhile waits here.
 */
import type { AddResult } from '../chain/add-result.ts';
import type { Chain } from '../chain/chain.ts';
import type { CheckedBlock } from '../chain/records.ts';
import type { Durability } from '../store/store.ts';
import type { Clock } from './ports.ts';

export interface BlockQueueOptions {
  readonly chain: Chain;
  readonly clock: Clock;
  /** A turn of a long move is over: the pool may have changed. */
  readonly onTurn: () => void;
}

export class BlockQueue {
  readonly #options: BlockQueueOptions;
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
   * @throws as `Chain.addBlocks`
   */
  async add(blocks: readonly CheckedBlock[], durability: Durability): Promise<AddResult[] | undefined> {
    while (this.#last !== undefined) await this.#last;
    if (this.#stopped) return undefined;
    const { chain, clock } = this.#options;
    const steps = chain.adding(blocks, clock.now(), durability);
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

  /** A long move that is under way stays where it is: the next start begins it again. */
  stop(): void {
    this.#stopped = true;
  }

  async #takeTurns(steps: Generator<void, AddResult[]>): Promise<AddResult[] | undefined> {
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
