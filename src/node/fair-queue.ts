/**
 * Strangers' work: one piece of a peer under way at a time, few of all, and next comes the peer whose work has come to
 * nothing least. What a peer that is gone had waiting is dropped at once.
 */
import type { PeerId } from './ports.ts';

/** Pieces under way: while the signatures of one are verified, the next is looked at. */
const PIECES_AT_ONCE = 2;
/** Pieces of one peer that wait: a second of gossip of many small messages. */
export const MAX_WAITING_PIECES_OF_PEER = 64;
/** Bytes of one peer that wait: sixteen of the longest messages. */
export const MAX_WAITING_BYTES_OF_PEER = 2 * 1_024 * 1_024;
/** Bytes that wait in all; beyond it the peer that holds the most loses what came last of it. */
const MAX_WAITING_BYTES = 32 * 1_024 * 1_024;

/** What a piece of work knows of its peer. */
export interface Lane {
  readonly peer: PeerId;
  /** The peer is gone: whatever the work comes to, it is of no use any more. */
  readonly isDropped: boolean;
}

interface Piece {
  readonly bytes: number;
  run(lane: Lane): Promise<void>;
  drop(): void;
}

class PeerLane implements Lane {
  readonly peer: PeerId;
  readonly pieces: Piece[] = [];
  isDropped = false;
  isUnderWay = false;
  bytes = 0;

  constructor(peer: PeerId) {
    this.peer = peer;
  }
}

export class FairQueue {
  readonly #wasteOf: (peer: PeerId) => number;
  /** Least lately served first. */
  readonly #lanes = new Map<PeerId, PeerLane>();
  #underWay = new Set<Promise<void>>();
  #bytes = 0;

  /** @param wasteOf how much of a peer's work came to nothing lately */
  constructor(wasteOf: (peer: PeerId) => number) {
    this.#wasteOf = wasteOf;
  }

  /** Pieces that wait. */
  get size(): number {
    let size = 0;
    for (const { pieces } of this.#lanes.values()) size += pieces.length;
    return size;
  }

  /**
   * Does a piece of work when the peer's turn comes.
   *
   * @param bytes held until then; 0: others hold them, who see to it that they are not many
   * @param dropped what it gives if the peer is gone by then, or too much waits
   */
  run<T>(peer: PeerId, bytes: number, work: (lane: Lane) => Promise<T>, dropped: T): Promise<T> {
    const lane = this.#lanes.get(peer) ?? new PeerLane(peer);
    const isFull =
      lane.pieces.length >= MAX_WAITING_PIECES_OF_PEER || lane.bytes + bytes > MAX_WAITING_BYTES_OF_PEER;
    if (isFull && bytes > 0) return Promise.resolve(dropped);
    this.#lanes.set(peer, lane);
    const { promise, reject, resolve } = Promise.withResolvers<T>();
    lane.pieces.push({
      bytes,
      run: (its) => work(its).then(resolve, reject),
      drop: () => resolve(dropped),
    });
    this.#hold(lane, bytes);
    while (this.#bytes > MAX_WAITING_BYTES) this.#dropLastOf(this.#longest());
    this.#serve();
    return promise;
  }

  /** The peer is gone: nothing of it is looked at any more. */
  drop(peer: PeerId): void {
    const lane = this.#lanes.get(peer);
    if (lane === undefined) return;
    lane.isDropped = true;
    this.#lanes.delete(peer);
    while (lane.pieces.length > 0) this.#dropLastOf(lane);
  }

  /** Resolves once what is under way now is done. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  #hold(lane: PeerLane, bytes: number): void {
    lane.bytes += bytes;
    this.#bytes += bytes;
  }

  #serve(): void {
    while (this.#underWay.size < PIECES_AT_ONCE) {
      const lane = this.#nextLane();
      if (lane === undefined) return;
      this.#do(lane);
    }
  }

  #nextLane(): PeerLane | undefined {
    let next: PeerLane | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const lane of this.#lanes.values()) {
      if (lane.isUnderWay || lane.pieces.length === 0) continue;
      const waste = this.#wasteOf(lane.peer);
      if (waste >= least) continue;
      least = waste;
      next = lane;
    }
    return next;
  }

  #do(lane: PeerLane): void {
    const piece = lane.pieces.shift();
    if (piece === undefined) return;
    this.#hold(lane, -piece.bytes);
    lane.isUnderWay = true;
    const done = piece.run(lane).finally(() => {
      lane.isUnderWay = false;
      this.#underWay.delete(done);
      this.#rest(lane);
      this.#serve();
    });
    this.#underWay.add(done);
  }

  /** It goes behind all others; one that has nothing more leaves. */
  #rest(lane: PeerLane): void {
    if (lane.isDropped) return;
    this.#lanes.delete(lane.peer);
    if (lane.pieces.length > 0) this.#lanes.set(lane.peer, lane);
  }

  #longest(): PeerLane {
    return [...this.#lanes.values()].reduce((a, b) => (b.bytes > a.bytes ? b : a));
  }

  #dropLastOf(lane: PeerLane): void {
    const piece = lane.pieces.pop();
    if (piece === undefined) return;
    this.#hold(lane, -piece.bytes);
    piece.drop();
  }
}
