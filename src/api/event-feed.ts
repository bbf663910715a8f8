/**
 * The live feed: numbers the node's events, keeps the last of them for those that resume, and writes them to
 * every open stream. Numbers begin at the time the daemon started (ms), so they also rise over a restart.
 */
import type { ServerResponse } from 'node:http';
import { liveEventToJson, liveEventType } from '../client/live-event.ts';
import { MAX_EVENTS_KEPT } from '../client/routes.ts';
import type { NodeEvent } from '../node/events.ts';
import { HttpError } from './errors.ts';
import { EventStreams } from './event-streams.ts';

interface Kept {
  readonly number: number;
  readonly event: NodeEvent;
  readonly atMs: number;
}

export class EventFeed {
  /** Oldest first, numbered without a gap. */
  readonly #kept: Kept[] = [];
  readonly #streams = new EventStreams();
  #next: number;

  /** @param firstNumber greater than any number of earlier runs */
  constructor(firstNumber: number) {
    this.#next = firstNumber;
  }

  add(event: NodeEvent, atMs: number): void {
    const kept = { number: this.#next++, event, atMs };
    this.#kept.push(kept);
    if (this.#kept.length > MAX_EVENTS_KEPT) this.#kept.shift();
    if (this.#streams.size > 0) this.#streams.broadcast(format(kept));
  }

  /**
   * Turns a response into a stream of events.
   *
   * @param lastEventId what the caller saw last; it gets all since, or `missed` first if some are gone
   * @throws HttpError 429 `too-many-streams`, 503 `stopping`, 400 if the id is none of ours
   */
  open(response: ServerResponse, lastEventId: string | undefined): void {
    const resumed = lastEventId === undefined || lastEventId === '' ? '' : this.#since(lastEventId);
    this.#streams.open(response, resumed);
  }

  /** Ends every stream. */
  close(): void {
    this.#streams.close();
  }

  #since(lastEventId: string): string {
    const last = /^[0-9]{1,15}$/.test(lastEventId) ? Number(lastEventId) : undefined;
    if (last === undefined || last >= this.#next) {
      throw new HttpError(400, 'invalid-request', `Last-Event-ID: ${lastEventId} was never given out`);
    }
    const oldest = this.#kept[0]?.number ?? this.#next;
    const missed = last + 1 < oldest ? `event: missed\nid: ${oldest - 1}\ndata: {"after":${last}}\n\n` : '';
    return (
      missed +
      this.#kept
        .slice(Math.max(0, last + 1 - oldest))
        .map(format)
        .join('')
    );
  }
}

function format({ number, event, atMs }: Kept): string {
  return `event: ${liveEventType(event)}\nid: ${number}\ndata: ${JSON.stringify(liveEventToJson(event, atMs))}\n\n`;
}
