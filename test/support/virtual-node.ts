/** Whole nodes on a virtual clock and network: the shipping `node/`, `chain/` and `core/`, virtual ports. */
import { createHash } from 'node:crypto';
import { bigIntToBytes, bytesToBigInt } from '../../src/core/hex.ts';
import type { BlockId } from '../../src/core/identifiers.ts';
import type { NetworkDefinition } from '../../src/core/network-params.ts';
import { verifySignature } from '../../src/native/signatures.ts';
import type { NodeEvent } from '../../src/node/events.ts';
import { Node } from '../../src/node/node.ts';
import type { Miner, SignatureVerifier } from '../../src/node/ports.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';
import { type Key, testKey } from './ledger.ts';
import { VirtualClock } from './virtual-clock.ts';
import { VirtualHub, type VirtualNetwork } from './virtual-network.ts';

export const inlineVerifier: SignatureVerifier = { verify: async (checks) => checks.map(verifySignature) };

/** Counts up: for targets that take a handful of hashes. */
const inlineMiner: Miner = {
  threads: 1,
  async search({ headerRoot, target }, signal) {
    for (let count = 0n; count < 1_000_000n && !signal.aborted; count++) {
      const nonce = bigIntToBytes(count, 32);
      if (bytesToBigInt(createHash('sha256').update(headerRoot).update(nonce).digest()) <= target)
        return nonce;
    }
    return undefined;
  },
  hashrate: () => 0,
  close: async () => {},
};

export interface VirtualNode {
  readonly name: string;
  readonly node: Node;
  readonly network: VirtualNetwork;
  readonly store: Store;
  readonly events: NodeEvent[];
  readonly failures: unknown[];
  /** Whom its blocks pay. */
  readonly key: Key;
}

export class VirtualWorld {
  readonly clock = new VirtualClock();
  readonly hub = new VirtualHub(this.clock);
  readonly definition: NetworkDefinition;
  readonly nodes: VirtualNode[] = [];
  #keys = 0;
  /** The same numbers in every run, each different from the last (a linear congruential generator). */
  readonly #random = {
    state: 1,
    next(): number {
      this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
      return this.state / 2 ** 32;
    },
  };

  constructor(definition: NetworkDefinition) {
    this.definition = definition;
  }

  async start(
    name: string,
    options: {
      store?: Store;
      minFeeRate?: bigint;
      peers?: string[];
      miner?: Miner;
      verifier?: SignatureVerifier;
      key?: Key;
    } = {},
  ): Promise<VirtualNode> {
    const {
      store = new MemoryStore(),
      miner = inlineMiner,
      verifier = inlineVerifier,
      key = testKey(1_000 + this.#keys++),
      ...rest
    } = options;
    const network = this.hub.join(name);
    const events: NodeEvent[] = [];
    const failures: unknown[] = [];
    const node = new Node({
      definition: this.definition,
      store,
      network,
      clock: this.clock,
      random: this.#random,
      verifier,
      miner,
      minerAddress: key.address,
      onFailure: (error) => failures.push(error),
      ...rest,
    });
    node.subscribe((event) => events.push(event));
    await node.start();
    const virtual: VirtualNode = { name, node, network, store, events, failures, key };
    this.nodes.push(virtual);
    return virtual;
  }

  /** Starts several, connects them all and lets them settle. */
  async startConnected(...names: string[]): Promise<VirtualNode[]> {
    const nodes: VirtualNode[] = [];
    for (const name of names) nodes.push(await this.start(name));
    this.hub.introduceAll();
    await this.clock.until(
      () => nodes.every(({ node }) => node.peers().length === names.length - 1),
      'all connected',
    );
    return nodes;
  }

  /** Runs the clock until the promise is settled. */
  async wait<T>(promise: Promise<T>, what: string): Promise<T> {
    let settled = false;
    const done = promise.finally(() => {
      settled = true;
    });
    done.catch(() => {});
    await this.clock.until(() => settled, what);
    return done;
  }

  mine(virtual: VirtualNode, count: number): Promise<BlockId[]> {
    return this.wait(virtual.node.mining.mine(count), `${virtual.name} mines ${count}`);
  }

  /** Moves on until these nodes have one tip. */
  async converge(nodes: readonly VirtualNode[] = this.nodes, limitMs?: number): Promise<void> {
    const tip = (virtual: VirtualNode | undefined): string | undefined => virtual?.node.chain.tip.id;
    await this.clock.until(
      () => nodes.every((virtual) => tip(virtual) === tip(nodes[0])),
      'one tip',
      limitMs,
    );
  }
}

/** The events of one kind, typed. */
export function eventsOf<Name extends NodeEvent['event']>(
  virtual: VirtualNode,
  name: Name,
): Extract<NodeEvent, { event: Name }>[] {
  return virtual.events.filter((event): event is Extract<NodeEvent, { event: Name }> => event.event === name);
}
