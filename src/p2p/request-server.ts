/** Answers requests: reads one chunk and the end of the peer's side, then writes the result byte and the chunks. */
import type { Connection, Stream } from '@libp2p/interface';
import { timeLimit } from '../client/timers.ts';
import { RuleError } from '../core/errors.ts';
import { hostOf } from '../node/address-group.ts';
import { type PeerId, type ProtocolName, type RequestHandler, RequestRefused } from '../node/ports.ts';
import { RESULT } from '../node/wire.ts';
import { AnswerPlaces } from './answer-places.ts';
import { type ChunkStream, chunkStream, FramingError } from './chunk-stream.ts';
import { asError } from './errors.ts';
import type { Log } from './log.ts';
import { peerIdOf } from './peer-key.ts';
import {
  ANSWER_DEADLINE_MS,
  ANSWER_KINDS,
  MAX_READING,
  MAX_READING_OF_HOST,
  MAX_READING_PER_PEER,
  READ_REQUEST_DEADLINE_MS,
  REFUSAL_DEADLINE_MS,
  REQUEST_RATE_FACTOR_OF_HOST,
  REQUEST_RATES,
} from './request-limits.ts';
import { TokenBuckets } from './token-buckets.ts';
import { unlessAborted } from './unless-aborted.ts';

export interface ServedProtocol {
  readonly name: ProtocolName;
  readonly maxRequestBytes: number;
  readonly handler: RequestHandler;
}

/** Of a protocol whose requests are short: one that is too long is told so, and not only cut off. */
const LEAST_READ_AHEAD_BYTES = 4 * 1_024;

type Result = (typeof RESULT)[keyof typeof RESULT];

/** Who asks, and over what. */
interface Asking {
  readonly protocol: ServedProtocol;
  readonly peer: PeerId;
  readonly host: string;
  readonly chunks: ChunkStream;
}

export class RequestServer {
  readonly #log: Log;
  readonly #rates = new TokenBuckets(() => performance.now());
  readonly #places: AnswerPlaces;
  /** Requests that are being read: of all, of each host and of each peer. */
  readonly #reading = new Map<string, number>();

  /** @param onStalling a peer asks and does not read, again and again */
  constructor(log: Log, onStalling: (peer: PeerId) => void) {
    this.#log = log;
    this.#places = new AnswerPlaces(() => performance.now(), onStalling);
  }

  /** To be called about once a second: ends answers that are not read. */
  watch(): void {
    this.#places.watch();
  }

  /** Handles one stream to its end. Never rejects: what goes wrong costs the peer this stream only. */
  async serve(protocol: ServedProtocol, stream: Stream, connection: Connection): Promise<void> {
    const peer = peerIdOf(connection.remotePeer);
    try {
      const { maxRequestBytes } = protocol;
      const chunks = chunkStream(stream, maxRequestBytes, Math.max(maxRequestBytes, LEAST_READ_AHEAD_BYTES));
      const host = hostOf(connection.remoteAddr.toString());
      const request = await this.#read(chunks, peer, host);
      await chunks.stopReading();
      const asking = { protocol, peer, host, chunks };
      await untilGone(stream, async (signal, end) => {
        const refusal =
          request === undefined ? RESULT.invalid : await this.#answerIfMay(request, asking, signal, end);
        if (refusal === undefined) await stream.close({ signal });
        else await refuse(stream, chunks, refusal, signal);
      });
      // A stream is over only when both sides ended it, and this peer did not keep to one chunk and an end.
      if (stream.status === 'open') stream.abort(new Error('the request is invalid'));
    } catch (thrown) {
      const error = asError(thrown);
      stream.abort(error);
      this.#log('debug', 'a request was not answered', {
        peer,
        protocol: protocol.name,
        reason: error.message,
      });
    }
  }

  /** @returns undefined if it is no request @throws Error if it does not come soon, or too many are coming */
  async #read(chunks: ChunkStream, peer: PeerId, host: string): Promise<Uint8Array | undefined> {
    const limits = {
      all: MAX_READING,
      [`host ${host}`]: MAX_READING_OF_HOST,
      [`peer ${peer}`]: MAX_READING_PER_PEER,
    };
    for (const [owner, limit] of Object.entries(limits))
      if ((this.#reading.get(owner) ?? 0) >= limit)
        throw new Error('too many requests are on their way at once');
    for (const owner of Object.keys(limits)) this.#count(owner, 1);
    try {
      return await readRequest(chunks);
    } finally {
      for (const owner of Object.keys(limits)) this.#count(owner, -1);
    }
  }

  #count(owner: string, change: 1 | -1): void {
    const now = (this.#reading.get(owner) ?? 0) + change;
    if (now === 0) this.#reading.delete(owner);
    else this.#reading.set(owner, now);
  }

  /** @returns what to refuse it with, if it gets no answer */
  async #answerIfMay(
    request: Uint8Array,
    asking: Asking,
    signal: AbortSignal,
    end: (reason: Error) => void,
  ): Promise<Result | undefined> {
    const { chunks, host, peer, protocol } = asking;
    const { taken, isWaiting } = chunks;
    const leave = this.#mayAsk(asking)
      ? this.#places.enter({ kind: ANSWER_KINDS[protocol.name], peer, host, taken, isWaiting, end })
      : undefined;
    if (leave === undefined) return RESULT.busy;
    try {
      await this.#answer(protocol, request, peer, chunks, signal);
      return undefined;
    } finally {
      leave();
    }
  }

  #mayAsk({ host, peer, protocol: { name } }: Asking): boolean {
    const { burst, perSecond } = REQUEST_RATES[name];
    const ofHost = {
      burst: burst * REQUEST_RATE_FACTOR_OF_HOST,
      perSecond: perSecond * REQUEST_RATE_FACTOR_OF_HOST,
    };
    return (
      this.#rates.take(`${name} ${peer}`, REQUEST_RATES[name]) &&
      this.#rates.take(`${name} of ${host}`, ofHost)
    );
  }

  async #answer(
    protocol: ServedProtocol,
    request: Uint8Array,
    peer: PeerId,
    chunks: ChunkStream,
    signal: AbortSignal,
  ): Promise<void> {
    const answer = produce(protocol.handler, request, peer);
    try {
      let next: IteratorResult<Uint8Array>;
      try {
        // Before the result byte, for until its first chunk is there a handler may still refuse.
        next = await unlessAborted(answer.next(), signal);
      } catch (thrown) {
        return await sendResult(chunks, this.#resultFor(thrown, protocol.name, peer), signal);
      }
      await sendResult(chunks, RESULT.ok, signal);
      while (next.done !== true) {
        await chunks.write(next.value, signal);
        next = await unlessAborted(answer.next(), signal);
      }
    } finally {
      // Lets the handler release what it holds. It may be stuck and never come to it, so nobody waits.
      answer.return(undefined).catch(() => undefined);
    }
  }

  #resultFor(thrown: unknown, protocol: ProtocolName, peer: PeerId): Result {
    if (thrown instanceof RequestRefused) return RESULT[thrown.reason];
    if (thrown instanceof RuleError) return RESULT.invalid;
    this.#log('warn', 'a request could not be answered', { peer, protocol, reason: asError(thrown).message });
    return RESULT.failed;
  }
}

async function* produce(
  handler: RequestHandler,
  request: Uint8Array,
  peer: PeerId,
): AsyncGenerator<Uint8Array> {
  yield* handler(request, peer);
}

/**
 * The one chunk of the peer's side, and its end.
 *
 * @returns undefined if it is anything else, or longer than this protocol's requests are
 */
async function readRequest(chunks: ChunkStream): Promise<Uint8Array | undefined> {
  const signal = AbortSignal.timeout(READ_REQUEST_DEADLINE_MS);
  try {
    const request = await chunks.read(signal);
    return request === undefined || (await chunks.read(signal)) !== undefined ? undefined : request;
  } catch (thrown) {
    if (thrown instanceof FramingError) return undefined;
    throw thrown;
  }
}

function sendResult(chunks: ChunkStream, result: Result, signal: AbortSignal): Promise<void> {
  return chunks.write(Uint8Array.of(result), signal);
}

/** It has no place for an answer, so a peer that does not read its byte is not waited for. */
async function refuse(stream: Stream, chunks: ChunkStream, result: Result, gone: AbortSignal): Promise<void> {
  const limit = timeLimit(REFUSAL_DEADLINE_MS);
  const signal = AbortSignal.any([gone, limit.signal]);
  try {
    await sendResult(chunks, result, signal);
    await stream.close({ signal });
  } finally {
    limit.end();
  }
}

/** Runs with a signal that aborts at the deadline for answers, at once when the stream is gone, or when it is ended. */
async function untilGone(
  stream: Stream,
  run: (signal: AbortSignal, end: (reason: Error) => void) => Promise<void>,
): Promise<void> {
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new Error('the deadline for the answer passed')),
    ANSWER_DEADLINE_MS,
  );
  const onClose = () => controller.abort(new Error('the peer closed the stream'));
  stream.addEventListener('close', onClose);
  try {
    await run(controller.signal, (reason) => controller.abort(reason));
  } finally {
    clearTimeout(timer);
    stream.removeEventListener('close', onClose);
  }
}
