/** What is known of each connected peer: its chain's tip as it last told, its clock. */
import type { BlockId } from '../core/identifiers.ts';
import type { PeerConnection, PeerId } from './ports.ts';

export interface PeerStatus {
  readonly tip: BlockId;
  readonly height: number;
  readonly work: bigint;
  /** Its clock minus ours, in ms, as well as half a round trip tells. */
  readonly clockOffsetMs: number;
  /** Our clock when it told, ms since 1970. */
  readonly atMs: number;
}

export interface Peer {
  readonly connection: PeerConnection;
  /** Undefined until it has told. */
  status: PeerStatus | undefined;
  /** Our clock when its status was last asked for, ms since 1970; 0: never. */
  askedAtMs: number;
  /** The round trip of the last status request, ms. */
  roundTripMs: number | undefined;
  /** What it calls itself; undefined if it has not said, or says nothing. */
  name: string | undefined;
  /** That its clock is off has been said. */
  clockReported: boolean;
}

/** The connected peers. Bounded by the network's limit of connections. */
export class Peers {
  readonly #peers = new Map<PeerId, Peer>();
  #newestAtMs = Number.NEGATIVE_INFINITY;

  /** When the last one connected, ms since 1970; minus infinity if none did. */
  get newestAtMs(): number {
    return this.#newestAtMs;
  }

  connected(connection: PeerConnection): Peer {
    const peer: Peer = {
      ...{ connection, name: undefined, status: undefined },
      ...{ askedAtMs: 0, roundTripMs: undefined, clockReported: false },
    };
    this.#peers.set(connection.id, peer);
    this.#newestAtMs = connection.connectedAt;
    return peer;
  }

  disconnected(id: PeerId): void {
    this.#peers.delete(id);
  }

  get(id: PeerId): Peer | undefined {
    return this.#peers.get(id);
  }

  has(id: PeerId): boolean {
    return this.#peers.has(id);
  }

  get count(): number {
    return this.#peers.size;
  }

  /** Of the peers this node dialled. */
  outboundAddresses(): string[] {
    const dialled = this.all().filter(({ connection }) => connection.direction === 'outbound');
    return dialled.map(({ connection }) => connection.address);
  }

  /** As `all`, without a copy. */
  each(): IterableIterator<Peer> {
    return this.#peers.values();
  }

  all(): Peer[] {
    return [...this.#peers.values()];
  }

  /** A peer has shown a block it says it is on: it has at least that much work. */
  sawBlock(id: PeerId, tip: BlockId, height: number, work: bigint, atMs: number): void {
    const peer = this.#peers.get(id);
    if (peer === undefined || (peer.status !== undefined && peer.status.work >= work)) return;
    peer.status = { tip, height, work, clockOffsetMs: peer.status?.clockOffsetMs ?? 0, atMs };
  }
}
