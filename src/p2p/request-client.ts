/** Asks a peer: opens a stream, sends one chunk, ends its side, reads the result byte and the chunks to the end. */
import type { Connection } from '@libp2p/interface';
import { timeLimit } from '../client/timers.ts';
import { RequestError, type RequestFailure, type RequestLimits } from '../node/ports.ts';
import { RESULT } from '../node/wire.ts';
import { type ChunkStream, chunkStream, FramingError } from './chunk-stream.ts';
import { asError, isCausedBy } from './errors.ts';
import { MAX_ANSWER_BYTES } from './request-limits.ts';

export interface AskLimits extends RequestLimits {
  /** That nothing at all comes from the peer: then no answer says that the line is cut, not that the peer is slow. */
  readonly isSilent: () => boolean;
}

/** @throws RequestError, and nothing else */
export async function ask(
  connection: Connection,
  protocol: string,
  request: Uint8Array,
  limits: AskLimits,
): Promise<Uint8Array[]> {
  const limit = timeLimit(Math.max(0, limits.deadlineMs));
  const { signal } = limit;
  let abort: ((error: Error) => void) | undefined;
  const progress = { hasBegun: false };
  try {
    const stream = await connection.newStream(protocol, { signal });
    abort = (error) => stream.abort(error);
    const chunks = chunkStream(stream, limits.maxChunkBytes);
    await chunks.write(request, signal);
    // Ends our side only; the other is read to its end, which makes the stream free again.
    await stream.close({ signal });
    const { answer, isWhole } = await readAnswer(chunks, limits, signal, progress);
    // The rest would take the line from what is asked next.
    if (!isWhole) stream.abort(new Error('the rest of the answer came too late'));
    return answer;
  } catch (thrown) {
    const error = asRequestError(thrown, signal, limits, progress);
    abort?.(error);
    throw error;
  } finally {
    limit.end();
  }
}

async function readAnswer(
  chunks: ChunkStream,
  limits: RequestLimits,
  signal: AbortSignal,
  progress: { hasBegun: boolean },
): Promise<{ readonly answer: Uint8Array[]; readonly isWhole: boolean }> {
  checkResult(await chunks.read(signal));
  progress.hasBegun = true;
  const answer: Uint8Array[] = [];
  let bytes = 0;
  let isWhole = true;
  for (;;) {
    const chunk = await chunks.read(signal).catch((cause: unknown) => {
      isWhole = false;
      if (limits.keepsWhole === true && signal.aborted && answer.length > 0) return undefined;
      throw cause;
    });
    if (chunk === undefined) return { answer, isWhole };
    if (answer.length === limits.maxChunks) throw new FramingError(`more than ${limits.maxChunks} chunks`);
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new FramingError(`an answer of more than ${MAX_ANSWER_BYTES} bytes`);
    answer.push(chunk);
  }
}

const REFUSALS = new Map<number, string>([
  [RESULT.invalid, 'the peer finds the request invalid'],
  [RESULT.busy, 'the peer is asked too much: wait before asking it again'],
  [RESULT.failed, 'the peer failed to answer'],
]);

function checkResult(result: Uint8Array | undefined): void {
  // So it is when the peer stops while it is asked: the stream ends in good order, and it is no fault.
  if (result === undefined)
    throw new RequestError('disconnected', 'the peer ended the stream without an answer');
  if (result.length !== 1) throw new FramingError('the answer does not begin with a result byte');
  const code = result[0] ?? RESULT.failed;
  if (code === RESULT.ok) return;
  const refusal = REFUSALS.get(code);
  if (refusal === undefined) throw new FramingError(`the result byte ${code} means nothing`);
  throw new RequestError('refused', refusal);
}

function asRequestError(
  thrown: unknown,
  signal: AbortSignal,
  limits: AskLimits,
  { hasBegun }: { readonly hasBegun: boolean },
): RequestError {
  if (thrown instanceof RequestError) return thrown;
  const cause = asError(thrown);
  const fail = (failure: RequestFailure, message: string) =>
    new RequestError(failure, message, { cause, hasBegun });
  if (cause instanceof FramingError) return fail('malformed', `the answer is malformed: ${cause.message}`);
  if (signal.aborted && limits.isSilent()) return fail('disconnected', 'the line is silent');
  if (signal.aborted) return fail('timeout', `no answer within ${limits.deadlineMs} ms`);
  if (isCausedBy(cause, 'UnsupportedProtocolError')) {
    return fail('unsupported', 'the peer does not speak this protocol: most likely it is on another network');
  }
  if (isCausedBy(cause, 'StreamBufferError')) return fail('malformed', 'the peer sends faster than it may');
  if (isCausedBy(cause, 'TooManyOutboundProtocolStreamsError')) {
    return fail('refused', 'too many requests to this peer are under way already');
  }
  return fail('disconnected', `the connection broke: ${cause.message}`);
}
