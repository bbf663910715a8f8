/**
 * Who counts as a peer. A connection alone says nothing: libp2p connects to anything that speaks libp2p. A
 * peer is who says, by `identify` or by speaking it, that it speaks the protocols of this network; whoever
 * does not is sent away, with a log line that says why.
 */
import type { Connection, PeerId as Libp2pPeerId } from '@libp2p/interface';
import type { NetworkId } from '../core/identifiers.ts';
import { OperationError, type PeerConnection, type PeerId, type TopicName } from '../node/ports.ts';
import type { Merits } from './connections/inbound-places.ts';
import type { Log } from './log.ts';
import { peerIdOf } from './peer-key.ts';
import { networkHint, networksSpoken } from './protocols.ts';

/**
 * To ask something, once admitted. Every node asks for our status at once; a peer that asks nothing came for the place only, or
 * is broken, and gives it back.
 */
const FIRST_QUESTION_DEADLINE_MS = 20_000;
/** To say which protocols it speaks. `identify` takes one round trip; a lost packet or two may be repeated. */
const INTRODUCTION_DEADLINE_MS = 5_000;

/** In words about a stranger: it may claim to speak for thousands. */
const MAX_NETWORKS_NAMED = 3;

export interface AdmissionEnvironment {
  readonly network: NetworkId;
  readonly log: Log;
  /** The peer's connections that are open. */
  connections(peer: Libp2pPeerId): readonly Connection[];
  hangUp(peer: Libp2pPeerId, reason: string): void;
  connected(peer: PeerConnection): void;
  /** A peer has said what it calls itself. */
  named(peer: PeerId, name: string): void;
  disconnected(peer: PeerId, reason: string): void;
}

interface Visitor {
  readonly id: Libp2pPeerId;
  /** First for its introduction, then for its first question. */
  timer: NodeJS.Timeout;
  readonly admission: PromiseWithResolvers<void>;
  /** Once admitted. */
  peer: PeerConnection | undefined;
  hasAsked: boolean;
  /** On the monotonic clock. */
  lastBlockAtMs: number | undefined;
  lastTransactionsAtMs: number | undefined;
  /** Why it leaves, once this node has sent it away. */
  farewell: string | undefined;
}

export class Admission {
  readonly #environment: AdmissionEnvironment;
  /** Everybody connected; as many as there may be connections. */
  readonly #visitors = new Map<PeerId, Visitor>();

  constructor(environment: AdmissionEnvironment) {
    this.#environment = environment;
  }

  /** One entry a peer, however many connections there are to it. */
  peers(): PeerConnection[] {
    return [...this.#visitors.values()].flatMap(({ peer }) => (peer === undefined ? [] : [peer]));
  }

  isPeer(id: PeerId): boolean {
    return this.#visitors.get(id)?.peer !== undefined;
  }

  /** The first connection to somebody was opened. */
  opened(id: Libp2pPeerId): void {
    this.#visitor(id);
  }

  /** A visitor said which protocols it speaks, and perhaps what it calls itself. */
  introduced(connection: Connection, protocols: readonly string[], name: string | undefined): void {
    const { network } = this.#environment;
    const spoken = networksSpoken(protocols);
    if (spoken.includes(networkHint(network))) {
      this.admit(connection);
      if (name !== undefined) this.#environment.named(peerIdOf(connection.remotePeer), name);
    } else if (spoken.length > 0) {
      this.#refuse(
        connection.remotePeer,
        `it is on another network (${spoken.slice(0, MAX_NETWORKS_NAMED).join(', ')}), not on ${networkHint(network)}`,
      );
    } else this.#refuse(connection.remotePeer, 'it does not speak Tallystick');
  }

  /** Somebody speaks the protocols of this network, so it is a peer, if it was not one before. */
  admit(connection: Connection): void {
    const visitor = this.#visitor(connection.remotePeer);
    if (visitor === undefined || visitor.peer !== undefined) return;
    clearTimeout(visitor.timer);
    visitor.peer = {
      id: peerIdOf(connection.remotePeer),
      address: connection.remoteAddr.toString(),
      direction: connection.direction,
      connectedAt: Date.now(),
    };
    if (connection.direction === 'inbound' && !visitor.hasAsked) {
      visitor.timer = setTimeout(() => this.#dismissSilent(visitor), FIRST_QUESTION_DEADLINE_MS);
    }
    visitor.admission.resolve();
    this.#environment.connected(visitor.peer);
  }

  /** A peer asked us something: it is a node. */
  asked(id: PeerId): void {
    const visitor = this.#visitors.get(id);
    if (visitor === undefined || visitor.hasAsked) return;
    visitor.hasAsked = true;
    if (visitor.peer !== undefined) clearTimeout(visitor.timer);
  }

  /** A peer brought something of use, on this topic. */
  brought(id: PeerId, topic: TopicName): void {
    const visitor = this.#visitors.get(id);
    if (visitor === undefined) return;
    if (topic === 'block') visitor.lastBlockAtMs = performance.now();
    else visitor.lastTransactionsAtMs = performance.now();
  }

  /** @returns undefined for a peer that is not connected */
  meritsOf(id: PeerId): Merits | undefined {
    return this.#visitors.get(id);
  }

  /** @throws OperationError if the visitor is not admitted, or leaves before */
  async admitted(id: Libp2pPeerId): Promise<void> {
    const visitor = this.#visitor(id);
    if (visitor === undefined)
      throw new OperationError('it closed the connection at once: it may refuse this node');
    await visitor.admission.promise;
  }

  /** This node is about to close the connections to a peer. */
  leaving(id: Libp2pPeerId, reason: string): void {
    const visitor = this.#visitors.get(peerIdOf(id));
    if (visitor !== undefined) visitor.farewell ??= reason;
  }

  /** The last connection to somebody was closed. */
  closed(id: Libp2pPeerId): void {
    const name = peerIdOf(id);
    const visitor = this.#visitors.get(name);
    if (visitor === undefined) return;
    this.#visitors.delete(name);
    clearTimeout(visitor.timer);
    visitor.admission.reject(new OperationError('it closed the connection: it may refuse this node'));
    if (visitor.peer === undefined) return;
    this.#environment.disconnected(name, visitor.farewell ?? 'the peer closed the connection, or it broke');
  }

  /** libp2p may forget to tell that a connection was closed: whoever has none left is gone. */
  sweep(): void {
    for (const { id } of [...this.#visitors.values()]) {
      if (this.#environment.connections(id).length === 0) this.closed(id);
    }
  }

  /** Forgets everybody, silently. */
  clear(): void {
    for (const { timer, admission } of this.#visitors.values()) {
      clearTimeout(timer);
      admission.reject(new OperationError('this node stops'));
    }
    this.#visitors.clear();
  }

  /** @returns undefined if no connection is open any more */
  #visitor(id: Libp2pPeerId): Visitor | undefined {
    const name = peerIdOf(id);
    const known = this.#visitors.get(name);
    if (known !== undefined || this.#environment.connections(id).length === 0) return known;
    const admission = Promise.withResolvers<void>();
    // Nobody may be waiting for it.
    admission.promise.catch(() => undefined);
    const timer = setTimeout(
      () => this.#refuse(id, 'it did not say which protocols it speaks'),
      INTRODUCTION_DEADLINE_MS,
    );
    const visitor: Visitor = {
      ...{ id, timer, admission, peer: undefined, farewell: undefined },
      ...{ hasAsked: false, lastBlockAtMs: undefined, lastTransactionsAtMs: undefined },
    };
    this.#visitors.set(name, visitor);
    return visitor;
  }

  #dismissSilent({ id }: Visitor): void {
    const reason = 'it came and asked nothing';
    this.leaving(id, reason);
    this.#environment.hangUp(id, reason);
  }

  #refuse(id: Libp2pPeerId, reason: string): void {
    const visitor = this.#visitor(id);
    if (visitor === undefined || visitor.peer !== undefined) return;
    clearTimeout(visitor.timer);
    this.#environment.log('info', `disconnected a peer: ${reason}`, { peer: peerIdOf(id) });
    visitor.admission.reject(new OperationError(reason));
    this.#environment.hangUp(id, reason);
  }
}
