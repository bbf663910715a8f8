/** Who may not connect: peers banned for a time, peers cut off for an experiment, and one peer too often. */
import type { ConnectionGater, PeerId as Libp2pPeerId } from '@libp2p/interface';
import type { PeerId } from '../node/ports.ts';
import { peerIdOf } from './peer-key.ts';

/** Bans remembered; beyond, the oldest ends early. A peer id costs nothing to make, so more would help nobody. */
const MAX_BANS = 1_024;
/** Two come about when peers dial each other at once; more only take what others need. */
export const MAX_CONNECTIONS_PER_PEER = 4;

export class Gatekeeper {
  readonly #now: () => number;
  /** Until when, by elapsed time (ms); oldest ban first. */
  readonly #bans = new Map<PeerId, number>();
  #blocked: ReadonlySet<PeerId> = new Set();
  #closed = false;

  /** @param now milliseconds since some beginning; never runs back */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param forMs 0: an earlier ban ends */
  ban(peer: PeerId, forMs: number): void {
    this.#bans.delete(peer);
    this.#bans.set(peer, this.#now() + forMs);
    for (const oldest of this.#bans.keys()) {
      if (this.#bans.size <= MAX_BANS) break;
      this.#bans.delete(oldest);
    }
  }

  /** From now on exactly these are cut off. */
  block(peers: readonly PeerId[]): void {
    this.#blocked = new Set(peers);
  }

  /** Nobody may connect any more. */
  close(): void {
    this.#closed = true;
  }

  isDenied(peer: PeerId): boolean {
    if (this.#closed || this.#blocked.has(peer)) return true;
    const until = this.#bans.get(peer);
    if (until === undefined) return false;
    if (until > this.#now()) return true;
    this.#bans.delete(peer);
    return false;
  }

  /**
   * @param connectionsTo how many connections there are to a peer
   * @param makeRoom whether there is a place for one more that comes to us; it may be another's until now
   */
  gater(connectionsTo: (peer: Libp2pPeerId) => number, makeRoom: () => boolean): ConnectionGater {
    const isDenied = (peer: Libp2pPeerId) => this.isDenied(peerIdOf(peer));
    return {
      denyDialPeer: isDenied,
      denyInboundConnection: () => this.#closed,
      denyOutboundEncryptedConnection: isDenied,
      denyInboundEncryptedConnection: (peer) =>
        isDenied(peer) || connectionsTo(peer) >= MAX_CONNECTIONS_PER_PEER || !makeRoom(),
    };
  }
}
