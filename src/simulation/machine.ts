/**
 * A simulated machine: its disk and its place in the network outlive the node that runs on it. The node is the
 * daemon's own; only what stands behind its ports is virtual.
 */
import type { Address } from '../core/identifiers.ts';
import type { NodeEvent } from '../node/events.ts';
import { Node } from '../node/node.ts';
import type { Network } from '../node/ports.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { createSite, type Site } from './lines.ts';
import type { SeededRandom } from './random.ts';
import { VirtualClock } from './virtual-clock.ts';
import { VirtualMiner } from './virtual-miner.ts';
import { addressOf, VirtualNetwork } from './virtual-network.ts';
import type { World } from './world.ts';

/** Commits a crash may take: the store writes `bulk` ones in groups, and forces its log to disk by itself now and then. */
const MAX_UNSYNCED_COMMITS = 32;

/** Lets an attacker stand between a node and its network. */
export type Bend = (network: VirtualNetwork, machine: Machine) => Network;

export interface MachineOptions {
  /** Whom its blocks pay. */
  readonly address: Address;
  /** Hashes a millisecond; it mines if there are any. */
  readonly hashesPerMs?: number;
  /** Machines it is told of at the start. */
  readonly peers?: readonly { readonly name: string }[];
  /** Bytes a millisecond up and down. */
  readonly bandwidth?: number;
  /** How far its clock is ahead, ms. */
  readonly clockOffsetMs?: number;
  readonly bend?: Bend;
  /** SSZ bytes its pool holds. */
  readonly maxPoolBytes?: number;
}

/** A node and what it runs on, from its start to its end. */
interface Running {
  readonly node: Node;
  readonly network: VirtualNetwork;
  readonly clock: VirtualClock;
}

export class Machine {
  readonly index: number;
  readonly name: string;
  readonly address: Address;
  readonly site: Site;
  readonly disk: MemoryStore;
  /** True if it does not keep the rules: nothing is asked of it. */
  readonly isAttacker: boolean;
  /** SSZ bytes its pool holds; undefined: the daemon's default. */
  readonly maxPoolBytes: number | undefined;
  hashesPerMs: number;
  readonly #world: World;
  readonly #options: MachineOptions;
  readonly #random: SeededRandom;
  #running: Running | undefined;
  #starts = 0;

  constructor(world: World, index: number, options: MachineOptions) {
    this.#world = world;
    this.disk = new MemoryStore({ maxUnsynced: MAX_UNSYNCED_COMMITS, shared: world.rows });
    this.index = index;
    this.name = nameOf(index);
    this.address = options.address;
    this.site = createSite(index, options.bandwidth);
    this.site.clockOffsetMs = options.clockOffsetMs ?? 0;
    this.isAttacker = options.bend !== undefined;
    this.maxPoolBytes = options.maxPoolBytes;
    this.hashesPerMs = options.hashesPerMs ?? 0;
    this.#options = options;
    this.#random = world.random.for(this.name);
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Of the process that runs now. @throws if none does */
  get node(): Node {
    return this.#require().node;
  }

  get network(): VirtualNetwork {
    return this.#require().network;
  }

  get clock(): VirtualClock {
    return this.#require().clock;
  }

  #require(): Running {
    if (this.#running === undefined) throw new Error(`${this.name} is not running`);
    return this.#running;
  }

  /** Starts the node on what the disk holds. */
  async start(): Promise<void> {
    const world = this.#world;
    const random = this.#random.for(`start-${this.#starts++}`);
    const clock = new VirtualClock(world.scheduler, () => this.site.clockOffsetMs);
    const network = new VirtualNetwork(world.hub, this.name, this.site, random.for('network'));
    const { bend, maxPoolBytes, peers = [] } = this.#options;
    const node = new Node({
      definition: world.definition,
      store: this.disk,
      network: bend?.(network, this) ?? network,
      clock,
      random: random.for('node'),
      verifier: world.verifier,
      miner: new VirtualMiner(clock, random.for('miner'), () => this.hashesPerMs),
      minerAddress: this.address,
      peers: peers.map(({ name }) => addressOf(name as VirtualNetwork['self'])),
      ...(maxPoolBytes === undefined ? {} : { maxPoolBytes }),
      onFailure: (error) => {
        world.failed(this, error);
        this.#halt(node);
      },
    });
    this.#running = { node, network, clock };
    node.subscribe((event: NodeEvent) => world.tell(this, event));
    world.trace('started', this.index);
    await node.start();
    if (this.hashesPerMs > 0) node.mining.start();
  }

  /** As the daemon does after a bug or a broken disk: what its node believes is not to be trusted any more. */
  #halt(node: Node): void {
    if (this.#running?.node === node) this.stop().catch((error) => this.#world.failed(this, error));
  }

  /** Ends the node in good order. */
  async stop(): Promise<void> {
    const { clock, node } = this.#require();
    this.#running = undefined;
    this.#world.trace('stopped', this.index);
    await node.stop();
    clock.end();
  }

  /** `kill -9`: its connections close. Of the last commits that need not be safe yet, up to `commits` are gone. */
  kill(commits: number): void {
    this.#crash('killed', commits, (network) => network.kill());
  }

  /** The power goes out: peers hear nothing. Of the last commits that need not be safe yet, up to `commits` are gone. */
  cutPower(commits: number): void {
    this.#crash('power-cut', commits, (network) => network.vanish());
  }

  #crash(kind: 'killed' | 'power-cut', commits: number, disconnect: (network: VirtualNetwork) => void): void {
    const { clock, network } = this.#require();
    this.#running = undefined;
    clock.end();
    disconnect(network);
    const lost = this.disk.loseUnsynced(commits);
    this.#world.trace(kind, this.index, -1, lost);
  }
}

/** Also its peer id. */
export function nameOf(index: number): string {
  return `n${index}`;
}
