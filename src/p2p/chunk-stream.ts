/**
 * A stream of chunks, each behind its length (unsigned varint, as everywhere in libp2p), with limits both
 * ways: a chunk announced as too long is refused before a byte of it is kept, and the next chunk is not
 * handed over before the muxer took the one before.
 *
 * The bytes come through libp2p's `byteStream`. Its `lpStream` is not used, for it cannot tell a stream that
 * ended in good order from one cut off within a length; nor is its `write`, which waits for one `drain`
 * however little that drained, so that chunks longer than the window pile up.
 */
import type { Stream } from '@libp2p/interface';
import { type ByteStream, byteStream } from '@libp2p/utils';
import { invariant } from '../core/errors.ts';
import { asError } from './errors.ts';

/** Of an answer, what may arrive while its reader is busy: four receive windows of the muxer. */
const READ_AHEAD_BYTES = 1_024 * 1_024;
/** 2^28: longer than any chunk can be. */
const MAX_LENGTH_BYTES = 4;

/** The other side broke the framing. */
export class FramingError extends Error {
  override readonly name = 'FramingError';
}

export interface ChunkStream {
  /**
   * @returns undefined once the other side ended in good order, between two chunks
   * @throws FramingError if a chunk is too long or cut off; another Error if the stream broke
   */
  read(signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Resolves when the muxer took all of it. @throws Error if the stream broke */
  write(chunk: Uint8Array, signal: AbortSignal): Promise<void>;
  /** Bytes written that the muxer took. */
  taken(): number;
  /** Whether bytes are written that the muxer did not take yet. */
  isWaiting(): boolean;
  /** Lets go of what was read ahead; what comes later is thrown away. */
  stopReading(): Promise<void>;
}

/** @param readAheadBytes beyond the longest chunk, kept until they are read; if more comes, the stream is reset */
export function chunkStream(
  stream: Stream,
  maxChunkBytes: number,
  readAheadBytes: number = READ_AHEAD_BYTES,
): ChunkStream {
  let bytes: ByteStream<Stream> | undefined = byteStream(stream, {
    maxBufferSize: maxChunkBytes + readAheadBytes,
  });
  // An orderly end is told by this event only; a reset or a lost connection look the same to a reader.
  let ended = stream.status === 'open' && stream.remoteWriteStatus === 'closed';
  stream.addEventListener('remoteCloseWrite', () => {
    ended = true;
  });
  let written = 0;

  async function take(count: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
    invariant(bytes !== undefined, 'nothing is read once reading has stopped');
    try {
      // A copy: what arrives are views of larger buffers, which would be kept alive with it.
      return new Uint8Array((await bytes.read({ bytes: count, signal })).subarray());
    } catch (thrown) {
      const error = asError(thrown);
      if (error.name === 'UnexpectedEOFError' && ended) return undefined;
      throw error;
    }
  }

  async function readLength(signal: AbortSignal): Promise<number | undefined> {
    let length = 0;
    for (let position = 0; position < MAX_LENGTH_BYTES; position++) {
      const byte = (await take(1, signal))?.[0];
      if (byte === undefined) {
        if (position === 0) return undefined;
        throw new FramingError('the stream ends within the length of a chunk');
      }
      length |= (byte & 0x7f) << (7 * position);
      if (byte < 0x80) return length;
    }
    throw new FramingError(`the length of a chunk takes more than ${MAX_LENGTH_BYTES} bytes`);
  }

  return {
    async read(signal) {
      const length = await readLength(signal);
      if (length === undefined) return undefined;
      if (length > maxChunkBytes)
        throw new FramingError(`a chunk of ${length} bytes of at most ${maxChunkBytes}`);
      const chunk = await take(length, signal);
      if (chunk === undefined) throw new FramingError(`the stream ends within a chunk of ${length} bytes`);
      return chunk;
    },

    async write(chunk, signal) {
      signal.throwIfAborted();
      const framed = withLength(chunk);
      written += framed.length;
      stream.send(framed);
      if (stream.writeBufferLength > 0) await writeBufferEmpty(stream, signal);
    },

    taken: () => written - stream.writeBufferLength,
    isWaiting: () => stream.writeBufferLength > 0,

    async stopReading() {
      try {
        bytes?.unwrap();
      } catch {
        // The stream, which takes nothing back once its peer has ended its side.
      }
      bytes = undefined;
      await stream.closeRead();
    },
  };
}

export function withLength(chunk: Uint8Array): Uint8Array {
  const prefix: number[] = [];
  let rest = chunk.length;
  while (rest >= 0x80) {
    prefix.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  prefix.push(rest);
  const framed = new Uint8Array(prefix.length + chunk.length);
  framed.set(prefix);
  framed.set(chunk, prefix.length);
  return framed;
}

function writeBufferEmpty(stream: Stream, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onClose = (event: Event) => reject(asError(event));
  const onAbort = () => reject(asError(signal.reason));
  stream.addEventListener('idle', () => resolve(), { once: true });
  stream.addEventListener('close', onClose, { once: true });
  signal.addEventListener('abort', onAbort, { once: true });
  return promise.finally(() => {
    stream.removeEventListener('close', onClose);
    signal.removeEventListener('abort', onAbort);
  });
}
