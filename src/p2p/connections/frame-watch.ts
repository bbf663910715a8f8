/**
 * Reads along the frames of yamux a peer sends. The muxer bounds streams, but neither how long a frame may be (it keeps
 * one of 4 GiB until it is whole), nor how many pings it answers, nor how often a stream is opened and thrown away, nor
 * how many frames it takes at all.
 *
 * A frame is a head of 12 bytes (version, type, flags in 2, stream id in 4, length in 4), and `length` bytes if it is data.
 */
import { type Rate, TokenBuckets } from '../token-buckets.ts';

/** The window of a stream, each way; also yamux's least. No peer may send more at once. */
export const STREAM_WINDOW_BYTES = 256 * 1_024;
/** Pings to be answered. Ours come every 5 s, other implementations send one in 30 s. */
const PING_RATE: Rate = { burst: 16, perSecond: 2 };
/** Streams opened: twice what all kinds of requests together may be. */
const STREAM_RATE: Rate = { burst: 1_024, perSecond: 256 };

/**
 * Frames, of noise and of yamux together: each costs some microseconds, however little is in it. The smallest blocks, as
 * fast as a peer may ask for them, are 8,192 of both a second, and as many updates of windows; more is read later.
 */
export const FRAME_RATE: Rate = { burst: 65_536, perSecond: 32_768 };

/** A new stream counts as so many frames: it is negotiated before it is known what for. */
const FRAMES_OF_A_STREAM = 64;
/**
 * All inbound connections together have no more than one alone, some 15 % of a core; but each has a share of its own whatever
 * others do, some gossip: 256 such shares are another 30 %.
 */
export const INBOUND_FACTOR = 1;
export const MODEST_FRAME_SHARE = 128;

const HEAD_BYTES = 12;
const DATA = 0;
const PING = 2;
const SYN = 1;

export class FrameWatch {
  readonly #rates: TokenBuckets;
  readonly #spendShared: (frames: number) => number;
  readonly #head = new Uint8Array(HEAD_BYTES);
  readonly #view = new DataView(this.#head.buffer);
  #headLength = 0;
  /** Of the frame under way, bytes of data still to come. */
  #dataLeft = 0;
  /** Frames that were not paid for yet. */
  #begun = 0;

  /**
   * @param now ms on a clock that never runs back
   * @param spendShared of what this connection has together with others; tells how long it owes for it (ms)
   */
  constructor(now: () => number, spendShared: (frames: number) => number = () => 0) {
    this.#rates = new TokenBuckets(now);
    this.#spendShared = spendShared;
  }

  /** A frame of noise has come. */
  decrypted(): void {
    this.#begun++;
  }

  /** @returns ms until frames are read again; 0: at once */
  owedMs(): number {
    const begun = this.#begun;
    this.#begun = 0;
    return Math.max(this.#rates.spend('frame', FRAME_RATE, begun), this.#spendShared(begun));
  }

  /** @param bytes that come next @returns what is wrong with them, in words; undefined if nothing is */
  take(bytes: Uint8Array): string | undefined {
    let at = 0;
    while (at < bytes.length) {
      const skipped = Math.min(this.#dataLeft, bytes.length - at);
      this.#dataLeft -= skipped;
      at += skipped;
      const part = bytes.subarray(at, at + HEAD_BYTES - this.#headLength);
      this.#head.set(part, this.#headLength);
      this.#headLength += part.length;
      at += part.length;
      if (this.#headLength < HEAD_BYTES) return undefined;
      this.#headLength = 0;
      this.#begun++;
      const problem = this.#takeHead();
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  #takeHead(): string | undefined {
    const type = this.#head[1];
    const isNew = (this.#view.getUint16(2) & SYN) !== 0;
    if (type === PING) {
      return isNew && !this.#rates.take('ping', PING_RATE) ? 'it sends a flood of pings' : undefined;
    }
    if (type === DATA) {
      this.#dataLeft = this.#view.getUint32(8);
      if (this.#dataLeft > STREAM_WINDOW_BYTES) return `it sends a frame of ${this.#dataLeft} bytes`;
    }
    if (isNew) this.#begun += FRAMES_OF_A_STREAM;
    return isNew && !this.#rates.take('stream', STREAM_RATE) ? 'it opens streams without end' : undefined;
  }
}
