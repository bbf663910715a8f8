/** What gossipsub keeps of what peers say, and for how long they may have it keep it. */
import type { GossipSub } from '@libp2p/gossipsub';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gossip } from '../../src/p2p/gossip.ts';
import { RememberedMessages } from '../../src/p2p/gossip-memory.ts';
import { gossipSettings } from '../../src/p2p/gossip-settings.ts';
import { createPlainNode, type PlainNode } from '../support/libp2p-peers.ts';

interface Internals {
  readonly seenCache: {
    readonly size: number;
    put(id: string, value: undefined): void;
    has(id: string): boolean;
  };
  readonly score: {
    readonly deliveryRecords: {
      readonly queue: { readonly length: number };
      ensureRecord(id: string): unknown;
      getRecord(id: string): unknown;
    };
  };
  readonly backoff: ReadonlyMap<string, ReadonlyMap<string, number>>;
  handlePrune(peer: string, prunes: readonly unknown[]): Promise<void>;
}

let plain: PlainNode;
let gossipsub: GossipSub & Internals;

beforeEach(async () => {
  plain = await createPlainNode();
  gossipsub = plain.services.gossip as unknown as GossipSub & Internals;
});
afterEach(() => plain.stop());

describe('remembered messages', () => {
  it('are no more than a number, and the oldest are forgotten', () => {
    const { score, seenCache } = gossipsub;
    const max = 100;
    const remembered = new RememberedMessages(gossipsub, max);
    for (let id = 0; id < 3 * max; id++) {
      seenCache.put(String(id), undefined);
      remembered.trim();
      score.deliveryRecords.ensureRecord(String(id));
    }
    remembered.trim();
    expect([seenCache.size, score.deliveryRecords.queue.length]).toEqual([max, max]);
    for (const [id, isThere] of [
      [2 * max - 1, false],
      [2 * max, true],
      [3 * max - 1, true],
    ] as const) {
      expect(seenCache.has(String(id))).toBe(isThere);
      expect(score.deliveryRecords.getRecord(String(id)) !== undefined).toBe(isThere);
    }
  });
});

describe('an id that a peer names', () => {
  it('is kept no longer than ids are', () => {
    const idText = gossipSettings([]).msgIdToStrFn as (id: Uint8Array) => string;
    const id = Uint8Array.from({ length: 20 }, (_, index) => index);
    expect(idText(id)).toBe(Buffer.from(id).toString('base64'));
    expect(idText(new Uint8Array(1_000_000)).length).toBe(idText(id).length);
    expect(idText(id.subarray(0, 3))).toBe('AAEC');
  });
});

describe('the wish of a peer not to be in the mesh', () => {
  it('is forgotten after ten minutes at the latest', async () => {
    new Gossip(
      gossipsub,
      () => {},
      () => {},
    );
    gossipsub.subscribe('topic');
    const before = Date.now();
    const peer = plain.peerId.toString();
    await gossipsub.handlePrune(peer, [{ topicID: 'topic', peers: [], backoff: 2 ** 40 }]);
    const until = gossipsub.backoff.get('topic')?.get(peer) ?? 0;
    expect(until - before).toBeGreaterThanOrEqual(10 * 60_000);
    expect(until - Date.now()).toBeLessThanOrEqual(10 * 60_000);
  });
});
