/** Holds the streams of all tabs of a browser, or of one tab where tabs cannot share. */
import { openStream } from '../../client/event-stream.ts';
import { Transport } from '../../client/transport.ts';
import type { Port, TabMessage } from './messages.ts';
import { Places } from './places.ts';
import { type OpenStream, SharedStream } from './shared-stream.ts';

/** Of the six connections a browser has to one origin. */
const STREAMS_AT_ONE_ORIGIN = 3;
/** Often enough that a tab soon notices when its holder is gone. */
const BEAT_MS = 5_000;
/** How several daemons stand, with the peers of each, is one event. */
const MAX_EVENT_CHARACTERS = 1_024 * 1_024;

export class StreamHolder {
  readonly #open: OpenStream;
  /** By their URLs. */
  readonly #streams = new Map<string, SharedStream>();
  /** By their origins. */
  readonly #places = new Map<string, Places>();

  /** @param open default: over the network */
  constructor(open: OpenStream = openOverHttp) {
    this.#open = open;
    setInterval(() => this.beat(), BEAT_MS);
  }

  serve(port: Port): void {
    let stream: SharedStream | undefined;
    port.addEventListener('message', ({ data }) => {
      const message = data as TabMessage;
      switch (message.kind) {
        case 'listen':
          stream = this.#stream(message.url);
          stream.listen(port, message.after);
          break;
        case 'ready':
          if (stream?.ready(port) === false) {
            port.postMessage({ kind: 'lost', reason: 'the page slept for too long' });
          }
          break;
        case 'leave':
          stream?.leave(port);
          port.close();
          break;
      }
    });
    port.start();
  }

  /** From time to time, by itself. */
  beat(): void {
    for (const stream of this.#streams.values()) stream.beat();
  }

  #stream(url: string): SharedStream {
    const known = this.#streams.get(url);
    if (known !== undefined) return known;
    const { origin } = new URL(url);
    const places = this.#places.get(origin) ?? new Places(STREAMS_AT_ONE_ORIGIN);
    this.#places.set(origin, places);
    const stream = new SharedStream(url, this.#open, places, () => this.#streams.delete(url));
    this.#streams.set(url, stream);
    return stream;
  }
}

const openOverHttp: OpenStream = (url, after, signal) => {
  const transport = new Transport({ url: new URL(url).origin });
  return openStream(transport, url, { after: String(after), signal }, MAX_EVENT_CHARACTERS);
};
