/** The daemon's live feed: one connection of it, and one that goes on over all breaks. */
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { DEFAULT_BACK_OFF, delayAfter, pause } from './back-off.ts';
import { ApiError, isPassing } from './errors.ts';
import type { LiveEventJson, LiveEventType } from './live-event.ts';
import { EVENTS_HEARTBEAT_MS } from './routes.ts';
import type { Transport } from './transport.ts';

/** One event is below 1 kB; more without an end is not our stream. */
const MAX_EVENT_CHARACTERS = 64 * 1_024;
/** Three heartbeats missed: the other side is gone, even if no packet said so. */
const SILENCE_MS = 3 * EVENTS_HEARTBEAT_MS;
/** A daemon that says nothing for so long after a request will not. */
const CONNECT_MS = 15_000;

/** One event of any stream. */
export interface StreamEvent {
  /** Empty if it has none: it is no news but how something stands. */
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
}

/** One event of the feed. */
export type LiveEvent =
  | {
      /** Pass it as `after` to go on behind this event. */
      readonly id: string;
      readonly type: LiveEventType;
      readonly data: LiveEventJson;
    }
  | {
      readonly id: string;
      /** Some events in between are no longer kept: look at the daemon's state anew. */
      readonly type: 'missed';
      readonly data: {
        /** The last event before the gap, if there was one. */
        readonly after?: number;
      };
    };

/** How the connection of a feed that resumes stands. */
export type ConnectionState =
  | { readonly connected: true }
  | {
      readonly connected: false;
      /** Why. */
      readonly error: Error;
      /** When it is tried again. */
      readonly retryInMs: number;
    };

export interface EventsOptions {
  /** Ends the feed, at once. */
  readonly signal?: AbortSignal;
  /** Id of the last event seen: it goes on behind that. */
  readonly after?: string;
  /**
   * Whether it goes on after a lost connection, where it was; an event of type `missed` tells of a gap. Without,
   * the feed ends with a `ConnectionError`. Default: false.
   */
  readonly resume?: boolean;
  /** Told, if it resumes, whenever the connection comes and goes. */
  readonly onConnection?: (state: ConnectionState) => void;
}

/** @returns the events of one connection, once it stands @throws ConnectionError, ApiError */
export async function openEvents(
  transport: Transport,
  options: EventsOptions,
): Promise<AsyncGenerator<LiveEvent>> {
  const events = await openStream(transport, transport.urlOf('events'), options, MAX_EVENT_CHARACTERS);
  return events as AsyncGenerator<LiveEvent>;
}

/**
 * One connection of any stream whose events are JSON.
 *
 * @param maxCharacters of one event
 * @returns its events, once it stands
 * @throws ConnectionError, ApiError
 */
export async function openStream(
  transport: Transport,
  url: string,
  { after, signal }: Pick<EventsOptions, 'after' | 'signal'>,
  maxCharacters: number,
): Promise<AsyncGenerator<StreamEvent>> {
  const hangUp = new AbortController();
  const connecting = setTimeout(() => hangUp.abort(new Error('the daemon says nothing')), CONNECT_MS);
  try {
    const response = await transport.open(
      {
        method: 'GET',
        url,
        headers: {
          accept: 'text/event-stream',
          ...(after === undefined ? {} : { 'last-event-id': after }),
        },
        idempotent: true,
      },
      AbortSignal.any([hangUp.signal, ...(signal === undefined ? [] : [signal])]),
    );
    return readEvents(response, { hangUp, maxCharacters, signal, transport });
  } finally {
    clearTimeout(connecting);
  }
}

interface Reading {
  readonly transport: Transport;
  readonly maxCharacters: number;
  readonly hangUp: AbortController;
  readonly signal: AbortSignal | undefined;
}

async function* readEvents(
  response: Response,
  { hangUp, maxCharacters, signal, transport }: Reading,
): AsyncGenerator<StreamEvent> {
  const silence = new Silence(() => hangUp.abort(new Error('the daemon went silent')));
  try {
    const reader = (response.body as ReadableStream<Uint8Array<ArrayBuffer>>)
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(
        new EventSourceParserStream({
          onComment: () => silence.broken(),
          maxBufferSize: maxCharacters,
        }),
      )
      .getReader();
    for (;;) {
      // Only while we listen: a caller who takes his time is not the daemon's silence.
      silence.begins();
      const { done, value } = await reader.read();
      silence.ends();
      if (done) break;
      yield { id: value.id ?? '', type: value.event ?? '', data: JSON.parse(value.data) };
    }
  } catch (cause) {
    if (signal?.aborted === true) return;
    throw transport.lost(cause);
  } finally {
    silence.ends();
    hangUp.abort();
  }
  if (signal?.aborted !== true) throw transport.lost(new Error('the daemon closed the stream'));
}

/** Goes on after every break, until the signal aborts. @throws ApiError if the daemon refuses for good */
export async function* resumeEvents(transport: Transport, options: EventsOptions): AsyncGenerator<LiveEvent> {
  const { onConnection, signal } = options;
  let { after } = options;
  let failures = 0;
  let wasConnected = false;
  const isOver = (): boolean => signal?.aborted === true;
  while (!isOver()) {
    try {
      const events = await openEvents(transport, {
        ...(signal === undefined ? {} : { signal }),
        ...(after === undefined ? {} : { after }),
      });
      onConnection?.({ connected: true });
      // The break came before any event: there is nothing to resume behind.
      if (wasConnected && after === undefined) yield { id: '', type: 'missed', data: {} };
      wasConnected = true;
      failures = 0;
      for await (const event of events) {
        after = event.id;
        yield event;
      }
    } catch (error) {
      if (isOver()) return;
      if (after !== undefined && isUnknownEvent(error)) {
        // Numbers begin at the daemon's clock, and that was set back.
        wasConnected = true;
        after = undefined;
        continue;
      }
      if (!isPassing(error)) throw error;
      const retryInMs = delayAfter(++failures, error, DEFAULT_BACK_OFF);
      onConnection?.({ connected: false, error, retryInMs });
      await pause(retryInMs, signal);
    }
  }
}

function isUnknownEvent(error: unknown): boolean {
  return error instanceof ApiError && error.status === 400;
}

/** Nothing heard for too long. */
class Silence {
  readonly #tooLong: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(tooLong: () => void) {
    this.#tooLong = tooLong;
  }

  begins(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#tooLong, SILENCE_MS);
  }

  ends(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Something was heard. */
  broken(): void {
    if (this.#timer !== undefined) this.begins();
  }
}
