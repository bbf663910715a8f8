/**
 * The network port in virtual time: connections, requests and gossip over lines that delay, lose and cut.
 *
 * Gossip is gossipsub's in what matters here: a published message goes to every peer, a message passed on goes to
 * the mesh (4 to 12 of the peers, symmetric), nothing goes twice. Its lazy gossip (ids told to those outside of
 * the mesh) is left out, which makes the network a little worse than it is.
 */
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
  type TopicName,
  type Verdict,
} from '../node/ports.ts';
import { Exchange } from './exchange.ts';
import type { Lines, Site } from './lines.ts';
import type { SeededRandom } from './random.ts';
import { Happening, type Scheduler } from './scheduler.ts';

/** TCP, noise and the stream multiplexer: about four round trips until a connection can be used. */
const DIAL_ONE_WAYS = 8;
/** Where nobody answers, dialling takes as long as libp2p waits. */
const DIAL_TIMEOUT_MS = 5_000;
/** A connection on which nothing comes any more is noticed after so long (p2p/liveness: 12 to 17 s). */
const SILENCE_MS = 15_000;
/** As libp2p's host is set up here (p2p/libp2p-host). */
const MAX_CONNECTIONS = 300;
/** Gossipsub's D, Dlo and Dhi as set up here (p2p/gossip-settings). */
const MESH = { wanted: 6, least: 4, most: 12 };
/** Gossipsub remembers what was said for two minutes; here for one to two. */
const SEEN_MS = 60_000;
/** Frame, topic and encryption around a gossip message, about. */
const GOSSIP_OVERHEAD_BYTES = 64;

export interface Traffic {
  sentBytes: number;
  receivedBytes: number;
  sentMessages: number;
  receivedMessages: number;
  /** Gossip received. */
  gossipMessages: number;
  /** Of those, what had been heard before. */
  duplicates: number;
}

/** Is told of what goes over the network, for the trace. */
export interface NetworkObserver {
  gossipArrived?(to: VirtualNetwork, from: VirtualNetwork, topic: TopicName, bytes: number): void;
  /** Once for each peer it is sent to. */
  gossipSent?(from: VirtualNetwork, topic: TopicName, bytes: Uint8Array): void;
  requestArrived?(to: VirtualNetwork, from: VirtualNetwork, protocol: ProtocolName, bytes: number): void;
}

/** What connects the virtual networks: where each peer is to be found. */
export class Hub {
  readonly scheduler: Scheduler;
  readonly lines: Lines;
  readonly networks = new Map<PeerId, VirtualNetwork>();
  observer: NetworkObserver = {};
  /** Messages with a block weigh so many bytes more on the lines: for the short ids of transactions nobody made. */
  blockPaddingBytes = 0;

  constructor(scheduler: Scheduler, lines: Lines) {
    this.scheduler = scheduler;
    this.lines = lines;
  }

  /** Call after a cut: connections it runs through break once both ends notice the silence. */
  breakSilentConnections(): void {
    this.scheduler.after(SILENCE_MS, () => {
      for (const network of this.networks.values()) network.hangUpSilent();
    });
  }

  /** Everybody in the list sees everybody, as mDNS would have it. */
  introduce(networks: Iterable<VirtualNetwork>): void {
    const all = [...networks];
    for (const a of all) {
      for (const b of all) if (a !== b && this.lines.reaches(b.site, a.site)) a.discover(b);
    }
  }
}

/** One end of a connection. */
export interface Link {
  readonly connection: PeerConnection;
  readonly other: VirtualNetwork;
  isOpen: boolean;
  inMesh: boolean;
  /** Requests under way from this end. */
  readonly exchanges: Set<Exchange>;
}

/** A gossip message on its way through the network. */
interface Message {
  readonly topic: TopicName;
  readonly bytes: Uint8Array;
  readonly id: string;
}

export class VirtualNetwork implements Network {
  readonly self: PeerId;
  readonly site: Site;
  readonly hub: Hub;
  readonly traffic: Traffic = {
    sentBytes: 0,
    receivedBytes: 0,
    sentMessages: 0,
    receivedMessages: 0,
    gossipMessages: 0,
    duplicates: 0,
  };
  readonly #random: SeededRandom;
  readonly #links = new Map<PeerId, Link>();
  readonly #handlers = new Map<ProtocolName, { maxRequestBytes: number; handler: RequestHandler }>();
  readonly #validators = new Map<TopicName, (message: Uint8Array, from: PeerId) => Promise<Verdict>>();
  readonly #bannedUntilMs = new Map<PeerId, number>();
  /** Ids of messages heard, of this minute and the one before. */
  #seen = new Set<string>();
  #seenBefore = new Set<string>();
  #seenSinceMs = 0;
  #listeners: NetworkListeners | undefined;
  #dead = false;

  constructor(hub: Hub, name: string, site: Site, random: SeededRandom) {
    this.hub = hub;
    this.self = name as PeerId;
    this.site = site;
    this.#random = random;
  }

  get isListening(): boolean {
    return this.#listeners !== undefined && !this.#dead;
  }

  async start(listeners: NetworkListeners): Promise<void> {
    this.#listeners = listeners;
    this.hub.networks.set(this.self, this);
  }

  async stop(): Promise<void> {
    this.#end('it stopped');
  }

  /** The process died: its peers' connections to it break at once. Nothing that was under way here goes on. */
  kill(): void {
    this.#dead = true;
    this.#end('the connection broke');
  }

  /** The power went out: nobody is told. Peers notice the silence. */
  vanish(): void {
    this.#dead = true;
    this.#listeners = undefined;
    const links = [...this.#links.values()];
    if (this.hub.networks.get(this.self) === this) this.hub.networks.delete(this.self);
    this.hub.scheduler.after(SILENCE_MS, () => {
      for (const link of links) link.other.breakFrom(this, 'silent for too long');
      this.#links.clear();
    });
  }

  #end(reason: string): void {
    for (const id of [...this.#links.keys()]) this.#hangUp(id, reason);
    this.#listeners = undefined;
    if (this.hub.networks.get(this.self) === this) this.hub.networks.delete(this.self);
  }

  addresses(): string[] {
    return [addressOf(this.self)];
  }

  peers(): PeerConnection[] {
    return [...this.#links.values()].map(({ connection }) => connection);
  }

  links(): IterableIterator<Link> {
    return this.#links.values();
  }

  isBanned(peer: PeerId): boolean {
    return (this.#bannedUntilMs.get(peer) ?? 0) > this.hub.scheduler.nowMs;
  }

  discover(other: VirtualNetwork): void {
    this.#listeners?.discovered(other.self, other.addresses());
  }

  async dial(address: string): Promise<PeerId> {
    const { lines } = this.hub;
    const id = address.split('/').at(-1) as PeerId;
    if (id === this.self) throw new OperationError('that is this node itself');
    const seen = this.hub.networks.get(id);
    const reachable =
      seen !== undefined && lines.reaches(this.site, seen.site) && lines.reaches(seen.site, this.site);
    await this.#pass(reachable ? DIAL_ONE_WAYS * lines.latencyMs(this.site, seen.site) : DIAL_TIMEOUT_MS);
    // It may have gone, or come, in the meantime.
    const other = this.hub.networks.get(id);
    if (!reachable || !this.isListening || other?.isListening !== true) {
      throw new OperationError(`nobody answers at ${address}: is it running?`);
    }
    if (this.isBanned(id) || other.isBanned(this.self)) throw new OperationError(`${id} is refused`);
    if (this.#links.get(id)?.other === other) return id;
    if (other.#links.size >= MAX_CONNECTIONS) throw new OperationError(`${id} has no place left`);
    this.#open(other, 'outbound');
    other.#open(this, 'inbound');
    const here = this.#links.get(id);
    const there = other.#links.get(this.self);
    if (here !== undefined && there !== undefined) graft(this, here, other, there);
    this.#listeners?.connected((here as Link).connection);
    // Whoever was told first may have hung up already.
    if (there?.isOpen === true) other.#listeners?.connected(there.connection);
    return id;
  }

  #open(other: VirtualNetwork, direction: PeerConnection['direction']): void {
    // A machine that came back before its peers noticed that it was gone.
    if (this.#links.has(other.self)) this.#close(other.self, 'it connected anew');
    this.#links.set(other.self, {
      connection: {
        id: other.self,
        address: other.addresses()[0] as string,
        direction,
        connectedAt: Math.floor(this.hub.scheduler.nowMs + this.site.clockOffsetMs),
      },
      other,
      isOpen: true,
      inMesh: false,
      exchanges: new Set(),
    });
  }

  async disconnect(peer: PeerId, reason: string): Promise<void> {
    this.#hangUp(peer, reason);
  }

  async ban(peer: PeerId, forMs: number, _cause: BanCause): Promise<void> {
    this.#bannedUntilMs.set(peer, this.hub.scheduler.nowMs + forMs);
    this.#hangUp(peer, 'banned');
  }

  hangUpSilent(): void {
    const { lines } = this.hub;
    for (const { connection, other } of [...this.#links.values()]) {
      if (!lines.reaches(this.site, other.site) || !lines.reaches(other.site, this.site)) {
        this.#hangUp(connection.id, 'silent for too long');
      }
    }
  }

  /** The other end of a connection is gone. */
  breakFrom(other: VirtualNetwork, reason: string): void {
    if (this.#links.get(other.self)?.other === other) this.#close(other.self, reason);
  }

  #hangUp(peer: PeerId, reason: string): void {
    const other = this.#links.get(peer)?.other;
    this.#close(peer, reason);
    other?.breakFrom(this, reason);
  }

  #close(peer: PeerId, reason: string): void {
    const link = this.#links.get(peer);
    if (link === undefined) return;
    this.#links.delete(peer);
    link.isOpen = false;
    for (const exchange of link.exchanges) exchange.fail('disconnected', `${peer}: ${reason}`);
    link.exchanges.clear();
    if (link.inMesh) this.#mendMesh();
    this.#listeners?.disconnected(peer, reason);
  }

  handle(protocol: ProtocolName, maxRequestBytes: number, handler: RequestHandler): void {
    this.#handlers.set(protocol, { maxRequestBytes, handler });
  }

  handlerOf(protocol: ProtocolName): { maxRequestBytes: number; handler: RequestHandler } | undefined {
    return this.#handlers.get(protocol);
  }

  request(
    peer: PeerId,
    protocol: ProtocolName,
    request: Uint8Array,
    limits: RequestLimits,
  ): Promise<Uint8Array[]> {
    const link = this.#links.get(peer);
    if (link === undefined || this.#dead) {
      return Promise.reject(new RequestError('disconnected', `${peer} is not connected`));
    }
    return new Exchange(this, link, protocol, request, limits).answer;
  }

  subscribe(topic: TopicName, validate: (message: Uint8Array, from: PeerId) => Promise<Verdict>): void {
    this.#validators.set(topic, validate);
  }

  async publish(topic: TopicName, bytes: Uint8Array): Promise<void> {
    const message = messageOf(topic, bytes);
    if (!this.#isNew(message.id)) return;
    for (const link of this.#links.values()) this.#send(link, message);
  }

  /** Gives a message to this node itself, as though a peer had sent it. */
  hearOwn(topic: TopicName, bytes: Uint8Array): void {
    this.#validators
      .get(topic)?.(bytes, this.self)
      .catch(() => {
        // As with any message that could not be checked.
      });
  }

  /** Gossips to some peers only, and again if asked to: honest nodes never do. */
  tell(peers: Iterable<PeerId>, topic: TopicName, bytes: Uint8Array): void {
    const message = messageOf(topic, bytes);
    this.#isNew(message.id);
    for (const peer of peers) {
      const link = this.#links.get(peer);
      if (link !== undefined) this.#send(link, message);
    }
  }

  #send(link: Link, message: Message): void {
    const { lines, scheduler } = this.hub;
    this.hub.observer.gossipSent?.(this, message.topic, message.bytes);
    const padding = message.topic === 'block' ? this.hub.blockPaddingBytes : 0;
    const size = message.bytes.length + GOSSIP_OVERHEAD_BYTES + padding;
    this.traffic.sentBytes += size;
    this.traffic.sentMessages++;
    const copies = lines.duplicates() ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const delayMs = lines.send(this.site, link.other.site, size, scheduler.nowMs);
      if (delayMs !== undefined) scheduler.add(delayMs, new GossipArrival(this, link, message));
    }
  }

  /** @returns true if the node looks at it */
  receive(from: VirtualNetwork, message: Message): boolean {
    const { bytes, topic } = message;
    const link = this.#links.get(from.self);
    if (this.#dead || link?.other !== from) return false;
    this.traffic.receivedBytes += bytes.length + GOSSIP_OVERHEAD_BYTES;
    this.traffic.receivedMessages++;
    this.traffic.gossipMessages++;
    const validate = this.#validators.get(topic);
    if (validate === undefined) return false;
    if (!this.#isNew(message.id)) {
      this.traffic.duplicates++;
      return false;
    }
    this.hub.observer.gossipArrived?.(this, from, topic, bytes.length);
    validate(bytes, from.self).then(
      (verdict) => {
        if (verdict === 'accept' && !this.#dead) this.#passOn(message, from);
        if (verdict === 'unread') this.#seen.delete(message.id);
      },
      () => {
        // A check that fails passes nothing on, as with libp2p.
      },
    );
    return true;
  }

  #passOn(message: Message, from: VirtualNetwork): void {
    for (const link of this.#links.values()) {
      if (link.inMesh && link.other !== from) this.#send(link, message);
    }
  }

  get meshSize(): number {
    let size = 0;
    for (const link of this.#links.values()) if (link.inMesh) size++;
    return size;
  }

  /** Too few are left in the mesh: others come in. */
  #mendMesh(): void {
    let size = this.meshSize;
    if (size >= MESH.least) return;
    const outside = [...this.#links.values()].filter(({ inMesh }) => !inMesh);
    for (const link of this.#random.sample(outside, outside.length)) {
      if (size >= MESH.wanted) return;
      const there = link.other.#links.get(this.self);
      if (there === undefined || link.other.meshSize >= MESH.most) continue;
      link.inMesh = true;
      there.inMesh = true;
      size++;
    }
  }

  #isNew(id: string): boolean {
    const now = this.hub.scheduler.nowMs;
    if (now - this.#seenSinceMs >= SEEN_MS) {
      this.#seenBefore = now - this.#seenSinceMs >= 2 * SEEN_MS ? new Set() : this.#seen;
      this.#seen = new Set();
      this.#seenSinceMs = now;
    }
    if (this.#seen.has(id) || this.#seenBefore.has(id)) return false;
    this.#seen.add(id);
    return true;
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => this.hub.scheduler.after(ms, resolve));
  }
}

export function addressOf(peer: PeerId): string {
  return `/memory/${peer}/p2p/${peer}`;
}

function messageOf(topic: TopicName, bytes: Uint8Array): Message {
  const id = createHash('sha256').update(topic).update(bytes).digest('base64');
  return { topic, bytes, id };
}

/** A new connection joins the mesh if one of the two wants more, and both take more. */
function graft(a: VirtualNetwork, here: Link, b: VirtualNetwork, there: Link): void {
  const [ofA, ofB] = [a.meshSize, b.meshSize];
  if (Math.min(ofA, ofB) >= MESH.wanted || Math.max(ofA, ofB) >= MESH.most) return;
  here.inMesh = true;
  there.inMesh = true;
}

class GossipArrival extends Happening {
  readonly #from: VirtualNetwork;
  readonly #link: Link;
  readonly #message: Message;

  constructor(from: VirtualNetwork, link: Link, message: Message) {
    super();
    this.#from = from;
    this.#link = link;
    this.#message = message;
  }

  happen(): boolean {
    return this.#link.isOpen && this.#link.other.receive(this.#from, this.#message);
  }
}
