/** Open streams of Server-Sent Events: all are written the same, and whoever reads too slowly is cut off. */
import type { ServerResponse } from 'node:http';
import { EVENTS_HEARTBEAT_MS } from '../client/routes.ts';
import type { Caller } from './callers/caller.ts';
import { Places } from './callers/places.ts';
import { HttpError } from './errors.ts';
import * as limits from './limits.ts';

export class EventStreams {
  readonly #open = new Set<ServerResponse>();
  readonly #places = new Places({
    what: 'event streams',
    code: 'too-many-streams',
    shares: {
      inAll: limits.MAX_EVENT_STREAMS,
      ofStrangers: limits.MAX_EVENT_STREAMS_OF_STRANGERS,
      ofAddress: limits.MAX_EVENT_STREAMS_OF_ADDRESS,
    },
    // Between two events it cannot be said; what is written and not read is cut off anyway.
    stalledMs: () => 0,
  });
  readonly #heartbeat: NodeJS.Timeout;
  #closed = false;

  constructor() {
    this.#heartbeat = setInterval(() => this.broadcast(': still here\n\n'), EVENTS_HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Turns a response into a stream.
   *
   * @param first called for the events it begins with, once there is a place
   * @throws HttpError 429 `too-many-streams`, 503 `stopping`
   */
  open(caller: Caller, response: ServerResponse, first: () => string): void {
    if (this.#closed) throw new HttpError(503, 'stopping', 'the daemon is stopping');
    this.#places.take(caller, response);
    const begins = first();
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    this.#open.add(response);
    response.on('close', () => this.#open.delete(response));
    response.on('error', () => response.destroy());
    this.#write(response, `retry: 1000\n\n${begins}`);
  }

  broadcast(text: string): void {
    for (const stream of this.#open) this.#write(stream, text);
  }

  /** Ends every stream. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#heartbeat);
    for (const stream of this.#open) stream.end();
    this.#open.clear();
  }

  #write(stream: ServerResponse, text: string): void {
    stream.write(text);
    if (stream.writableLength <= limits.MAX_UNSENT_BYTES) return;
    this.#open.delete(stream);
    stream.destroy();
  }
}
