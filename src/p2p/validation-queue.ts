/** Keeps the checking of gossip messages within bounds: what goes beyond is dropped, and sync brings it later. */
import type { PeerId, Verdict } from '../node/ports.ts';

/** Messages being checked at once. One takes a few milliseconds, so more only wait, in memory. */
const MAX_PENDING = 256;
const MAX_PENDING_BYTES = 32 * 1_024 * 1_024;
/** A quarter of each for one peer, so that one that floods leaves room for the others. */
const MAX_PENDING_OF_PEER = MAX_PENDING / 4;
const MAX_PENDING_BYTES_OF_PEER = MAX_PENDING_BYTES / 4;

interface Load {
  messages: number;
  bytes: number;
}

export class ValidationQueue {
  readonly #total: Load = { messages: 0, bytes: 0 };
  readonly #byPeer = new Map<PeerId, Load>();

  /** @returns what `validate` says; `ignore` without asking it while too much is being checked, or if it throws */
  async run(from: PeerId, bytes: number, validate: () => Promise<Verdict>): Promise<Verdict> {
    const ofPeer = this.#byPeer.get(from) ?? { messages: 0, bytes: 0 };
    if (
      this.#total.messages >= MAX_PENDING ||
      ofPeer.messages >= MAX_PENDING_OF_PEER ||
      this.#total.bytes + bytes > MAX_PENDING_BYTES ||
      ofPeer.bytes + bytes > MAX_PENDING_BYTES_OF_PEER
    ) {
      return 'ignore';
    }
    this.#byPeer.set(from, ofPeer);
    add(this.#total, 1, bytes);
    add(ofPeer, 1, bytes);
    try {
      return await validate();
    } catch {
      return 'ignore';
    } finally {
      add(this.#total, -1, -bytes);
      add(ofPeer, -1, -bytes);
      if (ofPeer.messages === 0) this.#byPeer.delete(from);
    }
  }
}

function add(load: Load, messages: number, bytes: number): void {
  load.messages += messages;
  load.bytes += bytes;
}
