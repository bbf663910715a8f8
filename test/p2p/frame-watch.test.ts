/** What a peer may send as frames of yamux. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameWatch, STREAM_WINDOW_BYTES } from '../../src/p2p/connections/frame-watch.ts';

const [DATA, WINDOW_UPDATE, PING, GO_AWAY] = [0, 1, 2, 3];
const [NONE, SYN, ACK] = [0, 1, 2];

function frame(type: number, flags: number, stream: number, length: number): Uint8Array {
  const bytes = new Uint8Array(12 + (type === DATA ? length : 0));
  const view = new DataView(bytes.buffer);
  view.setUint8(1, type);
  view.setUint16(2, flags);
  view.setUint32(4, stream);
  view.setUint32(8, length);
  return bytes;
}

describe('the watch over frames', () => {
  it('lets an ordinary conversation pass, however it is cut into pieces', () => {
    const conversation = Buffer.concat([
      frame(WINDOW_UPDATE, SYN, 1, STREAM_WINDOW_BYTES),
      frame(DATA, NONE, 1, 40),
      frame(PING, SYN, 0, 7),
      frame(PING, ACK, 0, 7),
      frame(DATA, NONE, 1, STREAM_WINDOW_BYTES),
      frame(DATA, NONE, 1, 0),
      frame(GO_AWAY, NONE, 0, 0),
    ]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100_000 })), (cuts) => {
        const watch = new FrameWatch(() => 0);
        let at = 0;
        for (const cut of [...cuts, conversation.length]) {
          expect(watch.take(conversation.subarray(at, at + cut))).toBeUndefined();
          at += cut;
        }
      }),
    );
  });

  it('does not take data for frames', () => {
    const watch = new FrameWatch(() => 0);
    const data = frame(DATA, NONE, 1, 12_000);
    for (let count = 0; count < 1_000; count++) data.set(frame(PING, SYN, 0, count), 12 + 12 * count);
    expect(watch.take(data)).toBeUndefined();
  });

  it('finds a frame longer than a window from its head alone', () => {
    const head = frame(WINDOW_UPDATE, NONE, 1, STREAM_WINDOW_BYTES + 1);
    head[1] = DATA;
    expect(new FrameWatch(() => 0).take(head)).toMatch(/a frame of 262145 bytes/);
  });

  it('finds a flood of pings, and none in one every few seconds', () => {
    let now = 0;
    const watch = new FrameWatch(() => now);
    for (let count = 0; count < 10_000; count++, now += 1_000)
      expect(watch.take(frame(PING, SYN, 0, count))).toBeUndefined();
    const flood = Array.from({ length: 100 }, () => watch.take(frame(PING, SYN, 0, 0)));
    expect(flood.at(-1)).toMatch(/flood of pings/);
  });

  it('has new streams paid for as the frames they are worth, and with what others have, too', () => {
    let spent = 0;
    const watch = new FrameWatch(
      () => 0,
      (frames) => {
        spent += frames;
        return 70;
      },
    );
    for (let count = 0; count < 10; count++) watch.take(frame(WINDOW_UPDATE, SYN, 2 * count + 1, 0));
    expect(watch.owedMs()).toBe(70);
    expect(spent).toBe(10 * 65);
  });

  it('finds streams opened without end', () => {
    const watch = new FrameWatch(() => 0);
    const opened = Array.from({ length: 3_000 }, (_, count) =>
      watch.take(frame(WINDOW_UPDATE, SYN, 2 * count + 1, 0)),
    );
    expect(opened.slice(0, 1_000).every((problem) => problem === undefined)).toBe(true);
    expect(opened.at(-1)).toMatch(/streams without end/);
  });
});
