/**
 * Bounds what gossipsub remembers of messages: for two minutes it keeps the id of each, to know it again, and a record of
 * who brought it, to praise or blame for it; how many, the peers decide. Who sends how many new ones is bounded by
 * `GossipIntake`. One that is forgotten early is checked again if it comes again, and known then: it is not passed on twice.
 */
import type { GossipSub, Message } from '@libp2p/gossipsub';
import { invariant } from '../core/errors.ts';
import { idText, messageId } from './gossip-settings.ts';

/** Twice what fifty nodes say in two minutes with ten batches a second each; at some 460 bytes, 60 MB. */
const MAX_REMEMBERED_IDS = 131_072;

/** What the implementation has beyond its published interface. Both are in the order in which they were put there. */
interface GossipMemory {
  readonly seenCache: { readonly entries: Map<string, unknown> };
  readonly score: {
    readonly deliveryRecords: {
      readonly records: Map<string, unknown>;
      readonly queue: { readonly length: number; shift(): { readonly msgId: string } | undefined };
    };
  };
}

export class RememberedMessages {
  readonly #gossipsub: GossipSub & GossipMemory;
  readonly #max: number;

  constructor(gossipsub: GossipSub, max: number = MAX_REMEMBERED_IDS) {
    const internals = gossipsub as GossipSub & GossipMemory;
    invariant(
      internals.seenCache.entries instanceof Map &&
        internals.score.deliveryRecords.records instanceof Map &&
        typeof internals.score.deliveryRecords.queue.shift === 'function',
      'this version of gossipsub has these fields',
    );
    this.#gossipsub = internals;
    this.#max = max;
  }

  /** A message was not looked at: it is to be new when another peer brings it. */
  forget(message: Message): void {
    this.#gossipsub.seenCache.entries.delete(idText(messageId(message)));
  }

  /** Forgets the oldest beyond the bound. To be called after each message that was not heard before. */
  trim(): void {
    const { seenCache, score } = this.#gossipsub;
    for (const oldest of seenCache.entries.keys()) {
      if (seenCache.entries.size <= this.#max) break;
      seenCache.entries.delete(oldest);
    }
    const { queue, records } = score.deliveryRecords;
    while (queue.length > this.#max) {
      const oldest = queue.shift();
      if (oldest !== undefined) records.delete(oldest.msgId);
    }
  }
}
