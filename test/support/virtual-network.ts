/** A network in memory behind the `Network` port, on a virtual clock: connections, requests and flooding gossip. */
import { createHash } from 'node:crypto';
import {
  type BanCause,
  type Network,
  type NetworkListeners,
  OperationError,
  type PeerConnection,
  type PeerId,
  type ProtocolName,
  RequestError,
  type RequestHandler,
  type RequestLimits,
  RequestRefused,
  type TopicName,
  type Verdict,
} from '../../src/node/ports.ts';
import type { VirtualClock } from './virtual-clock.ts';

const LATENCY_MS = 5;
/** As long as gossipsub remembers what was said. */
const SEEN_MS = 120_000;

/** What connects the nodes. */
export class VirtualHub {
  readonly clock: VirtualClock;
  readonly networks = new Map<PeerId, VirtualNetwork>();
  #groups: ReadonlySet<PeerId>[] | undefined;

  constructor(clock: VirtualClock) {
    this.clock = clock;
  }

  join(name: string): VirtualNetwork {
    const network = new VirtualNetwork(this, name as PeerId);
    this.networks.set(network.self, network);
    return network;
  }

  /** Only peers of the same group reach each other; connections across fall silent and break. */
  cut(...groups: VirtualNetwork[][]): void {
    this.#groups = groups.map((group) => new Set(group.map(({ self }) => self)));
    for (const a of this.networks.values()) {
      for (const { id } of a.peers()) {
        if (!this.reaches(a.self, id)) a.hangUp(id, 'silent for too long');
      }
    }
  }

  heal(): void {
    this.#groups = undefined;
  }

  reaches(a: PeerId, b: PeerId): boolean {
    return this.#groups === undefined || this.#groups.some((group) => group.has(a) && group.has(b));
  }

  /** Everybody sees everybody, as mDNS would have it. */
  introduceAll(): void {
    for (const a of this.networks.values()) {
      for (const b of this.networks.values()) if (a !== b) a.listeners?.discovered(b.self, b.addresses());
    }
  }
}

export class VirtualNetwork implements Network {
  readonly self: PeerId;
  listeners: NetworkListeners | undefined;
  readonly #hub: VirtualHub;
  readonly #connections = new Map<PeerId, PeerConnection>();
  readonly #handlers = new Map<ProtocolName, { maxRequestBytes: number; handler: RequestHandler }>();
  readonly #validators = new Map<TopicName, (message: Uint8Array, from: PeerId) => Promise<Verdict>>();
  /** When each message was first said, by its id. */
  readonly #seenAtMs = new Map<string, number>();
  readonly #bannedUntilMs = new Map<PeerId, number>();
  /** What those that were banned were banned for. */
  readonly banCauses = new Map<PeerId, BanCause>();
  /** Messages of each topic this node passed on or published. */
  readonly sent: { topic: TopicName; message: Uint8Array }[] = [];
  readonly verdicts: { topic: TopicName; from: PeerId; verdict: Verdict }[] = [];
  requests = 0;
  /** What this node asked, of whom. */
  readonly asked: { protocol: ProtocolName; peer: PeerId }[] = [];
  /** How long stopping takes. */
  stopMs = 0;

  constructor(hub: VirtualHub, self: PeerId) {
    this.#hub = hub;
    this.self = self;
  }

  async start(listeners: NetworkListeners): Promise<void> {
    this.listeners = listeners;
  }

  async stop(): Promise<void> {
    if (this.stopMs > 0) await new Promise<void>((resolve) => this.#hub.clock.after(this.stopMs, resolve));
    for (const id of [...this.#connections.keys()]) this.hangUp(id, 'it stopped');
    this.listeners = undefined;
    this.#hub.networks.delete(this.self);
  }

  addresses(): string[] {
    return [`/memory/${this.self}/p2p/${this.self}`];
  }

  peers(): PeerConnection[] {
    return [...this.#connections.values()];
  }

  isBanned(peer: PeerId): boolean {
    return (this.#bannedUntilMs.get(peer) ?? 0) > this.#hub.clock.elapsed();
  }

  async dial(address: string): Promise<PeerId> {
    const id = address.split('/').at(-1) as PeerId;
    if (id === this.self) throw new OperationError('that is this node itself');
    await this.#latency();
    const other = this.#hub.networks.get(id);
    if (other?.listeners === undefined || this.listeners === undefined || !this.#hub.reaches(this.self, id)) {
      throw new OperationError(`nobody answers at ${address}`);
    }
    if (this.isBanned(id) || other.isBanned(this.self)) throw new OperationError(`${id} is refused`);
    if (!this.#connections.has(id)) {
      this.accept(id, other.addresses()[0] as string, 'outbound');
      other.accept(this.self, this.addresses()[0] as string, 'inbound');
    }
    return id;
  }

  accept(id: PeerId, address: string, direction: PeerConnection['direction']): void {
    const connection: PeerConnection = { id, address, direction, connectedAt: this.#hub.clock.now() };
    this.#connections.set(id, connection);
    this.listeners?.connected(connection);
  }

  async disconnect(peer: PeerId, reason: string): Promise<void> {
    this.hangUp(peer, reason);
  }

  hangUp(peer: PeerId, reason: string): void {
    if (!this.#connections.delete(peer)) return;
    this.listeners?.disconnected(peer, reason);
    this.#hub.networks.get(peer)?.hangUp(this.self, reason);
  }

  async ban(peer: PeerId, forMs: number, cause: BanCause): Promise<void> {
    this.banCauses.set(peer, cause);
    this.#bannedUntilMs.set(peer, this.#hub.clock.elapsed() + forMs);
    this.hangUp(peer, 'banned');
  }

  handle(protocol: ProtocolName, maxRequestBytes: number, handler: RequestHandler): void {
    this.#handlers.set(protocol, { maxRequestBytes, handler });
  }

  async request(
    peer: PeerId,
    protocol: ProtocolName,
    request: Uint8Array,
    limits: RequestLimits,
  ): Promise<Uint8Array[]> {
    this.requests++;
    this.asked.push({ protocol, peer });
    let cancel = (): void => {};
    const deadline = new Promise<never>((_, reject) => {
      cancel = this.#hub.clock.after(limits.deadlineMs, () =>
        reject(new RequestError('timeout', `no answer within ${limits.deadlineMs} ms`)),
      );
    });
    try {
      return await Promise.race([this.#exchange(peer, protocol, request, limits), deadline]);
    } finally {
      cancel();
    }
  }

  async #exchange(
    peer: PeerId,
    protocol: ProtocolName,
    request: Uint8Array,
    limits: RequestLimits,
  ): Promise<Uint8Array[]> {
    await this.#latency();
    if (!this.#connections.has(peer)) throw new RequestError('disconnected', `${peer} is not connected`);
    const chunks = (await this.#hub.networks.get(peer)?.answer(this.self, protocol, request)) ?? [];
    await this.#latency();
    if (!this.#connections.has(peer)) throw new RequestError('disconnected', `${peer} hung up`);
    if (chunks.length > limits.maxChunks || chunks.some((chunk) => chunk.length > limits.maxChunkBytes)) {
      throw new RequestError('malformed', 'the answer is over the limits');
    }
    return chunks;
  }

  async answer(from: PeerId, protocol: ProtocolName, request: Uint8Array): Promise<Uint8Array[]> {
    const entry = this.#handlers.get(protocol);
    if (entry === undefined) throw new RequestError('unsupported', `${this.self} does not speak ${protocol}`);
    if (request.length > entry.maxRequestBytes) throw new RequestError('refused', 'the request is too long');
    try {
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry.handler(request.slice(), from)) chunks.push(chunk.slice());
      return chunks;
    } catch (cause) {
      if (cause instanceof RequestRefused) throw new RequestError('refused', cause.message, { cause });
      throw new RequestError('refused', `it failed: ${cause}`, { cause });
    }
  }

  subscribe(topic: TopicName, validate: (message: Uint8Array, from: PeerId) => Promise<Verdict>): void {
    this.#validators.set(topic, validate);
  }

  async publish(topic: TopicName, message: Uint8Array): Promise<void> {
    const id = idOf(topic, message);
    if (!this.#isNew(id)) return; // gossipsub says nothing twice, whoever said it first
    await this.#flood(topic, message, undefined);
  }

  async #flood(topic: TopicName, message: Uint8Array, except: PeerId | undefined): Promise<void> {
    this.sent.push({ topic, message });
    for (const id of this.#connections.keys()) {
      if (id !== except) void this.#deliver(id, topic, message);
    }
  }

  async #deliver(to: PeerId, topic: TopicName, message: Uint8Array): Promise<void> {
    await this.#latency();
    if (this.#connections.has(to))
      await this.#hub.networks.get(to)?.receive(this.self, topic, message.slice());
  }

  async receive(from: PeerId, topic: TopicName, message: Uint8Array): Promise<void> {
    const id = idOf(topic, message);
    const validate = this.#validators.get(topic);
    if (validate === undefined || !this.#isNew(id)) return;
    // A check that fails passes nothing on, as with libp2p.
    const verdict = await validate(message, from).catch((): Verdict => 'ignore');
    this.verdicts.push({ topic, from, verdict });
    if (verdict === 'accept') await this.#flood(topic, message, from);
    if (verdict === 'unread') this.#seenAtMs.delete(id);
  }

  #isNew(id: string): boolean {
    const now = this.#hub.clock.now();
    if (now - (this.#seenAtMs.get(id) ?? Number.NEGATIVE_INFINITY) < SEEN_MS) return false;
    this.#seenAtMs.set(id, now);
    return true;
  }

  #latency(): Promise<void> {
    return new Promise((resolve) => this.#hub.clock.after(LATENCY_MS, resolve));
  }
}

function idOf(topic: TopicName, message: Uint8Array): string {
  return createHash('sha256').update(topic).update(message).digest('hex');
}
