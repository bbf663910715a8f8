/** What is read along of gossip before gossipsub takes it. */
import type { Connection, Stream } from '@libp2p/interface';
import { streamPair } from '@libp2p/utils';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { withLength } from '../../src/p2p/chunk-stream.ts';
import {
  FRAME_RATE,
  FrameReader,
  GossipIntake,
  LONGEST_FRAME_MS,
  MAX_UNFINISHED_BYTES,
} from '../../src/p2p/gossip-intake.ts';

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
          let begun = 0;
          let at = 0;
          for (const cut of [...cuts, bytes.length]) {
            begun += reader.take(bytes.subarray(at, at + cut));
            at += cut;
          }
          expect(begun).toBe(frames.length + 1);
          expect(reader.unfinishedBytes).toBe(part);
        },
      ),
    );
  });
});

describe('the intake of gossip', () => {
  const connectionOf = (name: string) => ({ remotePeer: { toString: () => name } }) as unknown as Connection;

  async function setUp() {
    const time = { now: 0 };
    const offenders: Connection[] = [];
    const intake = new GossipIntake(
      () => time.now,
      (connection) => offenders.push(connection),
    );
    async function begin(
      name: string,
    ): Promise<{ sender: Stream; receiver: Stream; connection: Connection }> {
      const [sender, receiver] = await streamPair();
      const connection = connectionOf(name);
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
      const event = Object.assign(new Event('message'), { data: frame });
      receiver.dispatchEvent(event as unknown as Parameters<Stream['dispatchEvent']>[0]);
    }
    intake.watch();
    expect(offenders).toEqual(senders.slice(0, 2));
  });

  it('reads a flood of tiny frames later, and loses none', async () => {
    const { begin } = await setUp();
    const { sender, receiver } = await begin('flood');
    let bytes = 0;
    receiver.addEventListener('message', ({ data }) => (bytes += data.byteLength));
    const frame = withLength(Uint8Array.of(1));
    sender.send(Buffer.concat(Array.from({ length: FRAME_RATE.burst + 10 }, () => frame)));
    await vi.waitFor(() => expect(receiver.readStatus).toBe('paused'));
    sender.send(frame);
    await vi.waitFor(() => expect(receiver.readStatus).toBe('readable'));
    await vi.waitFor(() => expect(bytes).toBe(frame.length * (FRAME_RATE.burst + 11)));
  });
});
