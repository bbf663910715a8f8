/** Yamux with what it lacks: a watch over its frames, and a bound on what waits to be sent. */
import { yamux } from '@chainsafe/libp2p-yamux';
import type { MessageStream, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface';
import { FrameWatch, STREAM_WINDOW_BYTES } from './frame-watch.ts';
import { MAX_UNSENT_BYTES_OF_CONNECTION } from './unsent-bytes.ts';

/** Streams a peer may have open at once: its gossip, its questions of all kinds, and those that get `busy`. */
const MAX_INBOUND_STREAMS_OF_CONNECTION = 128;

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
    },
  });
  return () => {
    const factory = create();
    const createStreamMuxer = factory.createStreamMuxer.bind(factory);
    factory.createStreamMuxer = (stream) => {
      // Before the muxer, which listens to the same event.
      watch(stream, (reason) => onOffence(muxer, reason));
      const muxer = createStreamMuxer(stream);
      return muxer;
    };
    return factory;
  };
}

function watch(stream: MessageStream, onOffence: (reason: string) => void): void {
  stream.maxWriteBufferLength = MAX_UNSENT_BYTES_OF_CONNECTION;
  const frames = new FrameWatch(() => performance.now());
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
