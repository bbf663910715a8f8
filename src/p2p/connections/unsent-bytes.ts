/**
 * Watches over what waits to be sent. Streams are bounded, but what the muxer itself sends (answers to pings, window
 * updates, resets) waits in the connection, and a peer that does not read decides how much that is.
 */
import type { Connection } from '@libp2p/interface';
import { internalsOf } from './internals.ts';

/** Eight blocks of 2 MiB to a peer on a slow line, and a frame of gossip. */
export const MAX_UNSENT_BYTES_OF_CONNECTION = 20 * 1_024 * 1_024;
/** To all peers together. Beyond it, those go that took nothing for longest. */
export const MAX_UNSENT_BYTES = 128 * 1_024 * 1_024;
/** A peer takes something in this time, 64 KiB or so, or is gone: 3 kB/s. A peer behind a cut cable falls silent before. */
export const LONGEST_STANDSTILL_MS = 20_000;

export interface UnsentEnvironment {
  readonly now: () => number;
  connections(): readonly Connection[];
  cut(connection: Connection, reason: string): void;
}

interface Load {
  readonly connection: Connection;
  readonly bytes: number;
  readonly standstillMs: number;
}

export class UnsentBytes {
  readonly #environment: UnsentEnvironment;
  /** Since when a connection that cannot take more has not taken anything. */
  readonly #fullSince = new WeakMap<Connection, number>();

  constructor(environment: UnsentEnvironment) {
    this.#environment = environment;
  }

  /** To be called about once a second. */
  watch(): void {
    const { connections, cut } = this.#environment;
    let total = 0;
    const left: Load[] = [];
    for (const connection of connections()) {
      const load = this.#loadOf(connection);
      if (load.bytes > MAX_UNSENT_BYTES_OF_CONNECTION) cut(connection, 'it lets too much pile up unread');
      else if (load.standstillMs > LONGEST_STANDSTILL_MS) cut(connection, 'it reads nothing');
      else {
        left.push(load);
        total += load.bytes;
      }
    }
    if (total <= MAX_UNSENT_BYTES) return;
    left.sort((a, b) => b.standstillMs - a.standstillMs || b.bytes - a.bytes);
    for (const { bytes, connection } of left) {
      if (total <= MAX_UNSENT_BYTES) return;
      cut(connection, 'too much piles up unread, and it reads least');
      total -= bytes;
    }
  }

  #loadOf(connection: Connection): Load {
    const { encrypted, raw } = internalsOf(connection);
    let bytes = raw.writeBufferLength + encrypted.writeBufferLength;
    for (const { writeBufferLength } of connection.streams) bytes += writeBufferLength;
    return { connection, bytes, standstillMs: this.#standstillOf(connection) };
  }

  #standstillOf(connection: Connection): number {
    const { raw } = internalsOf(connection);
    const now = this.#environment.now();
    const known = this.#fullSince.get(connection);
    if (!raw.writableNeedsDrain) {
      this.#fullSince.delete(connection);
      return 0;
    }
    if (known !== undefined) return now - known;
    this.#fullSince.set(connection, now);
    // Each time the socket took all it was given.
    raw.addEventListener('drain', () => this.#fullSince.delete(connection), { once: true });
    return 0;
  }
}
