/**
 * A client of a daemon's HTTP API, typed by its contract.
 *
 *     const client = new TallyClient();
 *     const { height } = await client.call('status');
 *     const block = await client.call('block', { params: { block: 'tip' } });
 *     for await (const { data } of client.events({ signal })) console.log(data.event);
 */
import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { AnswerOf, BodyOf, ErrorJson, ParamsOf, QueryOf, SubmitResultJson } from './contract.ts';
import type { LiveEventJson, LiveEventType } from './live-event.ts';
import {
  BATCH_MEDIA_TYPE,
  EVENTS_HEARTBEAT_MS,
  type RouteName,
  routes,
  TRANSACTION_MEDIA_TYPE,
} from './routes.ts';

export const DEFAULT_API_URL = 'http://127.0.0.1:8141';
/** Answers that need no search, dial or validation come within milliseconds; the rest is for a busy machine. */
const DEFAULT_TIMEOUT_MS = 15_000;
/** Without a byte of a chain file for so long, the daemon is gone. */
const CHAIN_FILE_STALL_MS = 60_000;
/** One event is below 1 kB; more without an end is not our stream. */
const MAX_EVENT_CHARACTERS = 64 * 1_024;

export interface TallyClientOptions {
  /** Default `http://127.0.0.1:8141`. */
  readonly url?: string;
  /** Of `DATA/api-token`; needed for `mine`, `addPeers`, `chainResolve` if the API listens beyond loopback. */
  readonly token?: string;
  /** For each call; default 15 s. */
  readonly timeoutMs?: number;
  /** Default the platform's. */
  readonly fetch?: typeof fetch;
}

/** The daemon said no, in its words. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status. */
  readonly status: number;
  /** A rule's name, a policy's, or one of the API's own such as `not-found`. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** No answer, or none of a daemon's. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

type Part<Name extends string, T> = [T] extends [undefined]
  ? { readonly [Key in Name]?: never }
  : { readonly [Key in Name]: T };
type Query<T> = [T] extends [undefined] ? { readonly query?: never } : { readonly query?: T };

/** What a call of a route takes, besides how long it may take. */
type CallInput<Name extends RouteName> = Part<'params', ParamsOf<Name>> &
  Query<QueryOf<Name>> &
  Part<'body', BodyOf<Name>>;

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** `Infinity`: as long as it takes. */
  readonly timeoutMs?: number;
}

type Arguments<Name extends RouteName> =
  Record<never, never> extends CallInput<Name>
    ? [input?: CallInput<Name>, options?: CallOptions]
    : [input: CallInput<Name>, options?: CallOptions];

export interface LiveEvent {
  /** Pass it as `after` to go on behind this event. */
  readonly id: string;
  readonly type: LiveEventType | 'missed';
  readonly data: LiveEventJson;
}

export class TallyClient {
  readonly url: string;
  readonly #options: TallyClientOptions;

  /** @throws TypeError if the URL is none */
  constructor(options: TallyClientOptions = {}) {
    this.url = new URL(options.url ?? DEFAULT_API_URL).href.replace(/\/+$/, '');
    this.#options = options;
  }

  /**
   * Calls one route.
   *
   * @throws ApiError if the daemon refuses, ConnectionError if there is no answer
   */
  async call<Name extends RouteName>(
    name: Name,
    ...[input, options]: Arguments<Name>
  ): Promise<AnswerOf<Name>> {
    const { method } = routes[name];
    const body = input?.body;
    const response = await this.#fetch(
      this.#urlOf(name, input?.params as object | undefined, input?.query as object | undefined),
      {
        method,
        headers: this.#headers({
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        }),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...this.#deadline(options),
      },
    );
    return (await this.#readJson(response)) as AnswerOf<Name>;
  }

  /** A block's SSZ bytes. @param block id, height or `tip` */
  async blockBytes(block: string, options?: CallOptions): Promise<Uint8Array> {
    const response = await this.#fetch(this.#urlOf('block', { block }), {
      headers: this.#headers({ accept: 'application/octet-stream' }),
      ...this.#deadline(options),
    });
    if (!response.ok) await this.#refuse(response);
    return new Uint8Array(await this.#reading(response.arrayBuffer()));
  }

  /**
   * A chain file (docs/protocol.md, section 12), as it comes.
   *
   * @param from height of its first block
   * @throws ApiError, ConnectionError if it breaks off or nothing comes for a minute
   */
  async *chainFile(from: number, { signal }: { signal?: AbortSignal } = {}): AsyncGenerator<Uint8Array> {
    const stalled = new AbortController();
    const silent = (): void => stalled.abort(new Error('the daemon went silent'));
    let timer = setTimeout(silent, CHAIN_FILE_STALL_MS);
    try {
      const response = await this.#fetch(this.#urlOf('chainExport', {}, { from }), {
        headers: this.#headers({ accept: 'application/octet-stream' }),
        signal: AbortSignal.any([stalled.signal, ...(signal === undefined ? [] : [signal])]),
      });
      if (!response.ok || response.body === null) await this.#refuse(response);
      for await (const chunk of iterate(response.body as ReadableStream<Uint8Array>)) {
        clearTimeout(timer);
        yield chunk;
        timer = setTimeout(silent, CHAIN_FILE_STALL_MS);
      }
    } catch (cause) {
      if (cause instanceof ApiError) throw cause;
      throw this.#lost(cause);
    } finally {
      clearTimeout(timer);
      stalled.abort();
    }
  }

  /** Submits one signed transaction as SSZ bytes. @returns its id */
  async submitBytes(bytes: Uint8Array<ArrayBuffer>, options?: CallOptions): Promise<string> {
    const answer = await this.#submitAs(TRANSACTION_MEDIA_TYPE, bytes, options);
    return (answer as { id: string }).id;
  }

  /**
   * Submits a batch as SSZ bytes, which the daemon takes in faster than JSON.
   *
   * @param bytes of a list of up to `MAX_BATCH_TRANSACTIONS` signed transactions
   * @returns a result for each, in the same order
   */
  async submitBatchBytes(bytes: Uint8Array<ArrayBuffer>, options?: CallOptions): Promise<SubmitResultJson[]> {
    const answer = await this.#submitAs(BATCH_MEDIA_TYPE, bytes, options);
    return (answer as { results: SubmitResultJson[] }).results;
  }

  async #submitAs(
    mediaType: string,
    bytes: Uint8Array<ArrayBuffer>,
    options: CallOptions | undefined,
  ): Promise<unknown> {
    const response = await this.#fetch(this.#urlOf('submit'), {
      method: 'POST',
      headers: this.#headers({ accept: 'application/json', 'content-type': mediaType }),
      body: bytes,
      ...this.#deadline(options),
    });
    return await this.#readJson(response);
  }

  /**
   * The live feed, until `signal` aborts.
   *
   * @param options.after id of the last event seen: it resumes behind it
   * @throws ConnectionError when the connection is lost: call again with `after`
   */
  async *events(options: { signal?: AbortSignal; after?: string } = {}): AsyncGenerator<LiveEvent> {
    const watchdog = new AbortController();
    const signals = options.signal === undefined ? [] : [options.signal];
    const response = await this.#fetch(this.#urlOf('events'), {
      headers: this.#headers({
        accept: 'text/event-stream',
        ...(options.after === undefined ? {} : { 'last-event-id': options.after }),
      }),
      signal: AbortSignal.any([watchdog.signal, ...signals]),
    });
    if (!response.ok || response.body === null) await this.#refuse(response);
    // Three heartbeats missed: the other side is gone, even if no packet said so.
    const bite = (): void => watchdog.abort(new Error('the daemon went silent'));
    let timer = setTimeout(bite, 3 * EVENTS_HEARTBEAT_MS);
    const feed = (): void => {
      clearTimeout(timer);
      timer = setTimeout(bite, 3 * EVENTS_HEARTBEAT_MS);
    };
    try {
      const messages = (response.body as ReadableStream<Uint8Array<ArrayBuffer>>)
        .pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream({ onComment: feed, maxBufferSize: MAX_EVENT_CHARACTERS }));
      for await (const { id, event, data } of iterate(messages)) {
        feed();
        yield {
          id: id ?? '',
          type: event as LiveEvent['type'],
          data: JSON.parse(data) as LiveEventJson,
        };
      }
    } catch (cause) {
      if (options.signal?.aborted === true) return;
      throw this.#lost(cause);
    } finally {
      clearTimeout(timer);
      watchdog.abort();
    }
    if (options.signal?.aborted !== true) throw this.#lost(new Error('the daemon closed the stream'));
  }

  #urlOf(name: RouteName, params: object = {}, query: object = {}): string {
    let path: string = routes[name].url;
    for (const [key, value] of Object.entries(params)) {
      path = path.replace(`:${key}`, encodeURIComponent(String(value)));
    }
    const search = new URLSearchParams();
    for (const [key, value] of Object.entries(query)) {
      if (value !== undefined) search.set(key, String(value));
    }
    return `${this.url}${path}${search.size === 0 ? '' : `?${search}`}`;
  }

  #headers(headers: Record<string, string>): Record<string, string> {
    const { token } = this.#options;
    return token === undefined ? headers : { ...headers, authorization: `Bearer ${token}` };
  }

  #deadline(options: CallOptions = {}): { signal?: AbortSignal } {
    const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const signals = options.signal === undefined ? [] : [options.signal];
    if (timeoutMs !== Number.POSITIVE_INFINITY) signals.push(AbortSignal.timeout(timeoutMs));
    return signals.length === 0 ? {} : { signal: AbortSignal.any(signals) };
  }

  async #fetch(url: string, init: RequestInit): Promise<Response> {
    return await this.#reading((this.#options.fetch ?? fetch)(url, init));
  }

  async #readJson(response: Response): Promise<unknown> {
    if (!response.ok) await this.#refuse(response);
    const text = await this.#reading(response.text());
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new ConnectionError(`${this.url} does not answer like a tally daemon`, { cause });
    }
  }

  /** @throws ApiError always: as the daemon put it, or the bare status of somebody else */
  async #refuse(response: Response): Promise<never> {
    const text = await this.#reading(response.text());
    try {
      const { error } = JSON.parse(text) as ErrorJson;
      if (typeof error.message === 'string') throw new ApiError(response.status, error.code, error.message);
    } catch (error) {
      if (error instanceof ApiError) throw error;
    }
    throw new ApiError(
      response.status,
      'unknown',
      `${this.url} answered with HTTP status ${response.status}`,
    );
  }

  async #reading<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (cause) {
      throw this.#lost(cause);
    }
  }

  #lost(cause: unknown): ConnectionError {
    if (cause instanceof ConnectionError) return cause;
    const timedOut = cause instanceof DOMException && cause.name === 'TimeoutError';
    const reason = timedOut ? 'did not answer in time' : `does not answer (${reasonOf(cause)})`;
    return new ConnectionError(`the daemon at ${this.url} ${reason}`, { cause });
  }
}

/** `fetch` hides the reason in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause instanceof Error ? error.cause : error;
  return 'code' in inner && typeof inner.code === 'string' ? inner.code : inner.message;
}

/** Browsers cannot all iterate a stream. */
async function* iterate<T>(stream: ReadableStream<T>): AsyncGenerator<T> {
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    reader.releaseLock();
  }
}
