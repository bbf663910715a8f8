/** Several daemons in one process, connected, cut apart and healed at will. */
import { generateKeyPair } from '../client/keys.ts';
import { defineNetwork, type NetworkDefinition, TEST_PARAMS } from '../core/network-params.ts';
import type { NetworkParams } from '../core/types.ts';
import { startDaemon } from '../daemon.ts';
import type { PeerId } from '../node/ports.ts';
import { TestNode, type WaitOptions, waitUntil } from './test-node.ts';

const DEFAULT_DEADLINE_MS = 30_000;
/** A year: every network gets a genesis time of its own, so that no two ever mix. */
const GENESIS_SPREAD_MS = 365 * 24 * 3_600_000;

/** What `nodes` is for a literal count: that many, and those that `add` brings. */
interface NodesByCount {
  readonly 1: readonly [TestNode, ...TestNode[]];
  readonly 2: readonly [TestNode, TestNode, ...TestNode[]];
  readonly 3: readonly [TestNode, TestNode, TestNode, ...TestNode[]];
  readonly 4: readonly [TestNode, TestNode, TestNode, TestNode, ...TestNode[]];
  readonly 5: readonly [TestNode, TestNode, TestNode, TestNode, TestNode, ...TestNode[]];
}

/** Up to five, `const [alice, bob] = network.nodes` compiles under strict index access; beyond, it is a list. */
export type TestNodes<Count extends number> = Count extends keyof NodesByCount
  ? NodesByCount[Count]
  : readonly TestNode[];

export interface TestNetworkOptions<Count extends number = number> {
  /** How many to start. Default: 3. */
  readonly nodes?: Count;
  /** What differs from the built-in `test` network. */
  readonly params?: Partial<NetworkParams>;
  /** Whether every node is connected to every other from the start. Default: true. */
  readonly connect?: boolean;
  /** Whether they look for each other by mDNS. Default: false. */
  readonly mdns?: boolean;
  /** A folder for each node, by its index; without, ledgers are in memory. */
  readonly dataDir?: (index: number) => string;
  /** Notches a byte below which nodes take no transaction. Default: 1. */
  readonly minFeeRate?: bigint;
}

/** Starts a network of daemons on loopback. Stop it with `stop()`. */
export async function startNetwork<const Count extends number = 3>(
  options: TestNetworkOptions<Count> = {},
): Promise<TestNetwork<Count>> {
  const genesisTime = TEST_PARAMS.genesisTime - BigInt(Math.floor(Math.random() * GENESIS_SPREAD_MS));
  const definition = defineNetwork({ ...TEST_PARAMS, genesisTime, ...options.params });
  const network = new TestNetwork<Count>(definition, options);
  try {
    for (let i = 0; i < (options.nodes ?? 3); i++) await network.add();
    if (options.connect ?? true) await network.connect();
    return network;
  } catch (error) {
    await network.stop();
    throw error;
  }
}

/** Daemons that share one network of their own. */
export class TestNetwork<Count extends number = number> {
  /** Its id and parameters. */
  readonly definition: NetworkDefinition;
  readonly #nodes: TestNode[] = [];
  readonly #options: TestNetworkOptions;
  #failures: unknown[] = [];

  constructor(definition: NetworkDefinition, options: TestNetworkOptions = {}) {
    this.definition = definition;
    this.#options = options;
  }

  /** In the order they were started. */
  get nodes(): TestNodes<Count> {
    return this.#nodes as unknown as TestNodes<Count>;
  }

  /** Starts one more node, connected to nobody yet. */
  async add(): Promise<TestNode> {
    const index = this.#nodes.length;
    const key = generateKeyPair();
    const { dataDir, mdns = false, minFeeRate } = this.#options;
    const daemon = await startDaemon({
      network: this.definition,
      dataDir: dataDir?.(index),
      p2pHost: '127.0.0.1',
      p2pPort: 0,
      miner: key.address,
      mine: false,
      threads: 1,
      peers: [],
      mdns,
      mdnsIntervalMs: 1_000,
      ...(minFeeRate === undefined ? {} : { minFeeRate }),
      onFailure: (error) => this.#failures.push(error),
    });
    const node = new TestNode(`node-${index + 1}`, daemon, key);
    this.#nodes.push(node);
    return node;
  }

  /** Connects every node to every other, or those of one group. */
  async connect(group: readonly TestNode[] = this.#nodes): Promise<void> {
    for (const [index, node] of group.entries()) {
      for (const other of group.slice(index + 1)) await node.connect(other);
    }
    await waitUntil(
      group,
      () => group.every((node) => isConnectedToAll(node, group)),
      'all connected',
      DEFAULT_DEADLINE_MS,
    );
  }

  /** Parts the network: only nodes of one group reach each other from now on. */
  async cut(...groups: TestNode[][]): Promise<void> {
    for (const group of groups) {
      const others = this.#nodes.filter((node) => !group.includes(node)).map(peerIdOf);
      for (const node of group) node.daemon.p2p.block(others);
    }
    const apart = (): boolean =>
      groups.every((group) =>
        group.every((node) =>
          node.daemon.node.peers().every(({ id }) => group.some((other) => peerIdOf(other) === id)),
        ),
      );
    await waitUntil(this.#nodes, apart, 'the groups are apart', DEFAULT_DEADLINE_MS);
  }

  /** Ends a cut and connects everybody again. */
  async heal(): Promise<void> {
    for (const node of this.#nodes) node.daemon.p2p.unblock();
    await this.connect();
  }

  /** Waits until all nodes, or those of one group, have the same tip. */
  async converged(
    group: readonly TestNode[] = this.#nodes,
    { deadlineMs = DEFAULT_DEADLINE_MS }: WaitOptions = {},
  ): Promise<void> {
    await waitUntil(group, () => group.every((node) => node.tip === group[0]?.tip), 'one tip', deadlineMs);
  }

  /**
   * Stops every node.
   *
   * @throws AggregateError if any of them met a failure that was not handled, or did not stop in order
   */
  async stop(): Promise<void> {
    const stops = await Promise.allSettled(this.#nodes.map((node) => node.stop()));
    const unclean = stops.flatMap((stop) => (stop.status === 'rejected' ? [stop.reason] : []));
    const failures = [...this.#failures, ...unclean];
    if (failures.length > 0) throw new AggregateError(failures, 'nodes of the test network failed');
  }
}

function peerIdOf(node: TestNode): PeerId {
  return node.daemon.p2p.self;
}

function isConnectedToAll(node: TestNode, group: readonly TestNode[]): boolean {
  const peers = new Set(node.daemon.node.peers().map(({ id }) => id));
  return group.every((other) => other === node || peers.has(peerIdOf(other)));
}
