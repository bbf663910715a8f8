/** Cuts a devnet's network in two and heals it. */
import type { NetworkCutter } from '../../api/nodes/nodes-server.ts';

export interface PartitionedNode {
  readonly peerId: string;
  /** Whom it does not reach from now on: exactly these. */
  refuse(peerIds: readonly string[]): Promise<void>;
}

export class Partition implements NetworkCutter {
  apart: readonly number[] = [];
  readonly #nodes: readonly PartitionedNode[];
  readonly #connectAll: () => Promise<void>;

  /** @param connectAll connects each with each, so that a heal is not left to chance */
  constructor(nodes: readonly PartitionedNode[], connectAll: () => Promise<void>) {
    this.#nodes = nodes;
    this.#connectAll = connectAll;
  }

  async cut(apart: readonly number[]): Promise<void> {
    this.apart = apart;
    await this.#order();
  }

  async heal(): Promise<void> {
    this.apart = [];
    await this.#order();
    await this.#connectAll();
  }

  async #order(): Promise<void> {
    const isApart = (index: number): boolean => this.apart.includes(index + 1);
    await Promise.all(
      this.#nodes.map((node, index) => {
        const others = this.#nodes.filter((_, other) => isApart(other) !== isApart(index));
        return node.refuse(this.apart.length === 0 ? [] : others.map(({ peerId }) => peerId));
      }),
    );
  }
}
