/**
 * Reads along what a peer sends as gossip, before gossipsub does: frames, each behind its length. Gossipsub takes frames as
 * fast as they come, however much is in them, remembers every message for two minutes, and keeps an unfinished frame for as
 * long as the connection lives.
 */
import type { Connection, Stream } from '@libp2p/interface';
import { hostOf } from '../node/address-group.ts';
import type { PeerId } from '../node/ports.ts';
import { PacedReading } from './paced-reading.ts';
import { peerIdOf } from './peer-key.ts';
import { type GossipCount, RpcReader } from './rpc-reader.ts';
import { type Owner, SharedRate } from './shared-rate.ts';

/** Frames read of one peer: ten batches a second of fifty nodes, twice over. A peer that sends more is read later. */
export const FRAME_RATE = { burst: 4_000, perSecond: 1_000 } as const;
/** Messages: the same, for they come one in a frame, but for those asked for by `iwant`: a second's or two at once. */
export const MESSAGE_RATE = { burst: 4_000, perSecond: 1_000 } as const;
/** All else in frames: topic and data of 500 messages, and ids of the last heartbeats, 1,000 in each; twice over. */
export const FIELD_RATE = { burst: 32_768, perSecond: 8_192 } as const;
/**
 * Bytes: a block of 250 kB at once from each of some peers, and ten times what fifty nodes say; decrypting, copying and hashing
 * more would take others' time.
 */
export const BYTE_RATE = { burst: 16 * 1_024 * 1_024, perSecond: 2 * 1_024 * 1_024 } as const;
/** What a message that was not even looked at counts for besides: its peer has told too much that came to nothing. */
const UNREAD_FACTOR = 3;
/** No peer waits longer for its bytes, however many they were. */
const LONGEST_BYTES_WAIT_MS = 2_000;
/**
 * Messages not heard before, which are remembered and checked: all that fifty nodes say, by one peer or one host, and a fifth
 * more; at once as many as one frame holds.
 */
export const NEW_MESSAGE_RATE = { burst: 2_048, perSecond: 600 } as const;
/** Of these rates, what all peers of one address have together: a mesh of twelve behind it, each of which passes on all that is said. */
export const GOSSIP_RATE_FACTOR_OF_HOST = 8;
/** A peer may come to owe a second or two, with a window full of the smallest messages there are. */
export const MAX_OWED_MS = 5_000;
/** Unfinished frames of all peers together: a frame of 4 MiB from several at once. */
export const MAX_UNFINISHED_BYTES = 64 * 1_024 * 1_024;
/** For one frame: 4 MiB at 140 kB/s. */
export const LONGEST_FRAME_MS = 30_000;

interface Intake extends Owner {
  readonly connection: Connection;
  readonly frames: FrameReader;
  readonly reading: PacedReading;
  sinceMs: number;
}

export class GossipIntake {
  readonly #now: () => number;
  readonly #onStalling: (connection: Connection, reason: string) => void;
  readonly #bytes: SharedRate;
  readonly #frames: SharedRate;
  readonly #messages: SharedRate;
  readonly #fields: SharedRate;
  readonly #new: SharedRate;
  readonly #intakes = new Set<Intake>();

  /**
   * @param now ms on a clock that never runs back
   * @param onStalling a peer begins a frame and does not end it, or sends more than it could by chance
   */
  constructor(now: () => number, onStalling: (connection: Connection, reason: string) => void) {
    this.#now = now;
    this.#onStalling = onStalling;
    this.#bytes = new SharedRate(now, BYTE_RATE, GOSSIP_RATE_FACTOR_OF_HOST);
    this.#frames = new SharedRate(now, FRAME_RATE, GOSSIP_RATE_FACTOR_OF_HOST);
    this.#messages = new SharedRate(now, MESSAGE_RATE, GOSSIP_RATE_FACTOR_OF_HOST);
    this.#fields = new SharedRate(now, FIELD_RATE, GOSSIP_RATE_FACTOR_OF_HOST);
    this.#new = new SharedRate(now, NEW_MESSAGE_RATE, 1);
  }

  /** From now on, until the stream ends. Before gossipsub listens. */
  follow(stream: Stream, connection: Connection): void {
    const intake: Intake = {
      connection,
      peer: peerIdOf(connection.remotePeer),
      host: hostOf(connection.remoteAddr.toString()),
      frames: new FrameReader(),
      reading: new PacedReading(stream),
      sinceMs: this.#now(),
    };
    this.#intakes.add(intake);
    stream.addEventListener('close', () => this.#intakes.delete(intake), { once: true });
    stream.addEventListener('message', (event) => {
      const { data } = event;
      const count: GossipCount = { frames: 0, messages: 0, fields: 0 };
      for (const part of data instanceof Uint8Array ? [data] : data) intake.frames.take(part, count);
      intake.reading.wait(this.#owedForBytes(intake, data.byteLength));
      if (count.frames > 0) intake.sinceMs = this.#now();
      if (this.#owes(intake, count)) event.stopImmediatePropagation();
    });
  }

  /** A peer sent a message that was not heard before. */
  sentNew(peer: PeerId): void {
    const owedMs = this.#new.spend(this.ownerOf(peer), 1).ms;
    for (const intake of this.#intakes) if (intake.peer === peer) intake.reading.wait(owedMs);
  }

  /** A message of a peer was not looked at. */
  wasUnread(peer: PeerId, bytes: number): void {
    const owedMs = this.#owedForBytes(this.ownerOf(peer), UNREAD_FACTOR * bytes);
    for (const intake of this.#intakes) if (intake.peer === peer) intake.reading.wait(owedMs);
  }

  #owedForBytes(owner: Owner, bytes: number): number {
    return Math.min(LONGEST_BYTES_WAIT_MS, this.#bytes.spend(owner, bytes, LONGEST_BYTES_WAIT_MS).ms);
  }

  /** Who answers for what a peer sends. */
  ownerOf(peer: PeerId): Owner {
    for (const intake of this.#intakes) if (intake.peer === peer) return intake;
    // Its stream has ended just now.
    return { peer, host: '' };
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

  /** @returns whether it is so much that nothing of it may be looked at, and the peer is gone */
  #owes(intake: Intake, { fields, frames, messages }: GossipCount): boolean {
    const owed = [
      this.#frames.spend(intake, frames),
      this.#messages.spend(intake, messages),
      this.#fields.spend(intake, fields),
    ];
    if (owed.some(({ byPeerMs }) => byPeerMs > MAX_OWED_MS)) {
      this.#onStalling(intake.connection, 'it sends gossip without end');
      return true;
    }
    intake.reading.wait(Math.max(...owed.map(({ ms }) => ms)));
    return false;
  }
}

/** Reads frames: a length as unsigned varint, and as many bytes. */
export class FrameReader {
  #length = 0;
  #shift = 0;
  #rpc: RpcReader | undefined;
  #taken = 0;

  /** Of the frame under way, bytes that are there. */
  get unfinishedBytes(): number {
    return this.#taken;
  }

  /** @param count is told of the frames that begin in these bytes, and of what is in them */
  take(bytes: Uint8Array, count: GossipCount): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.#rpc !== undefined && this.#rpc.left > 0) {
        const part = bytes.subarray(at, at + this.#rpc.left);
        this.#rpc.take(part, count);
        at += part.length;
        this.#taken = this.#rpc.left === 0 ? 0 : this.#taken + part.length;
        continue;
      }
      const byte = bytes[at++] ?? 0;
      if (this.#taken++ === 0) count.frames++;
      this.#length += (byte & 0x7f) * 2 ** this.#shift;
      this.#shift += 7;
      if (byte >= 0x80) continue;
      this.#rpc = new RpcReader(this.#length);
      if (this.#length === 0) this.#taken = 0;
      this.#length = 0;
      this.#shift = 0;
    }
  }
}
