/** The forks of the last minutes, as far as a log tells of them: where each began, what stands beside what, how it ended. */
import { short } from '../output.ts';

/** Blocks remembered: a fork in which more take part is told by its reorganisation alone. */
const MAX_BLOCKS = 256;
/** Ids in one line. */
const MAX_LOST_TOLD = 3;

interface BranchBlock {
  readonly id: string;
  readonly parent: string;
  readonly height: number;
  readonly onChain: boolean;
  readonly firstTransactions?: readonly string[];
}

export class Branches {
  readonly #blocks = new Map<string, BranchBlock>();
  /** The ends of branches that are beside the chain and may still win. */
  readonly #open = new Map<string, BranchBlock>();
  /** Of the chain, by height. */
  readonly #chain = new Map<number, string>();

  /** @returns what the block has to do with a fork, in words; undefined: nothing */
  accepted(block: BranchBlock): string | undefined {
    this.#remember(block);
    if (!block.onChain) return this.#beside(block);
    this.#chain.set(block.height, block.id);
    // The branch that it ends is the chain now.
    this.#open.delete(block.parent);
    // The longer chain stands: what lies lower is left behind, unless a miner lengthens it after all.
    const lost = [...this.#open.values()].filter(({ height }) => height < block.height);
    for (const { id } of lost) this.#open.delete(id);
    if (lost.length === 0) return undefined;
    const told = lost.slice(-MAX_LOST_TOLD).map(({ id }) => short(id));
    const more = lost.length > told.length ? `${lost.length - told.length} others and ` : '';
    return `ends the fork: ${more}${told.join(', ')} ${lost.length === 1 ? 'is' : 'are'} left behind`;
  }

  /** The chain is another branch now. @returns the blocks of it that are known, lowest first */
  reorganised(newTip: string, forkHeight: number): { height: number; transactions: readonly string[] }[] {
    this.#open.clear();
    const joined: { height: number; transactions: readonly string[] }[] = [];
    for (let at = this.#blocks.get(newTip); at !== undefined && at.height > forkHeight; ) {
      this.#chain.set(at.height, at.id);
      joined.unshift({ height: at.height, transactions: at.firstTransactions ?? [] });
      at = this.#blocks.get(at.parent);
    }
    return joined;
  }

  /** The block of the chain that stands at a height, as far as it is known here. */
  rivalAt(height: number): string | undefined {
    return this.#chain.get(height);
  }

  #beside(block: BranchBlock): string {
    const extended = this.#open.delete(block.parent);
    this.#open.set(block.id, block);
    if (extended) return 'lengthens the fork';
    const rival = this.rivalAt(block.height);
    return rival === undefined ? 'a fork' : `a fork, beside ${short(rival)}`;
  }

  #remember(block: BranchBlock): void {
    this.#blocks.set(block.id, block);
    const [oldest] = this.#blocks.values();
    if (this.#blocks.size <= MAX_BLOCKS || oldest === undefined) return;
    this.#blocks.delete(oldest.id);
    this.#open.delete(oldest.id);
    if (this.#chain.get(oldest.height) === oldest.id) this.#chain.delete(oldest.height);
  }
}
