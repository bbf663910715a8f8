/**
 * How much is asked of each peer at once: a line that is slow, or shared by many answers, would bring none of them in time. It
 * begins with little, grows while answers come soon, and falls back when one comes late.
 */
import type { PeerId } from './ports.ts';
import { MAX_BLOCKS_REQUESTED } from './wire.ts';

/** Hides the round trip without letting one peer hold the whole window. */
const MAX_REQUESTS_PER_PEER = 4;
/** Of the first request. */
const FIRST_BLOCKS = 16;
/** An answer within this time is soon: the line carries more. */
const SOON_MS = 2_000;
/** An answer that takes longer is late. */
const LATE_MS = 4_000;
/** By which the blocks of a request grow; and shrink, if some of them came late. */
const GROWTH = 2;
const SHRINKAGE = 4;
/** For several blocks, 2 MiB at most: those that are whole by then are the answer. */
const DEADLINE_MS = 8_000;
/** For a single one of a slow line, 1 MiB at most: 70 kB/s still bring it. */
const DEADLINE_OF_ONE_MS = 15_000;

interface Pace {
  readonly requests: number;
  readonly blocks: number;
  /** Its last answer came, or had begun to: its line is slow, and it is not silent. */
  readonly isComing: boolean;
}

/** What became of a request. */
export interface Answered {
  /** To the end of the answer, or until no more was waited for. */
  readonly tookMs: number;
  /** Blocks. */
  readonly asked: number;
  readonly came: number;
  readonly hasBegun: boolean;
}

const FIRST: Pace = { requests: 1, blocks: FIRST_BLOCKS, isComing: true };

export class BodyPace {
  readonly #paces = new Map<PeerId, Pace>();

  /** Requests it may be sent at once. */
  requestsOf(peer: PeerId): number {
    return this.#of(peer).requests;
  }

  /** Blocks in one request. */
  blocksOf(peer: PeerId): number {
    return this.#of(peer).blocks;
  }

  /** Its last answers were late: others are asked before. */
  isSlow(peer: PeerId): boolean {
    return this.#of(peer).blocks < FIRST_BLOCKS;
  }

  deadlineMs(peer: PeerId): number {
    const { blocks, isComing } = this.#of(peer);
    return blocks === 1 && isComing ? DEADLINE_OF_ONE_MS : DEADLINE_MS;
  }

  answered(peer: PeerId, { asked, came, hasBegun, tookMs }: Answered): void {
    const { blocks, requests } = this.#of(peer);
    if (tookMs > LATE_MS) {
      // Several requests may be late for one reason: each says no more than what it asked for was too much.
      const fewer = came === 0 ? 1 : Math.max(1, Math.floor(asked / SHRINKAGE));
      this.#paces.set(peer, { requests: 1, blocks: Math.min(blocks, fewer), isComing: hasBegun });
    } else if (tookMs < SOON_MS && came > 0) {
      this.#paces.set(peer, {
        requests: Math.min(MAX_REQUESTS_PER_PEER, requests + 1),
        blocks: Math.min(MAX_BLOCKS_REQUESTED, blocks * GROWTH),
        isComing: true,
      });
    }
  }

  /** Of peers that are gone, nothing is kept. */
  keepOnly(isThere: (peer: PeerId) => boolean): void {
    for (const peer of this.#paces.keys()) if (!isThere(peer)) this.#paces.delete(peer);
  }

  #of(peer: PeerId): Pace {
    return this.#paces.get(peer) ?? FIRST;
  }
}
