/** Yamux under a flood: of tiny frames, and of bytes for streams that have no protocol yet. */
import type { MultiaddrConnection, StreamMuxer } from '@libp2p/interface';
import { multiaddrConnectionPair } from '@libp2p/utils';
import { describe, expect, it, vi } from 'vitest';
import { FRAME_RATE, FrameWatch, STREAM_WINDOW_BYTES } from '../../src/p2p/connections/frame-watch.ts';
import { guardedYamux } from '../../src/p2p/connections/guarded-muxer.ts';
import { MAX_UNSENT_BYTES_OF_CONNECTION } from '../../src/p2p/connections/unsent-bytes.ts';

const [DATA, WINDOW_UPDATE] = [0, 1];
const [NONE, SYN] = [0, 1];

function frame(type: number, flags: number, stream: number, dataBytes = 0): Uint8Array {
  const bytes = new Uint8Array(12 + dataBytes);
  const view = new DataView(bytes.buffer);
  view.setUint8(1, type);
  view.setUint16(2, flags);
  view.setUint32(4, stream);
  view.setUint32(8, dataBytes);
  return bytes;
}

interface Party {
  readonly attacker: MultiaddrConnection;
  readonly victim: MultiaddrConnection;
  readonly muxer: StreamMuxer;
  readonly offences: string[];
}

function party(): Party {
  const [attacker, victim] = multiaddrConnectionPair();
  const offences: string[] = [];
  const muxer = guardedYamux((_, reason) => offences.push(reason))().createStreamMuxer(victim);
  return { attacker, victim, muxer, offences };
}

const readStatusOf = (connection: MultiaddrConnection) =>
  (connection as unknown as { readStatus: string }).readStatus;

describe('a flood of tiny frames', () => {
  it('owes time once it is beyond a rate, whether it is noise that carries it or yamux', () => {
    let now = 0;
    const watch = new FrameWatch(() => now);
    const update = frame(WINDOW_UPDATE, NONE, 1);
    for (let count = 0; count < FRAME_RATE.burst / 2; count++) {
      watch.decrypted();
      watch.take(update);
    }
    expect(watch.owedMs()).toBe(0);
    for (let count = 0; count < FRAME_RATE.perSecond; count++) watch.decrypted();
    expect(watch.owedMs()).toBe(1_000);
    now = 1_000;
    expect(watch.owedMs()).toBe(0);
  });

  it('is read later, and costs an honest peer nothing', async () => {
    const { attacker, offences, victim } = party();
    const count = FRAME_RATE.burst + FRAME_RATE.perSecond;
    const updates = Buffer.concat(Array.from({ length: count }, () => frame(WINDOW_UPDATE, NONE, 1)));
    attacker.send(updates);
    await vi.waitFor(() => expect(readStatusOf(victim)).toBe('paused'));
    await vi.waitFor(() => expect(readStatusOf(victim)).toBe('readable'), 20_000);
    expect([offences, victim.status]).toEqual([[], 'open']);
  });
});

it('of many inbound connections that flood together, one that does little is read all the same', () => {
  const create = guardedYamux(() => {})();
  const join = () => {
    const [attacker, victim] = multiaddrConnectionPair();
    create.createStreamMuxer(victim);
    const receive = (frames: number) => {
      for (let count = 0; count < frames; count++)
        (victim as unknown as { onData(data: Uint8Array): void }).onData(frame(WINDOW_UPDATE, NONE, 1));
    };
    return { attacker, victim, receive };
  };
  // Each within its own rate, all of them together beyond it.
  const flood = Array.from({ length: 8 }, join);
  const quiet = join();
  for (const { receive } of flood) receive(FRAME_RATE.burst / 4);
  quiet.receive(100);
  expect(flood.map(({ victim }) => readStatusOf(victim))).toContain('paused');
  expect(readStatusOf(quiet.victim)).toBe('readable');
});

describe('a stream without a protocol', () => {
  it('takes a window, and is reset if more comes', async () => {
    const { attacker, muxer } = party();
    muxer.addEventListener('stream', ({ detail: stream }) => stream.addEventListener('message', () => {}));
    attacker.send(frame(DATA, SYN, 1, STREAM_WINDOW_BYTES));
    await vi.waitFor(() => expect(muxer.streams.map(({ status }) => status)).toEqual(['open']));
    const [stream] = muxer.streams;
    attacker.send(frame(DATA, NONE, 1, 1));
    await vi.waitFor(() => expect(stream?.status).toBe('aborted'));
  });

  it('takes any number of windows once it has one', async () => {
    const { attacker, muxer } = party();
    let bytes = 0;
    muxer.addEventListener('stream', ({ detail: stream }) => {
      stream.protocol = 'some';
      stream.addEventListener('message', ({ data }) => (bytes += data.byteLength));
    });
    attacker.send(frame(DATA, SYN, 1, STREAM_WINDOW_BYTES));
    attacker.send(frame(DATA, NONE, 1, STREAM_WINDOW_BYTES));
    await vi.waitFor(() => expect(bytes).toBe(2 * STREAM_WINDOW_BYTES));
  });
});

it('what the muxer itself sends is bounded', () => {
  expect(party().victim.maxWriteBufferLength).toBe(MAX_UNSENT_BYTES_OF_CONNECTION);
});
