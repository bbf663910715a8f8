/** A whole node in memory, on a virtual clock, whose handlers and validators are called directly. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type {
  PeerId,
  ProtocolName,
  RequestHandler,
  RequestLimits,
  TopicName,
  Verdict,
} from '../../../src/node/ports.ts';
import { type VirtualHub, VirtualNetwork } from '../../support/virtual-network.ts';
import { type VirtualNode, VirtualWorld } from '../../support/virtual-node.ts';
import { exampleBlocks, examplePayments, NETWORK } from './examples.ts';

/** Turns of the event loop without virtual time passing: what needs none is done by then. */
const TURNS = 24;
const STEP_MS = 250;
/** Whatever a node waits for ends before. */
const MAX_WAIT_MS = 180_000;

export interface Served {
  readonly name: ProtocolName;
  readonly maxRequestBytes: number;
  readonly handler: RequestHandler;
}

type Validate = (message: Uint8Array, from: PeerId) => Promise<Verdict>;
type Answer = (protocol: ProtocolName, peer: PeerId, limits: RequestLimits) => Promise<Uint8Array[]>;

class TappedNetwork extends VirtualNetwork {
  readonly served = new Map<ProtocolName, Served>();
  readonly validators = new Map<TopicName, Validate>();
  /** Instead of what a peer would say. */
  answerWith: Answer | undefined;

  override handle(name: ProtocolName, maxRequestBytes: number, handler: RequestHandler): void {
    this.served.set(name, { name, maxRequestBytes, handler });
    super.handle(name, maxRequestBytes, handler);
  }

  override subscribe(topic: TopicName, validate: Validate): void {
    this.validators.set(topic, validate);
    super.subscribe(topic, validate);
  }

  override request(
    peer: PeerId,
    protocol: ProtocolName,
    request: Uint8Array,
    limits: RequestLimits,
  ): Promise<Uint8Array[]> {
    return this.answerWith?.(protocol, peer, limits) ?? super.request(peer, protocol, request, limits);
  }
}

export class NodeSession {
  readonly world: VirtualWorld;
  readonly virtual: VirtualNode;
  readonly network: TappedNetwork;
  #peers = 0;

  private constructor(world: VirtualWorld, virtual: VirtualNode, network: TappedNetwork) {
    this.world = world;
    this.virtual = virtual;
    this.network = network;
  }

  /** @param blocks of the example chain that it has */
  static async open(blocks = exampleBlocks()): Promise<NodeSession> {
    const world = new VirtualWorld(NETWORK);
    let network: TappedNetwork | undefined;
    world.hub.join = (name: string): VirtualNetwork => {
      network = new TappedNetwork(world.hub as VirtualHub, name as PeerId);
      world.hub.networks.set(network.self, network);
      return network;
    };
    const virtual = await world.start('node');
    if (network === undefined) throw new Error('it joined no network');
    for (const block of blocks) virtual.node.chain.addBlock(block, world.clock.now());
    const session = new NodeSession(world, virtual, network);
    if (blocks.length > 0) {
      const waiting = examplePayments(6).slice(3);
      await session.settled(virtual.node.submit(waiting.map(({ signed }) => signed)));
    }
    return session;
  }

  /** Connects a peer that was never here. */
  newPeer(): PeerId {
    const peer = `peer-${this.#peers++}` as PeerId;
    this.network.accept(peer, `/memory/${peer}`, 'inbound');
    return peer;
  }

  /** Lets the node work until it waits for time to pass. */
  async work(turns = TURNS): Promise<void> {
    for (let turn = 0; turn < turns; turn++) await nextTurn();
  }

  /** Lets as much time pass as the promise needs. @throws what it throws; Error if it is never settled */
  async settled<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const note = (): void => {
      isSettled = true;
    };
    promise.then(note, note);
    for (let turn = 0; turn < TURNS && !isSettled; turn++) await nextTurn();
    for (let waitedMs = 0; !isSettled; waitedMs += STEP_MS) {
      if (waitedMs > MAX_WAIT_MS)
        throw new Error(`the node did not come to an end within ${MAX_WAIT_MS} virtual ms`);
      await this.world.clock.advance(STEP_MS);
    }
    return promise;
  }

  /** @throws what stopped the node */
  requireAlive(): void {
    const [failure] = this.virtual.failures;
    if (failure !== undefined) throw failure;
  }

  async close(): Promise<void> {
    await this.settled(this.virtual.node.stop());
  }
}
