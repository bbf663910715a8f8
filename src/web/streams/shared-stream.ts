/**
 * One stream of a daemon for all tabs that listen to it.
 *
 * Nothing is kept here. When a tab comes, the stream is opened anew from where the tab furthest behind stands, and the
 * daemon tells what each has missed; the others leave out what they have. When the stream is lost, all are told, and
 * the first that asks again opens it again.
 */
import { pause } from '../../client/back-off.ts';
import { ApiError } from '../../client/errors.ts';
import type { StreamEvent } from '../../client/event-stream.ts';
import { Listener } from './listener.ts';
import type { HolderMessage, Port } from './messages.ts';
import type { Places } from './places.ts';

/** Tabs that come together, as after a restart of the daemon, share one connection from its beginning. */
const GATHER_MS = 20;
/** A connection that others wait for is given up after this. */
const TURN_MS = 1_000;
/** A tab that took nothing for so long has crashed, or will sleep much longer. */
const MAX_MISSED_BEATS = 120;

/** @param after number of the last event seen */
export type OpenStream = (
  url: string,
  after: number,
  signal: AbortSignal,
) => Promise<AsyncIterable<StreamEvent>>;

export class SharedStream {
  readonly #url: string;
  readonly #open: OpenStream;
  readonly #places: Places;
  readonly #ended: () => void;
  readonly #listeners = new Map<Port, Listener>();
  #connection = new AbortController();
  /** Number of the newest event that came. */
  #newest: number | undefined;
  #isOver = false;

  /** @param ended no tab listens any more */
  constructor(url: string, open: OpenStream, places: Places, ended: () => void) {
    this.#url = url;
    this.#open = open;
    this.#places = places;
    this.#ended = ended;
    void this.#run();
  }

  listen(port: Port, after: number): void {
    const listener = new Listener(port, after);
    this.#listeners.set(port, listener);
    listener.beat();
    if (this.#newest !== undefined && after > this.#newest) listener.restart(this.#newest);
    this.#connection.abort();
  }

  /** The tab on this port has dealt with its batch. @returns false if it does not listen here any more */
  ready(port: Port): boolean {
    this.#listeners.get(port)?.ready();
    return this.#listeners.has(port);
  }

  leave(port: Port): void {
    this.#listeners.delete(port);
    if (this.#listeners.size === 0) this.#end();
  }

  /** From time to time: tells all tabs that they are listened for, and lets go of those that are gone. */
  beat(): void {
    for (const [port, listener] of this.#listeners) {
      listener.beat();
      if (listener.missedBeats > MAX_MISSED_BEATS) this.leave(port);
    }
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      this.#connection = new AbortController();
      const { signal } = this.#connection;
      await pause(GATHER_MS);
      try {
        await this.#places.take(signal);
      } catch {
        continue;
      }
      const turn = setInterval(() => this.#places.areWanted && this.#connection.abort(), TURN_MS);
      try {
        const events = await this.#open(this.#url, this.#furthestBehind(), signal);
        for await (const event of events) this.#take(event);
        if (!signal.aborted) throw new Error('the daemon ended the stream');
      } catch (error) {
        if (!signal.aborted) this.#lose(error);
      } finally {
        clearInterval(turn);
        this.#places.giveBack();
      }
    }
  }

  #furthestBehind(): number {
    return Math.min(...[...this.#listeners.values()].map(({ position }) => position));
  }

  #take(event: StreamEvent): void {
    if (event.id !== '') this.#newest = Math.max(this.#newest ?? 0, Number(event.id));
    for (const listener of this.#listeners.values()) listener.take(event);
  }

  #lose(error: unknown): void {
    const message = lossOf(error);
    for (const port of this.#listeners.keys()) port.postMessage(message);
    this.#listeners.clear();
    this.#end();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#connection.abort();
    this.#ended();
  }
}

function lossOf(error: unknown): HolderMessage {
  const reason = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ApiError)) return { kind: 'lost', reason };
  return { kind: 'lost', reason, refusal: { status: error.status, code: error.code } };
}
