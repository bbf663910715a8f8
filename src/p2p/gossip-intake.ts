/**
 * Reads along what a peer sends as gossip, before gossipsub does: frames, each behind its length. Gossipsub takes frames as
 * fast as they come, however little is in them, and keeps an unfinished one for as long as the connection lives.
 */
import type { Connection, Stream } from '@libp2p/interface';
import { TokenBuckets } from './token-buckets.ts';

/** Frames read of one peer: ten batches a second of fifty nodes, twice over. A peer that sends more is read later. */
export const FRAME_RATE = { burst: 4_000, perSecond: 1_000 } as const;
/** Long enough for tokens to come back, short enough that no user notices. */
const PAUSE_MS = 250;
/** Unfinished frames of all peers together: a frame of 4 MiB from several at once. */
export const MAX_UNFINISHED_BYTES = 64 * 1_024 * 1_024;
/** For one frame: 4 MiB at 140 kB/s. */
export const LONGEST_FRAME_MS = 30_000;

interface Intake {
  readonly connection: Connection;
  readonly frames: FrameReader;
  sinceMs: number;
}

export class GossipIntake {
  readonly #now: () => number;
  readonly #onStalling: (connection: Connection, reason: string) => void;
  readonly #rates: TokenBuckets;
  readonly #intakes = new Set<Intake>();

  /**
   * @param now ms on a clock that never runs back
   * @param onStalling a peer begins a frame and does not end it
   */
  constructor(now: () => number, onStalling: (connection: Connection, reason: string) => void) {
    this.#now = now;
    this.#onStalling = onStalling;
    this.#rates = new TokenBuckets(now);
  }

  /** From now on, until the stream ends. Before gossipsub listens. */
  follow(stream: Stream, connection: Connection): void {
    const intake: Intake = { connection, frames: new FrameReader(), sinceMs: this.#now() };
    this.#intakes.add(intake);
    stream.addEventListener('close', () => this.#intakes.delete(intake), { once: true });
    stream.addEventListener('message', ({ data }) => {
      let begun = 0;
      for (const part of data instanceof Uint8Array ? [data] : data) begun += intake.frames.take(part);
      if (begun > 0) intake.sinceMs = this.#now();
      if (!this.#mayGoOn(connection, begun)) this.#pause(stream);
    });
  }

  /** To be called about once a second. */
  watch(): void {
    const now = this.#now();
    const unfinished = [...this.#intakes]
      .filter(({ frames }) => frames.unfinishedBytes > 0)
      .sort((a, b) => a.sinceMs - b.sinceMs);
    let total = unfinished.reduce((sum, { frames }) => sum + frames.unfinishedBytes, 0);
    for (const { connection, frames, sinceMs } of unfinished) {
      if (total <= MAX_UNFINISHED_BYTES && now - sinceMs <= LONGEST_FRAME_MS) return;
      total -= frames.unfinishedBytes;
      this.#onStalling(connection, 'it begins gossip and does not end it');
    }
  }

  #mayGoOn(connection: Connection, frames: number): boolean {
    let isWithin = true;
    for (let count = 0; count < frames; count++)
      isWithin = this.#rates.take(connection.remotePeer.toString(), FRAME_RATE) && isWithin;
    return isWithin;
  }

  /** Unread bytes wait with the peer, beyond a window of its stream. */
  #pause(stream: Stream): void {
    if (stream.readStatus !== 'readable') return;
    stream.pause();
    setTimeout(() => {
      if (stream.readStatus === 'paused') stream.resume();
    }, PAUSE_MS);
  }
}

/** Counts frames: a length as unsigned varint, and as many bytes. */
export class FrameReader {
  #length = 0;
  #shift = 0;
  #dataLeft = 0;
  #taken = 0;

  /** Of the frame under way, bytes that are there. */
  get unfinishedBytes(): number {
    return this.#taken;
  }

  /** @returns how many frames begin in these bytes */
  take(bytes: Uint8Array): number {
    let begun = 0;
    for (let at = 0; at < bytes.length; ) {
      if (this.#dataLeft > 0) {
        const step = Math.min(this.#dataLeft, bytes.length - at);
        at += step;
        this.#dataLeft -= step;
        this.#taken = this.#dataLeft === 0 ? 0 : this.#taken + step;
        continue;
      }
      const byte = bytes[at++] ?? 0;
      if (this.#taken++ === 0) begun++;
      this.#length += (byte & 0x7f) * 2 ** this.#shift;
      this.#shift += 7;
      if (byte >= 0x80) continue;
      this.#dataLeft = this.#length;
      if (this.#length === 0) this.#taken = 0;
      this.#length = 0;
      this.#shift = 0;
    }
    return begun;
  }
}
