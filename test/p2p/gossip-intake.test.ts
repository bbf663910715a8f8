/** What is read along of gossip before gossipsub takes it. */

import { RPC } from '@libp2p/gossipsub/message';
import type { Connection, Stream } from '@libp2p/interface';
import { streamPair } from '@libp2p/utils';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { PeerId } from '../../src/node/ports.ts';
import { withLength } from '../../src/p2p/chunk-stream.ts';
import {
  BYTE_RATE,
  FIELD_RATE,
  FRAME_RATE,
  FrameReader,
  GOSSIP_RATE_FACTOR_OF_HOST,
  GossipIntake,
  LONGEST_FRAME_MS,
  MAX_OWED_MS,
  MAX_UNFINISHED_BYTES,
  MESSAGE_RATE,
  NEW_MESSAGE_RATE,
} from '../../src/p2p/gossip-intake.ts';
import { topicId } from '../../src/p2p/protocols.ts';
import { MODEST_SHARE } from '../../src/p2p/shared-rate.ts';
import { freshNetworkId } from '../support/libp2p-peers.ts';

describe('frames of gossip', () => {
  it('are counted, and the rest of an unfinished one measured, however they are cut into pieces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 500 }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 300 }),
        (frames, cuts, part) => {
          const rest = withLength(new Uint8Array(300)).subarray(0, part);
          const bytes = Buffer.concat([...frames.map(withLength), rest]);
          const reader = new FrameReader();
          const count = { frames: 0, messages: 0, fields: 0 };
          let at = 0;
          for (const cut of [...cuts, bytes.length]) {
            reader.take(bytes.subarray(at, at + cut), count);
            at += cut;
          }
          expect(count.frames).toBe(frames.length + 1);
          expect(reader.unfinishedBytes).toBe(part);
        },
      ),
    );
  });
});

describe('the intake of gossip', () => {
  const connectionOf = (name: string, host: string) =>
    ({
      remotePeer: { toString: () => name },
      remoteAddr: { toString: () => `/ip4/${host}/tcp/1` },
    }) as unknown as Connection;
  const topic = topicId(freshNetworkId(), 'block');
  const framed = (rpc: Partial<RPC>) => withLength(RPC.encode({ subscriptions: [], messages: [], ...rpc }));
  /** Tiny, and each another. */
  const messages = (count: number): RPC.Message[] =>
    Array.from({ length: count }, (_, index) => ({ topic, data: Buffer.from(index.toString(36)) }));

  /** As if it had come over the stream at once. */
  function deliver(stream: Stream, data: Uint8Array): void {
    const event = Object.assign(new Event('message'), { data });
    stream.dispatchEvent(event as unknown as Parameters<Stream['dispatchEvent']>[0]);
  }

  async function setUp() {
    const time = { now: 0 };
    const offenders: Connection[] = [];
    const intake = new GossipIntake(
      () => time.now,
      (connection) => offenders.push(connection),
    );
    async function begin(
      name: string,
      host = '1.1.1.1',
    ): Promise<{ sender: Stream; receiver: Stream; connection: Connection }> {
      const [sender, receiver] = await streamPair();
      const connection = connectionOf(name, host);
      intake.follow(receiver, connection);
      return { sender, receiver, connection };
    }
    return { time, offenders, intake, begin };
  }

  it('ends who begins a frame and does not end it', async () => {
    const { begin, intake, offenders, time } = await setUp();
    const slow = await begin('slow');
    const idle = await begin('idle');
    let arrived = 0;
    for (const { receiver } of [slow, idle]) receiver.addEventListener('message', () => arrived++);
    slow.sender.send(withLength(new Uint8Array(1_000)).subarray(0, 500));
    idle.sender.send(withLength(new Uint8Array(1_000)));
    await vi.waitFor(() => expect(arrived).toBe(2));
    time.now = LONGEST_FRAME_MS;
    intake.watch();
    expect(offenders).toEqual([]);
    time.now = LONGEST_FRAME_MS + 1;
    intake.watch();
    expect(offenders).toEqual([slow.connection]);
  });

  it('ends those that keep unfinished frames longest, beyond a bound of all together', async () => {
    const { begin, intake, offenders, time } = await setUp();
    const frame = withLength(new Uint8Array(4 * 1_024 * 1_024)).subarray(0, -1);
    const count = Math.floor(MAX_UNFINISHED_BYTES / frame.length) + 2;
    const senders: Connection[] = [];
    for (let index = 0; index < count; index++) {
      time.now = index;
      const { connection, receiver } = await begin(`peer${index}`);
      senders.push(connection);
      deliver(receiver, frame);
    }
    intake.watch();
    expect(offenders).toEqual(senders.slice(0, 2));
  });

  it('reads a flood of tiny frames later, and loses none', async () => {
    const { begin } = await setUp();
    const { sender, receiver } = await begin('flood');
    let bytes = 0;
    receiver.addEventListener('message', ({ data }) => (bytes += data.byteLength));
    // A subscription to nothing.
    const frame = withLength(Uint8Array.of(0x0a, 0));
    sender.send(Buffer.concat(Array.from({ length: FRAME_RATE.burst + 10 }, () => frame)));
    await vi.waitFor(() => expect(receiver.readStatus).toBe('paused'));
    sender.send(frame);
    await vi.waitFor(() => expect(receiver.readStatus).toBe('readable'));
    await vi.waitFor(() => expect(bytes).toBe(frame.length * (FRAME_RATE.burst + 11)));
  });

  it('reads messages beyond their rate later, however few frames they are in', async () => {
    const { begin, offenders } = await setUp();
    const { receiver } = await begin('flood');
    deliver(receiver, framed({ messages: messages(2_000) }));
    deliver(receiver, framed({ messages: messages(2_000) }));
    expect(receiver.readStatus).toBe('readable');
    deliver(receiver, framed({ messages: messages(1) }));
    expect(receiver.readStatus).toBe('paused');
    expect(offenders).toEqual([]);
  });

  it('ends a peer that sends more than any implementation could have waiting, and hands nothing of it on', async () => {
    const { begin, offenders } = await setUp();
    const { connection, receiver } = await begin('flood');
    let handedOn = 0;
    receiver.addEventListener('message', () => handedOn++);
    const mayCome = MESSAGE_RATE.burst + (MAX_OWED_MS / 1_000) * MESSAGE_RATE.perSecond;
    const empty = framed({ messages: Array.from({ length: 1_000 }, () => ({ topic: '' })) });
    deliver(receiver, Buffer.concat(Array.from({ length: mayCome / 1_000 }, () => empty)));
    expect([offenders.length, handedOn]).toEqual([0, 1]);
    deliver(receiver, empty);
    expect(offenders).toEqual([connection]);
    expect(handedOn).toBe(1);
  });

  it('counts control and subscriptions too', async () => {
    const { begin } = await setUp();
    const { receiver } = await begin('control');
    const count = 2_000;
    const ids = Array.from({ length: count }, () => new Uint8Array(20));
    const control = { ihave: [], iwant: [{ messageIDs: ids }], graft: [], prune: [], idontwant: [] };
    const [asked, subscribed] = [
      framed({ control }),
      framed({ subscriptions: [{ subscribe: true, topic }] }),
    ];
    // Of each, the ids, what they are in, and control; of the last, a subscription and its topic.
    let left = FIELD_RATE.burst;
    for (; left >= count + 2; left -= count + 2) deliver(receiver, asked);
    for (; left >= 2; left -= 2) deliver(receiver, subscribed);
    expect(receiver.readStatus).toBe('readable');
    deliver(receiver, subscribed);
    expect(receiver.readStatus).toBe('paused');
  });

  it('gives all peers of a host a share, and leaves others theirs', async () => {
    const { begin } = await setUp();
    const flood = framed({ messages: messages(2_000) });
    for (let index = 0; index < GOSSIP_RATE_FACTOR_OF_HOST; index++) {
      const { receiver } = await begin(`peer${index}`, '2.2.2.2');
      deliver(receiver, flood);
      deliver(receiver, flood);
      expect(receiver.readStatus).toBe('readable');
    }
    const greedy = await begin('greedy', '2.2.2.2');
    deliver(greedy.receiver, framed({ messages: messages(MESSAGE_RATE.burst / MODEST_SHARE + 1) }));
    expect(greedy.receiver.readStatus).toBe('paused');
    const modest = await begin('modest', '2.2.2.2');
    deliver(modest.receiver, framed({ messages: messages(MESSAGE_RATE.burst / MODEST_SHARE) }));
    expect(modest.receiver.readStatus).toBe('readable');
    const other = await begin('other', '3.3.3.3');
    deliver(other.receiver, flood);
    expect(other.receiver.readStatus).toBe('readable');
  });

  it('reads bytes beyond their rate later, and sooner if nothing of them was looked at', async () => {
    const { begin, intake, time } = await setUp();
    const [heard, unread] = [await begin('heard'), await begin('unread')];
    const part = framed({ messages: [{ topic, data: new Uint8Array(BYTE_RATE.burst / 8 - 100) }] });
    for (const { receiver } of [heard, unread]) {
      for (let count = 0; count < 4; count++) deliver(receiver, part);
      expect(receiver.readStatus).toBe('readable');
    }
    intake.wasUnread('unread' as PeerId, part.length);
    intake.wasUnread('unread' as PeerId, part.length);
    expect([heard, unread].map(({ receiver }) => receiver.readStatus)).toEqual(['readable', 'paused']);
    for (let count = 0; count < 5; count++) deliver(heard.receiver, part);
    expect(heard.receiver.readStatus).toBe('paused');
    // However much it was, it is over soon.
    time.now = 10_000;
    const later = await begin('unread');
    deliver(later.receiver, part);
    expect(later.receiver.readStatus).toBe('readable');
  });

  it('gives messages that were not heard before a rate of their own', async () => {
    const { begin, intake } = await setUp();
    const { receiver } = await begin('flood');
    const send = () => intake.sentNew('flood' as PeerId);
    for (let count = 0; count < NEW_MESSAGE_RATE.burst; count++) send();
    expect(receiver.readStatus).toBe('readable');
    send();
    expect(receiver.readStatus).toBe('paused');
  });

  it('never holds up a busy network: fifty daemons behind one address, and a mesh of twelve', async () => {
    const { begin, intake, time } = await setUp();
    const [daemons, batchesPerSecond, mesh] = [50, 10, 12];
    const all = await Promise.all(Array.from({ length: mesh }, (_, index) => begin(`peer${index}`)));
    const ids = Array.from({ length: 1_050 }, () => new Uint8Array(20));
    const batch = framed({ messages: messages(1) });
    for (let tenth = 0; tenth < 280; tenth++, time.now += 100) {
      for (const [index, { connection, receiver }] of all.entries()) {
        for (let count = 0; count < (daemons * batchesPerSecond) / 10; count++) {
          deliver(receiver, batch);
          if (index === tenth % mesh) intake.sentNew(connection.remotePeer.toString() as PeerId);
        }
        // Each heartbeat, ids of the last three; and now and then all of them asked for, in one frame.
        if (tenth % 7 !== 0) continue;
        const told = { topicID: topic, messageIDs: ids };
        deliver(
          receiver,
          framed({ control: { ihave: [told], iwant: [], graft: [], prune: [], idontwant: [] } }),
        );
        if (tenth % 140 === 0) deliver(receiver, framed({ messages: messages(ids.length) }));
      }
      expect(all.map(({ receiver }) => receiver.readStatus)).not.toContain('paused');
    }
  });
});
