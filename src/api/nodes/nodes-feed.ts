/**
 * What several daemons do, as one stream: a browser opens only six connections to one place, so a page cannot have a
 * stream for each daemon. The last blocks are kept for pages that come later, and numbered for those that resume.
 */
import type { ServerResponse } from 'node:http';
import type { NodeJson, NodesJson } from '../../client/nodes-json.ts';
import type { Caller } from '../callers/caller.ts';
import { EventHistory } from '../event-history.ts';
import { EventStreams } from '../event-streams.ts';
import { MAX_NEWS_KEPT } from './limits.ts';
import { NodeWatch, type WatchedDaemon } from './node-watch.ts';

/** Changes within this time are told together. */
const GATHER_MS = 80;
/** What no event tells, such as the size of the pool and round trips, is asked for this often while a page is open. */
const LOOK_EVERY_MS = 2_000;

export class NodesFeed {
  readonly #watches: readonly NodeWatch[];
  readonly #streams = new EventStreams();
  readonly #apart: () => readonly number[] | undefined;
  /** As they are written; numbers begin at the start (ms), so they also rise over a restart. */
  readonly #news = new EventHistory<string>(Date.now(), MAX_NEWS_KEPT, numbered);
  #gathering: NodeJS.Timeout | undefined;
  readonly #looking: NodeJS.Timeout;

  /** @param apart the numbers on one side of a cut; undefined where the network cannot be cut */
  constructor(daemons: readonly WatchedDaemon[], apart: () => readonly number[] | undefined) {
    this.#apart = apart;
    this.#watches = daemons.map(
      (daemon) =>
        new NodeWatch(daemon, {
          changed: () => this.changed(),
          block: (news) => this.#tell('block', news),
          reorganisation: (news) => this.#tell('reorganisation', news),
        }),
    );
    for (const watch of this.#watches) watch.start();
    this.#looking = setInterval(() => {
      if (this.#streams.size === 0) return;
      for (const watch of this.#watches) this.#lookAt(watch);
      // Even if nobody answers: a page that hears nothing takes its stream for dead.
      this.changed();
    }, LOOK_EVERY_MS);
    this.#looking.unref();
  }

  get view(): NodesJson {
    const apart = this.#apart();
    return {
      nodes: called(this.#watches.map(({ view }) => view)),
      ...(apart === undefined ? {} : { apart }),
    };
  }

  /**
   * Turns a response into a stream: first the news, then how all stand.
   *
   * @param lastEventId what the caller saw last; it gets all since, or `missed` first if some are gone
   * @throws HttpError 429 `too-many-streams`, 400 if the id is none of ours
   */
  open(caller: Caller, response: ServerResponse, lastEventId: string | undefined): void {
    // An empty id is none, as on the stream of a daemon.
    const isNew = lastEventId === undefined || lastEventId === '';
    this.#streams.open(
      caller,
      response,
      () => (isNew ? this.#news.all() : this.#news.since(lastEventId)) + written('nodes', this.view),
    );
    for (const watch of this.#watches) this.#lookAt(watch);
  }

  /** Something of the view is another now. */
  changed(): void {
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      this.#streams.broadcast(written('nodes', this.view));
    }, GATHER_MS);
  }

  close(): void {
    clearInterval(this.#looking);
    clearTimeout(this.#gathering);
    for (const watch of this.#watches) watch.stop();
    this.#streams.close();
  }

  /** One that is down is tried by its own stream, with growing pauses. */
  #lookAt(watch: NodeWatch): void {
    const { state }: NodeJson = watch.view;
    if (state === 'up') void watch.look();
  }

  #tell(event: 'block' | 'reorganisation', news: object): void {
    this.#news.add(written(event, news));
    this.#streams.broadcast(this.#news.last());
  }
}

/** Each as it calls itself; where two call themselves the same, as on one machine, by the names they were given here. */
function called(nodes: readonly NodeJson[]): NodeJson[] {
  const names = nodes.map(({ name, status }) => status?.name ?? name);
  const isUnique = new Set(names).size === names.length;
  return nodes.map((node, index) => (isUnique ? { ...node, name: names[index] ?? node.name } : node));
}

function numbered(text: string, number: number): string {
  return `id: ${number}\n${text}`;
}

function written(event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
