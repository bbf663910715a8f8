/** One tab as the holder of its stream sees it: how far it is, and what waits until it can take more. */
import type { StreamEvent } from '../../client/event-stream.ts';
import type { Port } from './messages.ts';

/** For a tab that is slow or frozen; past that it is told that it missed some. Twice what is kept for a late one. */
const MAX_WAITING = 2_000;

/** Between two batches: under load one wakes a tab for many events, and a frame is longer still. */
const PACE_MS = 10;

export class Listener {
  readonly #port: Port;
  /** Number of the last event it has, or will have with what waits. */
  #position: number;
  #waiting: StreamEvent[] = [];
  #isBusy = false;
  /** How many beats of the holder it has been busy for. */
  #missedBeats = 0;

  constructor(port: Port, position: number) {
    this.#port = port;
    this.#position = position;
  }

  get position(): number {
    return this.#position;
  }

  get missedBeats(): number {
    return this.#missedBeats;
  }

  /** Unless it has that already, for the stream begins where the one furthest behind stands. */
  take(event: StreamEvent): void {
    if (event.id === '') {
      // How something stands now: what stood before is of no interest any more.
      this.#waiting = this.#waiting.filter(({ id, type }) => id !== '' || type !== event.type);
    } else {
      const number = Number(event.id);
      if (number <= this.#position) return;
      this.#position = number;
    }
    this.#waiting.push(event);
    if (this.#waiting.length > MAX_WAITING) this.#forget();
    if (!this.#isBusy) this.#send();
  }

  /** It claims to have seen what was never given out: it goes on from here, and is told to ask for everything anew. */
  restart(position: number): void {
    this.#position = position;
    this.#waiting.push(missedUpTo(position));
    if (!this.#isBusy) this.#send();
  }

  /** The tab has dealt with the last batch. */
  ready(): void {
    this.#missedBeats = 0;
    setTimeout(() => {
      this.#isBusy = false;
      if (this.#waiting.length > 0) this.#send();
    }, PACE_MS);
  }

  /** Tells the tab that its holder is there. */
  beat(): void {
    if (this.#isBusy) this.#missedBeats += 1;
    else this.#send();
  }

  #forget(): void {
    const states = this.#waiting.filter(({ id }) => id === '');
    this.#waiting = [missedUpTo(this.#position), ...states];
  }

  #send(): void {
    const events = this.#waiting;
    this.#waiting = [];
    this.#isBusy = true;
    this.#port.postMessage({ kind: 'events', events });
  }
}

function missedUpTo(position: number): StreamEvent {
  return { id: String(position), type: 'missed', data: {} };
}
