/** Keeps the checking of gossip messages within bounds: what goes beyond is dropped, and sync brings it later. */
import type { PeerId, TopicName, Verdict } from '../node/ports.ts';
import type { Rate } from './token-buckets.ts';

export interface ValidationBounds {
  /** Messages being checked at once. */
  readonly messages: number;
  readonly bytes: number;
  /** Of one peer, so that one that floods leaves room for the others. */
  readonly messagesOfPeer: number;
  readonly bytesOfPeer: number;
  /** Messages of one peer that are looked at and ignored; all of them are checked that are not. */
  readonly ignoredOfPeer: Rate;
}

const MIB = 1_024 * 1_024;

/** Each topic has room of its own: a flood of transactions must not keep a block out. */
export const VALIDATION_BOUNDS: Readonly<Record<TopicName, ValidationBounds>> = {
  /** One takes a few milliseconds, so more only wait, in memory. A quarter of each for one peer. */
  block: {
    ...{ messages: 256, bytes: 32 * MIB, messagesOfPeer: 64, bytesOfPeer: 8 * MIB },
    // A burst of blocks mined on demand that sync brought first; each is a proof of work to check.
    ignoredOfPeer: { burst: 1_024, perSecond: 64 },
  },
  /** The node shares them out among peers itself: here is room for as many as may be connected. */
  transactions: {
    ...{ messages: 300 * 64, bytes: 64 * MIB, messagesOfPeer: 64, bytesOfPeer: 2 * MIB },
    // All that fifty nodes say, if this one has it already or has no room for it.
    ignoredOfPeer: { burst: 4_000, perSecond: 500 },
  },
};

interface Load {
  messages: number;
  bytes: number;
}

export class ValidationQueue {
  readonly #bounds: ValidationBounds;
  readonly #total: Load = { messages: 0, bytes: 0 };
  readonly #byPeer = new Map<PeerId, Load>();

  constructor(bounds: ValidationBounds) {
    this.#bounds = bounds;
  }

  /** @returns what `validate` says; `unread` without asking it while too much is being checked; `ignore` if it throws */
  async run(from: PeerId, bytes: number, validate: () => Promise<Verdict>): Promise<Verdict> {
    const ofPeer = this.#byPeer.get(from) ?? { messages: 0, bytes: 0 };
    if (!this.#hasRoom(ofPeer, bytes)) return 'unread';
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

  /** A peer of which nothing is being checked always has room for one, whatever others hold. */
  #hasRoom(ofPeer: Load, bytes: number): boolean {
    if (ofPeer.messages === 0) return true;
    const bounds = this.#bounds;
    return (
      this.#total.messages < bounds.messages &&
      ofPeer.messages < bounds.messagesOfPeer &&
      this.#total.bytes + bytes <= bounds.bytes &&
      ofPeer.bytes + bytes <= bounds.bytesOfPeer
    );
  }
}

function add(load: Load, messages: number, bytes: number): void {
  load.messages += messages;
  load.bytes += bytes;
}
