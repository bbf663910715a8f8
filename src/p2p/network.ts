/**
 * The `Network` port over libp2p: TCP, noise, yamux; mDNS to find peers, gossipsub to tell everybody,
 * a stream a request to ask one.
 *
 * A connection takes these steps: the gatekeeper lets it in, `identify` tells its protocols, admission makes a
 * peer of it; then gossip and requests flow and pings watch over it, until it is hung up or falls silent.
 */
import { generateKeyPair } from '@libp2p/crypto/keys';
import type { Connection, PeerId as Libp2pPeerId, StreamMuxer } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { invariant } from '../core/errors.ts';
import type { NetworkId } from '../core/identifiers.ts';
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
import { Admission } from './admission.ts';
import { AddressDebts } from './connections/address-debts.ts';
import { Farewells } from './connections/farewells.ts';
import { Handshakes } from './connections/handshakes.ts';
import { InboundPlaces } from './connections/inbound-places.ts';
import { internalsOf } from './connections/internals.ts';
import { UnsentBytes } from './connections/unsent-bytes.ts';
import { connect } from './dial.ts';
import { describeError, listenError } from './errors.ts';
import { Gatekeeper, MAX_CONNECTIONS_PER_PEER } from './gatekeeper.ts';
import { Gossip } from './gossip.ts';
import { gossipSettings } from './gossip-settings.ts';
import { createHost, type Host } from './libp2p-host.ts';
import { Liveness, ping } from './liveness.ts';
import type { Log } from './log.ts';
import { Discovery } from './mdns/discovery.ts';
import { multicastRouteProblem } from './multicast-route.ts';
import { peerIdOf, readPeerKey } from './peer-key.ts';
import { nameOfAgent } from './peer-name.ts';
import { protocolId, serviceTag, topicId } from './protocols.ts';
import { ask } from './request-client.ts';
import { MAX_INBOUND_STREAMS } from './request-limits.ts';
import { RequestServer, type ServedProtocol } from './request-server.ts';
import type { SharedKey } from './shared-key.ts';
import { stopHost } from './shutdown.ts';
import { VALIDATION_BOUNDS } from './validation-queue.ts';

export interface Libp2pNetworkOptions {
  readonly networkId: NetworkId;
  /** What this daemon calls itself, for people (`isPeerName`); without, it says nothing. */
  readonly name?: string;
  /** An IP address of this machine, or `0.0.0.0` for all; port 0: any free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** From `createPeerKey`; without, the peer id is a new one every time. */
  readonly key?: Uint8Array;
  /** Whether to find peers on the LAN, and be found. */
  readonly mdns: boolean;
  /** Between two questions on the LAN. Default: 10,000. */
  readonly mdnsIntervalMs?: number;
  /** Multiaddrs to tell others beside those found out: behind a NAT, or by name. */
  readonly announce?: readonly string[];
  /** Connections that others may open at once. Default: 256. */
  readonly maxInbound?: number;
  /** Of a private network; without, anybody may connect. */
  readonly sharedKey?: SharedKey;
  readonly log?: Log;
}

/** The port, and a way to cut it apart within one process. */
export interface Libp2pNetwork extends Network {
  /** Drops the connections with exactly these peers and takes no new ones, as a partition would. */
  block(peers: readonly PeerId[]): void;
  /** Heals what `block` cut; whoever wants a connection again dials. */
  unblock(): void;
}

/**
 * A network that does not listen yet.
 *
 * @throws OperationError if the key is damaged
 */
export async function createLibp2pNetwork(options: Libp2pNetworkOptions): Promise<Libp2pNetwork> {
  const { networkId } = options;
  const gatekeeper = new Gatekeeper(() => performance.now());
  const debts = new AddressDebts(() => performance.now());
  const host: Host = await createHost({
    name: options.name,
    key: options.key === undefined ? await generateKeyPair('Ed25519') : readPeerKey(options.key),
    listen: options.listen,
    announce: options.announce ?? [],
    sharedKey: options.sharedKey,
    gater: gatekeeper.gater(
      (peer) => host.getConnections(peer).length,
      () => network.makeRoom(),
    ),
    handshakes: new Handshakes(() => performance.now(), debts),
    onOffence: (muxer, reason) => network.offended(muxer, reason),
    gossip: gossipSettings([topicId(networkId, 'transactions'), topicId(networkId, 'block')]),
  });
  const log = options.log ?? (() => undefined);
  const discovery = options.mdns
    ? new Discovery({
        serviceTag: serviceTag(networkId),
        intervalMs: options.mdnsIntervalMs,
        addresses: () => host.getMultiaddrs(),
        discovered: (peer, addresses) => network.found(peer, addresses),
        failed: ({ message }) => log('warn', `peers on the LAN cannot be found: ${message}`, {}),
      })
    : undefined;
  const { maxInbound } = options;
  const network = new HostedNetwork({ networkId, host, gatekeeper, debts, maxInbound, discovery, log });
  return network;
}

const WATCH_INTERVAL_MS = 1_000;
/**
 * libp2p keeps what it knows of everybody it ever met, 80 kB if they say much of themselves; the node has an address book of
 * its own. Not at once, for libp2p looks there for whom to tell of a farewell.
 */
const FORGET_INTERVAL_MS = 10_000;

interface Parts {
  readonly networkId: NetworkId;
  readonly host: Host;
  readonly gatekeeper: Gatekeeper;
  readonly debts: AddressDebts;
  readonly maxInbound: number | undefined;
  readonly discovery: Discovery | undefined;
  readonly log: Log;
}

class HostedNetwork implements Libp2pNetwork {
  readonly self: PeerId;
  readonly #network: NetworkId;
  readonly #host: Host;
  readonly #gatekeeper: Gatekeeper;
  readonly #farewells: Farewells;
  readonly #inbound: InboundPlaces;
  readonly #unsent: UnsentBytes;
  readonly #discovery: Discovery | undefined;
  readonly #log: Log;
  readonly #admission: Admission;
  readonly #liveness: Liveness;
  readonly #gossip: Gossip;
  readonly #server: RequestServer;
  readonly #served: ServedProtocol[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  #listeners: NetworkListeners | undefined;
  #started = false;
  #stopped: Promise<void> | undefined;

  constructor({ networkId, host, gatekeeper, debts, maxInbound, discovery, log }: Parts) {
    this.#discovery = discovery;
    this.self = peerIdOf(host.peerId);
    this.#network = networkId;
    this.#host = host;
    this.#gatekeeper = gatekeeper;
    this.#log = log;
    const leaving = (peer: Libp2pPeerId, reason: string) => this.#admission.leaving(peer, reason);
    this.#farewells = new Farewells({ host, gatekeeper, debts, log, leaving });
    const dismiss = (connection: Connection, reason: string) =>
      this.#farewells.dismiss(peerIdOf(connection.remotePeer), reason);
    this.#gossip = new Gossip(host.services.gossip, log, dismiss);
    this.#server = new RequestServer(log, (peer) =>
      this.#farewells.dismiss(peer, 'it asks and does not read'),
    );
    this.#inbound = new InboundPlaces(
      {
        now: () => performance.now(),
        connections: () => host.getConnections().filter(({ status }) => status === 'open'),
        meritsOf: (peer) => this.#admission.meritsOf(peer),
        pingOf: (connection) => this.#liveness.roundTripOf(connection),
        debtOf: (address) => debts.of(address),
        evict: (peer) => this.#farewells.cutAll(peer, 'its place was needed'),
      },
      maxInbound,
    );
    this.#unsent = new UnsentBytes({
      now: () => performance.now(),
      connections: () => host.getConnections(),
      cut: dismiss,
    });
    this.#liveness = new Liveness({
      connections: () => host.getConnections(),
      ping,
      silent: (connection) => this.#farewells.cut(connection, 'it fell silent'),
    });
    this.#admission = new Admission({
      network: networkId,
      log,
      connections: (peer) => this.#open(peer),
      hangUp: (peer, reason) => void this.#farewells.hangUp(peer, reason),
      connected: (peer) => this.#listeners?.connected(peer),
      named: (peer, name) => this.#listeners?.named?.(peer, name),
      disconnected: (peer, reason) => this.#listeners?.disconnected(peer, reason),
    });
  }

  async start(listeners: NetworkListeners): Promise<void> {
    invariant(!this.#started && this.#stopped === undefined, 'a network is started once');
    this.#started = true;
    this.#listeners = listeners;
    this.#host.addEventListener('peer:connect', ({ detail }) => this.#admission.opened(detail));
    this.#host.addEventListener('peer:disconnect', ({ detail }) => this.#admission.closed(detail));
    this.#host.addEventListener('connection:open', ({ detail }) => this.#opened(detail));
    this.#host.addEventListener('peer:identify', ({ detail }) => {
      const { agentVersion, connection, protocols } = detail;
      this.#admission.introduced(connection, protocols, nameOfAgent(agentVersion));
    });
    for (const protocol of this.#served) await this.#serve(protocol);
    try {
      await this.#host.start();
    } catch (cause) {
      throw listenError(cause);
    }
    const problem = this.#discovery === undefined ? undefined : await multicastRouteProblem();
    if (this.#stopped !== undefined) return;
    if (problem !== undefined) this.#log('warn', problem, {});
    this.#gossip.start();
    this.#discovery?.start();
    this.#liveness.start();
    this.#timers.push(
      setInterval(() => this.#watch(), WATCH_INTERVAL_MS),
      setInterval(() => void this.#forgetStrangers(), FORGET_INTERVAL_MS),
    );
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#listeners = undefined;
    this.#gatekeeper.close();
    this.#liveness.stop();
    for (const timer of this.#timers) clearInterval(timer);
    this.#admission.clear();
    await this.#discovery?.stop();
    await stopHost(this.#host, this.#gossip);
  }

  addresses(): string[] {
    return this.#host.getMultiaddrs().map(String);
  }

  peers(): PeerConnection[] {
    return this.#admission.peers();
  }

  async dial(address: string): Promise<PeerId> {
    const peer = await connect(this.#host, address);
    try {
      await this.#admission.admitted(peer);
    } catch (cause) {
      throw new OperationError(`no peer at ${address}: ${describeError(cause)}`, { cause });
    }
    return peerIdOf(peer);
  }

  async disconnect(peer: PeerId, reason: string): Promise<void> {
    await this.#farewells.hangUp(peerIdFromString(peer), reason);
  }

  async ban(peer: PeerId, forMs: number, cause: BanCause): Promise<void> {
    await this.#farewells.ban(peer, forMs, cause);
  }

  handle(name: ProtocolName, maxRequestBytes: number, handler: RequestHandler): void {
    invariant(!this.#started, 'handlers are registered before the start, for peers learn of them once');
    this.#served.push({ name, maxRequestBytes, handler });
  }

  async request(
    peer: PeerId,
    protocol: ProtocolName,
    request: Uint8Array,
    limits: RequestLimits,
  ): Promise<Uint8Array[]> {
    const connection = this.#open(peerIdFromString(peer))[0];
    if (connection === undefined)
      throw new RequestError('disconnected', 'there is no connection to this peer');
    const answer = await ask(connection, protocolId(this.#network, protocol), request, {
      ...limits,
      isSilent: () => this.#liveness.isSilent(connection),
    });
    if (answer.length > 0 && (protocol === 'blocks' || protocol === 'block-transactions'))
      this.#admission.brought(peer, 'block');
    return answer;
  }

  subscribe(topic: TopicName, validate: (message: Uint8Array, from: PeerId) => Promise<Verdict>): void {
    invariant(!this.#started, 'topics are subscribed to before the start');
    const admitAndValidate = async (message: Uint8Array, from: PeerId): Promise<Verdict> => {
      // Its connection takes a moment to end.
      if (this.#gatekeeper.isDenied(from)) return 'unread';
      // Whoever gossips here speaks for this network, even if its introduction is still under way.
      if (!this.#admission.isPeer(from)) {
        const connection = this.#open(peerIdFromString(from))[0];
        if (connection !== undefined) this.#admission.admit(connection);
      }
      const verdict = await validate(message, from);
      if (verdict === 'accept') this.#admission.brought(from, topic);
      return verdict;
    };
    this.#gossip.subscribe(topicId(this.#network, topic), admitAndValidate, VALIDATION_BOUNDS[topic]);
  }

  async publish(topic: TopicName, message: Uint8Array): Promise<void> {
    if (this.#started && this.#stopped === undefined) {
      await this.#gossip.publish(topicId(this.#network, topic), message);
    }
  }

  block(peers: readonly PeerId[]): void {
    this.#gatekeeper.block(peers);
    for (const peer of peers) this.#farewells.cutAll(peer, 'it was cut off');
  }

  unblock(): void {
    this.#gatekeeper.block([]);
  }

  /** Somebody of this network was seen. */
  found(peer: PeerId, addresses: readonly string[]): void {
    if (peer === this.self || this.#admission.isPeer(peer) || this.#gatekeeper.isDenied(peer)) return;
    this.#listeners?.discovered(peer, addresses);
  }

  /** @returns whether there is a place for one more that comes to us */
  makeRoom(): boolean {
    return this.#inbound.makeRoom();
  }

  /** A peer does what no implementation would. */
  offended(muxer: StreamMuxer, reason: string): void {
    const offender = this.#host.getConnections().find((open) => internalsOf(open).muxer === muxer);
    if (offender !== undefined) this.#farewells.expel(peerIdOf(offender.remotePeer), reason);
  }

  async #serve(protocol: ServedProtocol): Promise<void> {
    await this.#host.handle(
      protocolId(this.#network, protocol.name),
      (stream, connection) => {
        this.#admission.admit(connection);
        this.#admission.asked(peerIdOf(connection.remotePeer));
        void this.#server.serve(protocol, stream, connection);
      },
      { maxInboundStreams: MAX_INBOUND_STREAMS },
    );
  }

  #opened(connection: Connection): void {
    const others = this.#open(connection.remotePeer).filter((other) => other !== connection);
    // The gatekeeper counts them too, but of several at once it sees none.
    if (connection.direction === 'inbound' && others.length >= MAX_CONNECTIONS_PER_PEER)
      connection.abort(new Error('a peer needs no more connections'));
    else this.#inbound.opened(connection);
  }

  /** Newest first: an older one may have fallen silent. */
  #open(peer: Libp2pPeerId): Connection[] {
    return this.#host
      .getConnections(peer)
      .filter(({ status }) => status === 'open')
      .sort((a, b) => b.timeline.open - a.timeline.open);
  }

  #watch(): void {
    this.#admission.sweep();
    this.#server.watch();
    this.#unsent.watch();
    this.#gossip.watch();
    const peers = this.#admission.peers().map(({ id }) => id);
    for (const peer of this.#gossip.silentPeers(peers, performance.now())) {
      void this.#farewells.hangUp(peerIdFromString(peer), 'gossip with it had broken off');
    }
  }

  async #forgetStrangers(): Promise<void> {
    try {
      for (const { id } of await this.#host.peerStore.all()) {
        if (!id.equals(this.#host.peerId) && this.#host.getConnections(id).length === 0) {
          await this.#host.peerStore.delete(id);
        }
      }
    } catch (thrown) {
      this.#log('debug', 'could not forget strangers', { reason: describeError(thrown) });
    }
  }
}
