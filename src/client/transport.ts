/** Requests to one daemon: where, as whom, for how long, how often; answers and refusals read. */
import { type BackOff, DEFAULT_BACK_OFF, delayAfter, pause } from './back-off.ts';
import type { ErrorJson } from './contract.ts';
import { ApiError, ConnectionError, isPassing } from './errors.ts';
import { type RouteName, routes } from './routes.ts';
import { steady } from './steady.ts';
import { requireDuration, timeLimit } from './timers.ts';

/** Answers that need no search, dial or validation come within milliseconds; the rest is for a busy machine. */
const DEFAULT_TIMEOUT_MS = 15_000;
/** Failures are tried again for so long: a daemon that was restarted is back, one that was not will not be. */
const DEFAULT_RETRY_FOR_MS = 10_000;

export interface RetryOptions extends Partial<BackOff> {
  /**
   * No try begins later than this after the call, in ms; default 10,000. The call's `timeoutMs` bounds all tries
   * together as well.
   */
  readonly forMs?: number;
}

export interface TransportOptions {
  readonly url: string;
  readonly token?: string;
  readonly timeoutMs?: number;
  readonly retry?: RetryOptions | false;
  readonly fetch?: typeof fetch;
}

export interface CallOptions {
  /** Ends the call at once, with a `ConnectionError`. */
  readonly signal?: AbortSignal;
  /** For the call and all its retries. `Infinity`: as long as it takes. */
  readonly timeoutMs?: number;
  /** Instead of the client's. */
  readonly retry?: RetryOptions | false;
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** Doing it twice is doing it once. */
  readonly idempotent: boolean;
}

export class Transport {
  /** Without a slash at the end. */
  readonly url: string;
  readonly #options: TransportOptions;

  constructor(options: TransportOptions) {
    this.url = new URL(options.url).href.replace(/\/+$/, '');
    this.#options = options;
  }

  urlOf(name: RouteName, params: object = {}, query: object = {}): string {
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

  /**
   * Sends a request and reads the whole answer, more than once if need be.
   *
   * @param read the body of a successful answer
   */
  async request<T>(
    request: ApiRequest,
    read: (response: Response) => Promise<T>,
    options: CallOptions = {},
  ): Promise<T> {
    const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    requireDuration('timeoutMs', timeoutMs);
    const limit = timeLimit(timeoutMs);
    try {
      return await this.#tries(request, read, { ...options, timeoutMs }, limit.signal);
    } finally {
      limit.end();
    }
  }

  async #tries<T>(
    request: ApiRequest,
    read: (response: Response) => Promise<T>,
    options: CallOptions & { readonly timeoutMs: number },
    limit: AbortSignal,
  ): Promise<T> {
    const signal = options.signal === undefined ? limit : AbortSignal.any([options.signal, limit]);
    const retry = options.retry ?? this.#options.retry ?? {};
    if (retry === false || !request.idempotent) return await this.#once(request, read, signal);
    const { firstDelayMs = 0, forMs = DEFAULT_RETRY_FOR_MS, longestDelayMs = 0 } = retry;
    for (const [name, ms] of Object.entries({ firstDelayMs, forMs, longestDelayMs })) {
      requireDuration(`retry.${name}`, ms);
    }
    const lastStart = performance.now() + Math.min(forMs, options.timeoutMs);
    for (let failures = 1; ; failures++) {
      try {
        return await this.#once(request, read, signal);
      } catch (error) {
        const delayMs = delayAfter(failures, error, { ...DEFAULT_BACK_OFF, ...retry });
        if (!isPassing(error) || signal.aborted || performance.now() + delayMs > lastStart) throw error;
        await pause(delayMs, signal);
        if (signal.aborted) throw options.signal?.aborted === true ? this.lost(signal.reason) : error;
      }
    }
  }

  /** One request whose answer goes on. @returns once the daemon has begun to answer, and well */
  async open(request: ApiRequest, signal: AbortSignal): Promise<Response> {
    const response = await this.#fetch(request, signal);
    if (!response.ok || response.body === null) await this.#refuse(steady(response));
    return response;
  }

  /** @throws ConnectionError if it is no JSON */
  parse(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new ConnectionError(`${this.url} does not answer like a tally daemon`, { cause });
    }
  }

  /** What a failed connection is told as. */
  lost(cause: unknown): ConnectionError {
    if (cause instanceof ConnectionError) return cause;
    const timedOut = cause instanceof DOMException && cause.name === 'TimeoutError';
    const reason = timedOut ? 'did not answer in time' : `does not answer (${reasonOf(cause)})`;
    return new ConnectionError(`the daemon at ${this.url} ${reason}`, { cause });
  }

  async #once<T>(request: ApiRequest, read: (response: Response) => Promise<T>, signal: AbortSignal) {
    const response = steady(await this.#fetch(request, signal));
    if (!response.ok) await this.#refuse(response);
    return await this.#reading(read(response));
  }

  async #fetch({ method, url, headers, body }: ApiRequest, signal: AbortSignal): Promise<Response> {
    const { token } = this.#options;
    return await this.#reading(
      (this.#options.fetch ?? fetch)(url, {
        method,
        headers: token === undefined ? headers : { ...headers, authorization: `Bearer ${token}` },
        signal,
        ...(body === undefined ? {} : { body }),
      }),
    );
  }

  /** @throws ApiError always: as the daemon put it, or the bare status of somebody else */
  async #refuse(response: Response): Promise<never> {
    const retryAfterMs = readRetryAfter(response.headers.get('retry-after'));
    const text = await this.#reading(response.text());
    try {
      const { error } = JSON.parse(text) as ErrorJson;
      if (typeof error.message === 'string') {
        throw new ApiError(response.status, error.code, error.message, retryAfterMs);
      }
    } catch (error) {
      if (error instanceof ApiError) throw error;
    }
    const message = `${this.url} answered with HTTP status ${response.status}`;
    throw new ApiError(response.status, 'unknown', message, retryAfterMs);
  }

  async #reading<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (cause) {
      throw this.lost(cause);
    }
  }
}

/** In seconds or as a date; anything else counts as not given. */
function readRetryAfter(text: string | null): number | undefined {
  if (text === null) return undefined;
  if (/^[0-9]{1,9}$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

/** `fetch` hides the reason in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause instanceof Error ? error.cause : error;
  return 'code' in inner && typeof inner.code === 'string' ? inner.code : inner.message;
}
