/**
 * The live feed: numbers the node's events, keeps the last of them for those that resume, and writes them to
 * every open stream. Numbers begin at the time the daemon started (ms), so they also rise over a restart.
 */
import type { ServerResponse } from 'node:http';
import { liveEventToJson, liveEventType } from '../client/live-event.ts';
import { MAX_EVENTS_KEPT } from '../client/routes.ts';
import type { NodeEvent } from '../node/events.ts';
import type { Caller } from './callers/caller.ts';
import { EventHistory } from './event-history.ts';
import { EventStreams } from './event-streams.ts';

interface Happened {
  readonly event: NodeEvent;
  readonly atMs: number;
}

export class EventFeed {
  readonly #history: EventHistory<Happened>;
  readonly #streams = new EventStreams();

  /** @param firstNumber greater than any number of earlier runs */
  constructor(firstNumber: number) {
    this.#history = new EventHistory(firstNumber, MAX_EVENTS_KEPT, format);
  }

  add(event: NodeEvent, atMs: number): void {
    this.#history.add({ event, atMs });
    if (this.#streams.size > 0) this.#streams.broadcast(this.#history.last());
  }

  /**
   * Turns a response into a stream of events.
   *
   * @param lastEventId what the caller saw last; it gets all since, or `missed` first if some are gone
   * @throws HttpError 429 `too-many-streams`, 503 `stopping`, 400 if the id is none of ours
   */
  open(caller: Caller, response: ServerResponse, lastEventId: string | undefined): void {
    const isNew = lastEventId === undefined || lastEventId === '';
    this.#streams.open(caller, response, () => (isNew ? '' : this.#history.since(lastEventId)));
  }

  /** Ends every stream. */
  close(): void {
    this.#streams.close();
  }
}

function format({ atMs, event }: Happened, number: number): string {
  return `event: ${liveEventType(event)}\nid: ${number}\ndata: ${JSON.stringify(liveEventToJson(event, atMs))}\n\n`;
}
