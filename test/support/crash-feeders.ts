/**
 * Two nodes on forks of one network. One is connected to the victim, the other is cut off and, when its turn
 * comes, outgrows everybody: the victim has to leave the chain it followed.
 */
import type { Chain } from '../../src/chain/chain.ts';
import type { NetworkDefinition } from '../../src/core/network-params.ts';
import type { PeerId } from '../../src/node/ports.ts';
import { TestNetwork } from '../../src/testing/test-network.ts';
import type { TestNode } from '../../src/testing/test-node.ts';

export interface VictimAddress {
  readonly peerId: string;
  /** Multiaddr. */
  readonly address: string;
}

export class Feeders {
  readonly #network: TestNetwork;
  #inside: TestNode;
  #outside: TestNode;

  private constructor(network: TestNetwork, inside: TestNode, outside: TestNode) {
    this.#network = network;
    this.#inside = inside;
    this.#outside = outside;
  }

  static async start(definition: NetworkDefinition): Promise<Feeders> {
    const network = new TestNetwork(definition);
    return new Feeders(network, await network.add(), await network.add());
  }

  /** Multiaddrs of both. */
  get addresses(): string[] {
    return this.#network.nodes.flatMap(({ daemon }) => daemon.addresses().slice(0, 1));
  }

  /** Of the feeder the victim follows. */
  get chain(): Chain {
    return this.#inside.daemon.node.chain;
  }

  /** Of the feeder the victim follows. */
  get height(): number {
    return this.#inside.height;
  }

  /** The victim finds nobody, until it is let in. */
  shutOut(peerId: string): void {
    for (const { daemon } of this.#network.nodes) daemon.p2p.block([peerId as PeerId]);
  }

  /** The feeder that is in connects with the victim, which may be gone meanwhile. */
  async letIn({ address }: VictimAddress): Promise<void> {
    this.#inside.daemon.p2p.unblock();
    // If nobody is there any more, it is let in next time.
    await this.#inside.daemon.p2p.dial(address).catch(() => {});
  }

  /** The chain the victim follows grows, whether the victim is there or not. */
  async grow(blocks: number): Promise<void> {
    await this.#inside.mine(blocks);
  }

  /** The feeder that was cut off mines until it has more work than anybody. @param height of the victim */
  async outgrow(height: number, lead: number): Promise<void> {
    const missing = Math.max(height, this.#inside.height) + lead - this.#outside.height;
    if (missing > 0) await this.#outside.mine(missing);
  }

  /** The feeders change places: the victim meets the longer fork. */
  async changePlaces(victim: VictimAddress): Promise<void> {
    [this.#inside, this.#outside] = [this.#outside, this.#inside];
    this.#outside.daemon.p2p.block([victim.peerId as PeerId]);
    await this.letIn(victim);
  }

  /** Waits until the feeder the victim follows has this block. */
  async has(tip: string): Promise<void> {
    await this.#inside.until(() => this.#inside.tip === tip, `the feeder has the victim's tip ${tip}`);
  }

  stop(): Promise<void> {
    return this.#network.stop();
  }
}
