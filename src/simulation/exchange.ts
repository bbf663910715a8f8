/** A request and its answer on their way between two virtual networks. */
import {
  type ProtocolName,
  RequestError,
  type RequestFailure,
  type RequestHandler,
  type RequestLimits,
  RequestRefused,
} from '../node/ports.ts';
import type { Link, VirtualNetwork } from './virtual-network.ts';

/** Stream, protocol name, lengths and encryption around a request or an answer, about. */
const REQUEST_OVERHEAD_BYTES = 96;

/** The answer, or why there is none. */
type Outcome = Uint8Array[] | RequestError;

export class Exchange {
  readonly answer: Promise<Uint8Array[]>;
  readonly #resolve: (chunks: Uint8Array[]) => void;
  readonly #reject: (error: RequestError) => void;
  readonly #asker: VirtualNetwork;
  readonly #link: Link;
  readonly #limits: RequestLimits;
  readonly #endsAtMs: number;
  #isOver = false;

  constructor(
    asker: VirtualNetwork,
    link: Link,
    protocol: ProtocolName,
    request: Uint8Array,
    limits: RequestLimits,
  ) {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array[]>();
    const { scheduler } = asker.hub;
    this.answer = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#asker = asker;
    this.#link = link;
    this.#limits = limits;
    this.#endsAtMs = scheduler.nowMs + limits.deadlineMs;
    link.exchanges.add(this);
    const delayMs = this.#send(asker, link.other, request.length);
    if (delayMs === undefined || delayMs >= limits.deadlineMs) this.#timeOut();
    else scheduler.after(delayMs, () => this.#arrive(protocol, request));
  }

  /** Ends it without an answer. */
  fail(failure: RequestFailure, message: string): void {
    this.#settle(new RequestError(failure, message));
  }

  #send(from: VirtualNetwork, to: VirtualNetwork, length: number): number | undefined {
    const size = length + REQUEST_OVERHEAD_BYTES;
    from.traffic.sentBytes += size;
    from.traffic.sentMessages++;
    const { lines, scheduler } = from.hub;
    const delayMs = lines.send(from.site, to.site, size, scheduler.nowMs);
    if (delayMs !== undefined) {
      to.traffic.receivedBytes += size;
      to.traffic.receivedMessages++;
    }
    return delayMs;
  }

  /** The deadline is only waited for where it is known that nothing else will come. */
  #timeOut(): void {
    const { scheduler } = this.#asker.hub;
    scheduler.after(this.#endsAtMs - scheduler.nowMs, () => {
      this.fail('timeout', `no answer within ${this.#limits.deadlineMs} ms`);
    });
  }

  #arrive(protocol: ProtocolName, request: Uint8Array): void {
    const { other } = this.#link;
    if (this.#isOver) return;
    if (!other.isListening) {
      this.#timeOut();
      return;
    }
    other.hub.observer.requestArrived?.(other, this.#asker, protocol, request.length);
    const entry = other.handlerOf(protocol);
    if (entry === undefined) {
      this.#reply(new RequestError('unsupported', `${other.self} does not speak ${protocol}`));
    } else if (request.length > entry.maxRequestBytes) {
      this.#reply(new RequestError('refused', 'the request is too long'));
    } else {
      this.#handle(entry.handler, request);
    }
  }

  #handle(handler: RequestHandler, request: Uint8Array): void {
    try {
      const chunks = handler(request, this.#asker.self);
      if (Symbol.iterator in chunks) {
        this.#reply([...chunks]);
        return;
      }
      this.#timeOut();
      this.#gather(chunks).then(
        (all) => this.#reply(all),
        (error) => this.#reply(refusal(error)),
      );
    } catch (error) {
      this.#reply(refusal(error));
    }
  }

  async #gather(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
    const all: Uint8Array[] = [];
    for await (const chunk of chunks) {
      all.push(chunk);
      if (this.#isOver) break;
    }
    return all;
  }

  #reply(outcome: Outcome): void {
    if (this.#isOver) return;
    const { scheduler } = this.#asker.hub;
    const length =
      outcome instanceof RequestError ? 0 : outcome.reduce((sum, chunk) => sum + chunk.length, 0);
    const delayMs = this.#send(this.#link.other, this.#asker, length);
    if (delayMs === undefined || scheduler.nowMs + delayMs >= this.#endsAtMs) this.#timeOut();
    else scheduler.after(delayMs, () => this.#settle(this.#withinLimits(outcome)));
  }

  #withinLimits(outcome: Outcome): Outcome {
    const { maxChunkBytes, maxChunks } = this.#limits;
    if (outcome instanceof RequestError) return outcome;
    if (outcome.length <= maxChunks && outcome.every((chunk) => chunk.length <= maxChunkBytes))
      return outcome;
    return new RequestError('malformed', 'the answer is over the limits');
  }

  #settle(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#link.exchanges.delete(this);
    // A process that died asks no more: nothing of it goes on, and nothing of it may touch its disk.
    if (!this.#asker.isListening) return;
    if (outcome instanceof RequestError) this.#reject(outcome);
    else this.#resolve(outcome);
  }
}

function refusal(error: unknown): RequestError {
  const reason = error instanceof RequestRefused ? error.message : `it failed: ${error}`;
  return new RequestError('refused', reason, { cause: error });
}
