/** What is known of each connected peer: its chain's tip as it last told, its clock. */
import type { BlockRecord } from '../chain/records.ts';
import type { BlockId } from '../core/identifiers.ts';
import type { PeerConnection, PeerId } from './ports.ts';

/** A block a peer has, and with it all before it. */
export interface PeerTip {
  readonly tip: BlockId;
  readonly height: number;
  readonly work: bigint;
}

/** What it says itself. */
export interface PeerStatus extends PeerTip {
  /** Its clock minus ours, in ms, as well as half a round trip tells. */
  readonly clockOffsetMs: number;
  /** When it told, by elapsed time (ms). */
  readonly atMs: number;
}

export interface Peer {
  readonly connection: PeerConnection;
  /** Undefined until it has told. */
  status: PeerStatus | undefined;
  /** The heaviest good block it has passed on; it need not be on that branch. */
  shown: PeerTip | undefined;
  /** The last of the headers it gave that were kept: it says it has their blocks. */
  promised: BlockId | undefined;
  /** When it connected, by elapsed time (ms). */
  readonly connectedAtMs: number;
  /** When its status was last asked for, by elapsed time (ms); minus infinity: never. */
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

  /** When the last one connected, by elapsed time (ms); minus infinity if none did. */
  get newestAtMs(): number {
    return this.#newestAtMs;
  }

  /** @param atMs elapsed time */
  connected(connection: PeerConnection, atMs: number): Peer {
    const peer: Peer = {
      ...{
        connection,
        connectedAtMs: atMs,
        name: undefined,
        status: undefined,
        shown: undefined,
        promised: undefined,
      },
      ...{ askedAtMs: Number.NEGATIVE_INFINITY, roundTripMs: undefined, clockReported: false },
    };
    this.#peers.set(connection.id, peer);
    this.#newestAtMs = atMs;
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

  /** A peer gave headers, `last` the last of them, which were kept. */
  promised(id: PeerId, last: BlockId): void {
    const peer = this.#peers.get(id);
    if (peer !== undefined) peer.promised = last;
  }

  /** A peer has passed on a good block: it has at least that much work. */
  showed(id: PeerId, { height, id: tip, work }: BlockRecord): void {
    const peer = this.#peers.get(id);
    if (peer !== undefined && work > (tipOf(peer)?.work ?? -1n)) peer.shown = { tip, height, work };
  }
}

/** The heaviest block a peer has, by what it says and by what it has shown; undefined if neither is known. */
export function tipOf({ shown, status }: Peer): PeerTip | undefined {
  return shown !== undefined && shown.work > (status?.work ?? -1n) ? shown : status;
}
