/** Yamux with what it lacks: a watch over its frames, and bounds on what waits to be sent, and to be read. */
import { yamux } from '@chainsafe/libp2p-yamux';
import type { MessageStream, Stream, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface';
import { invariant } from '../../core/errors.ts';
import { PacedReading } from '../paced-reading.ts';
import { SharedRate } from '../shared-rate.ts';
import {
  FRAME_RATE,
  FrameWatch,
  INBOUND_FACTOR,
  MODEST_FRAME_SHARE,
  STREAM_WINDOW_BYTES,
} from './frame-watch.ts';
import { MAX_UNSENT_BYTES_OF_CONNECTION } from './unsent-bytes.ts';

/** Streams a peer may have open at once: its gossip, its questions of all kinds, and those that get `busy`. */
const MAX_INBOUND_STREAMS_OF_CONNECTION = 128;
/** What waits in a stream for its reader: a window, and one that was granted before a reader paused. */
const MAX_UNREAD_BYTES_OF_STREAM = 1_024 * 1_024;
/** What may come over a stream before it is known what it is for: as much as fits its first window, sent in good hope. */
const MAX_UNNAMED_BYTES = STREAM_WINDOW_BYTES;

/** What the implementations have beyond their published interfaces. */
interface Encrypted {
  readonly readStatus: Stream['readStatus'];
  onData(data: Uint8Array): void;
}
interface OpensStreams {
  onRemoteStream(stream: Stream & { handleData(frame: Frame): void }): void;
}
interface Frame {
  readonly header: { readonly length: number };
}

/** @param onOffence a peer does what no implementation would; its connection ends */
export function guardedYamux(
  onOffence: (muxer: StreamMuxer, reason: string) => void,
): () => StreamMuxerFactory {
  const create = yamux({
    // See liveness.ts, which does that.
    enableKeepAlive: false,
    maxInboundStreams: MAX_INBOUND_STREAMS_OF_CONNECTION,
    // With more, pausing a fast stream overflows its buffer.
    streamOptions: {
      initialStreamWindowSize: STREAM_WINDOW_BYTES,
      maxStreamWindowSize: STREAM_WINDOW_BYTES,
      maxReadBufferLength: MAX_UNREAD_BYTES_OF_STREAM,
    },
  });
  const now = () => performance.now();
  const inbound = new SharedRate(now, FRAME_RATE, INBOUND_FACTOR, MODEST_FRAME_SHARE);
  let connections = 0;
  return () => {
    const factory = create();
    const createStreamMuxer = factory.createStreamMuxer.bind(factory);
    factory.createStreamMuxer = (stream) => {
      // Before the muxer, which listens to the same event.
      const owner = { peer: `${connections++}`, host: 'inbound' };
      // Whom this node dials is its own choice.
      const spendShared = (frames: number) =>
        stream.direction === 'inbound' ? inbound.spend(owner, frames).ms : 0;
      watch(stream, new FrameWatch(now, spendShared), (reason) => onOffence(muxer, reason));
      const muxer = createStreamMuxer(stream);
      boundUnnamed(muxer);
      return muxer;
    };
    return factory;
  };
}

function watch(stream: MessageStream, frames: FrameWatch, onOffence: (reason: string) => void): void {
  stream.maxWriteBufferLength = MAX_UNSENT_BYTES_OF_CONNECTION;
  paceFrames(stream, frames);
  stream.addEventListener('message', (event) => {
    const parts = event.data instanceof Uint8Array ? [event.data] : event.data;
    for (const part of parts) {
      const problem = frames.take(part);
      if (problem === undefined) continue;
      // The muxer must not see it.
      event.stopImmediatePropagation();
      onOffence(problem);
      stream.abort(new Error(problem));
      return;
    }
  });
}

/** Noise decrypts frames without end, even empty ones, of which nothing above ever hears. */
function paceFrames(stream: MessageStream, frames: FrameWatch): void {
  invariant('onData' in stream && 'readStatus' in stream, 'this version of noise has these members');
  const decrypted = stream as MessageStream & Encrypted;
  const onData = decrypted.onData.bind(decrypted);
  const reading = new PacedReading(decrypted);
  decrypted.onData = (data) => {
    frames.decrypted();
    onData(data);
    reading.wait(frames.owedMs());
  };
}

/** Until a stream has a protocol, its negotiation keeps what comes: up to 4 MiB of each, if it were let. */
function boundUnnamed(muxer: StreamMuxer): void {
  invariant('onRemoteStream' in muxer, 'this version of yamux has this method');
  const opens = muxer as StreamMuxer & OpensStreams;
  const onRemoteStream = opens.onRemoteStream.bind(opens);
  opens.onRemoteStream = (stream) => {
    const handleData = stream.handleData.bind(stream);
    let bytes = 0;
    stream.handleData = (frame) => {
      if (stream.protocol === '') bytes += frame.header.length;
      if (bytes > MAX_UNNAMED_BYTES)
        stream.abort(new Error('it sends before it says what the stream is for'));
      else handleData(frame);
    };
    onRemoteStream(stream);
  };
}
