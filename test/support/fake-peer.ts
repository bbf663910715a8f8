/** A peer made by hand: it serves a chain it was given, and each of its answers can be bent. */

import type { CheckedBlock } from '../../src/chain/records.ts';
import { encodeBlock, encodeTransactions } from '../../src/core/encoding.ts';
import { bytesToHex } from '../../src/core/hex.ts';
import { idToBytes } from '../../src/core/identifiers.ts';
import { workOfBits } from '../../src/core/target.ts';
import { compactBlock, encodeCompactBlock } from '../../src/node/compact-block.ts';
import { type PeerId, type RequestHandler, RequestRefused } from '../../src/node/ports.ts';
import {
  AddressesType,
  BlocksRequestType,
  BlockTransactionsRequestType,
  HeadersRequestType,
  HeadersType,
  MAX_HEADERS,
  PoolIdsType,
  type Status,
  StatusType,
  TransactionsAnswerType,
} from '../../src/node/wire.ts';
import type { VirtualNetwork } from './virtual-network.ts';
import type { VirtualNode, VirtualWorld } from './virtual-node.ts';

export class FakePeer {
  readonly network: VirtualNetwork;
  readonly #world: VirtualWorld;
  /** After the genesis. */
  chain: readonly CheckedBlock[];
  /** Fields of its status that are not what its chain says. */
  status: Partial<Status> = {};
  /** Ids of bodies it was asked for. */
  readonly askedBodies: string[] = [];
  /** Places of transactions it was asked for, request by request. */
  readonly askedTransactions: number[][] = [];
  /** Blocks it gossiped. */
  readonly #told: CheckedBlock[] = [];
  headerRequests = 0;

  private constructor(world: VirtualWorld, name: string, chain: readonly CheckedBlock[]) {
    this.#world = world;
    this.chain = chain;
    this.network = world.hub.join(name);
    this.network.handle('status', 1_000, () => [this.#encodeStatus()]);
    this.network.handle('headers', 10_000, (request) => [this.#headers(request)]);
    this.network.handle('blocks', 10_000, (request) => this.#blocks(request));
    this.network.handle('block-transactions', 100_000, this.answerTransactions);
    this.network.handle('pool', 10, () => [PoolIdsType.serialize([])]);
    this.network.handle('transactions', 100_000, () => [TransactionsAnswerType.serialize([])]);
    this.network.handle('addresses', 0, () => [AddressesType.serialize([])]);
  }

  static async join(
    world: VirtualWorld,
    name: string,
    chain: readonly CheckedBlock[] = [],
  ): Promise<FakePeer> {
    const peer = new FakePeer(world, name, chain);
    await peer.network.start({ connected: () => {}, disconnected: () => {}, discovered: () => {} });
    return peer;
  }

  get id(): PeerId {
    return this.network.self;
  }

  /** How it answers `status` unless bent. */
  readonly answerStatus = (): Uint8Array[] => [this.#encodeStatus()];

  /** How it answers `block-transactions` unless bent: of what it gossiped, or is on. */
  readonly answerTransactions = (request: Uint8Array): Uint8Array[] => {
    const { block, indexes } = BlockTransactionsRequestType.deserialize(request);
    this.askedTransactions.push(indexes);
    const found = [...this.#told, ...this.chain].find(({ id }) => id === bytesToHex(block));
    const transactions = indexes.flatMap((index) => found?.block.transactions[index] ?? []);
    if (transactions.length < indexes.length) throw new RequestRefused('busy', 'it is not here');
    return [encodeTransactions(transactions)];
  };

  /** Answers a protocol in another way. */
  bend(protocol: Parameters<VirtualNetwork['handle']>[0], handler: RequestHandler): void {
    this.network.handle(protocol, 1_000_000, handler);
  }

  /** Dials a node and waits until both know it. */
  async connectTo(node: VirtualNode): Promise<void> {
    await this.#world.wait(this.network.dial(node.network.addresses()[0] as string), 'dialled');
  }

  /** Tells the node what it is on now. */
  async tellStatus(node: VirtualNode): Promise<void> {
    const limits = { deadlineMs: 1_000, maxChunks: 1, maxChunkBytes: 1_000 };
    await this.#world.wait(
      this.network.request(node.network.self, 'status', this.#encodeStatus(), limits),
      'status told',
    );
  }

  /** Gossips a block; resolved once the network is quiet. */
  async gossipBlock(block: CheckedBlock): Promise<void> {
    this.#told.push(block);
    await this.gossip('block', messageOf(block, this.#world.clock.now()));
  }

  /** Gossips a block while the clock is being run by somebody else. */
  async gossipSoon(block: CheckedBlock): Promise<void> {
    this.#told.push(block);
    await this.network.publish('block', messageOf(block, this.#world.clock.now()));
  }

  async gossip(topic: 'block' | 'transactions', message: Uint8Array): Promise<void> {
    await this.network.publish(topic, message);
    await this.#world.clock.advance(200);
  }

  #encodeStatus(): Uint8Array {
    const { definition } = this.#world;
    const tip = this.chain.at(-1);
    return StatusType.serialize({
      networkId: definition.idBytes,
      tip: idToBytes(tip?.id ?? definition.genesisId),
      height: BigInt(this.chain.length),
      work: this.work(),
      clock: BigInt(this.#world.clock.now()),
      ...this.status,
    });
  }

  /** Accumulated work of its chain. */
  work(): bigint {
    const start = workOfBits(this.#world.definition.params.initialBits);
    return this.chain.reduce((sum, { block }) => sum + workOfBits(block.sealed.header.bits), start);
  }

  /** How it answers `blocks` unless bent. */
  readonly answerBlocks = (request: Uint8Array): Iterable<Uint8Array> => this.#blocks(request);

  /** How it answers `headers` unless bent. */
  readonly answerHeaders = (request: Uint8Array): Uint8Array[] => [this.#headers(request)];

  #headers(request: Uint8Array): Uint8Array {
    this.headerRequests++;
    const { locator } = HeadersRequestType.deserialize(request);
    const known = new Set(locator.map(bytesToHex));
    const from = this.chain.findLastIndex(({ id }) => known.has(id)) + 1;
    return HeadersType.serialize(this.chain.slice(from, from + MAX_HEADERS).map(({ block }) => block.sealed));
  }

  *#blocks(request: Uint8Array): Iterable<Uint8Array> {
    for (const id of BlocksRequestType.deserialize(request).ids.map(bytesToHex)) {
      this.askedBodies.push(id);
      const found = this.chain.find((block) => block.id === id);
      if (found === undefined) return;
      yield encodeBlock(found.block);
    }
  }
}

/** A gossip message with a block. @param prefilled which of its transactions are in it in full; none unless given */
export function messageOf(
  block: CheckedBlock,
  publishedAt = 0,
  prefilled: readonly number[] = [],
): Uint8Array {
  const { transactions } = block.block;
  const fresh = new Set(prefilled.flatMap((index) => transactions[index] ?? []));
  return encodeCompactBlock(compactBlock(block, publishedAt, fresh));
}
