/** The ways a connection ends by this node's will: with a goodbye, at once, or for good. */
import type { Connection, PeerId as Libp2pPeerId } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import type { BanCause, PeerId } from '../../node/ports.ts';
import type { Gatekeeper } from '../gatekeeper.ts';
import type { Host } from '../libp2p-host.ts';
import type { Log } from '../log.ts';
import type { AddressDebts } from './address-debts.ts';

/** For a peer to hear that it is hung up on. */
const HANG_UP_DEADLINE_MS = 1_000;
/** As long as the worst misdeeds cost that the node itself judges. */
const EXPULSION_MS = 10 * 60_000;
/** As long as being slow costs: a bad line or an overloaded machine is no ill will. */
const DISMISSAL_MS = 60_000;

export interface FarewellsEnvironment {
  readonly host: Host;
  readonly gatekeeper: Gatekeeper;
  readonly debts: AddressDebts;
  readonly log: Log;
  /** This node is about to close the connections to a peer. */
  leaving(peer: Libp2pPeerId, reason: string): void;
}

export class Farewells {
  readonly #environment: FarewellsEnvironment;

  constructor(environment: FarewellsEnvironment) {
    this.#environment = environment;
  }

  async hangUp(peer: Libp2pPeerId, reason: string): Promise<void> {
    const { host, leaving } = this.#environment;
    leaving(peer, reason);
    await host.hangUp(peer, { signal: AbortSignal.timeout(HANG_UP_DEADLINE_MS) });
  }

  async ban(peer: PeerId, forMs: number, cause: BanCause): Promise<void> {
    if (cause === 'misdeeds') this.#charge(peer);
    this.#environment.gatekeeper.ban(peer, forMs);
    await this.hangUp(peerIdFromString(peer), 'it was banned');
  }

  /** A peer does not read or does not go on. It may be ill, so its address owes nothing, and it may come back soon. */
  dismiss(peer: PeerId, reason: string): void {
    this.#environment.log('info', `sent a peer away: ${reason}`, { peer });
    this.#environment.gatekeeper.ban(peer, DISMISSAL_MS);
    this.cutAll(peer, reason);
  }

  /** A peer sends what no implementation would. The node never sees that, so it is judged here. */
  expel(peer: PeerId, reason: string): void {
    this.#environment.log('warn', `expelled a peer: ${reason}`, { peer });
    this.#charge(peer);
    this.#environment.gatekeeper.ban(peer, EXPULSION_MS);
    this.cutAll(peer, reason);
  }

  /** At once: there is no peer to hear a goodbye. */
  cut(connection: Connection, reason: string): void {
    const { host, leaving } = this.#environment;
    const isLast = host.getConnections(connection.remotePeer).length === 1;
    if (isLast) leaving(connection.remotePeer, reason);
    connection.abort(new Error(reason));
  }

  cutAll(peer: PeerId, reason: string): void {
    const id = peerIdFromString(peer);
    this.#environment.leaving(id, reason);
    for (const connection of this.#environment.host.getConnections(id)) connection.abort(new Error(reason));
  }

  /** A peer that came from an address that many share pays with it; whom this node dialled was its own choice. */
  #charge(peer: PeerId): void {
    const inbound = this.#environment.host
      .getConnections(peerIdFromString(peer))
      .find(({ direction }) => direction === 'inbound');
    if (inbound !== undefined) this.#environment.debts.add(inbound.remoteAddr.toString());
  }
}
