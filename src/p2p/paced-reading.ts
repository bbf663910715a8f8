/** Reads a stream no faster than it may be read: while it is paused, unread bytes wait with the peer, beyond a window of the stream. */
import type { MessageStream, Stream } from '@libp2p/interface';
import { after } from '../client/timers.ts';

/** Long enough for tokens to come back, short enough that no user notices. */
const PAUSE_MS = 250;

/** A stream of a connection has it, and what is below streams too. */
type Pausable = Pick<MessageStream, 'pause' | 'resume'> & Pick<Stream, 'readStatus'>;

export class PacedReading {
  readonly #stream: Pausable;
  #owedMs = 0;
  #isResuming = false;

  constructor(stream: Pausable) {
    this.#stream = stream;
  }

  /** Nothing more is read for so long; what has come in a pause still counts after it. */
  wait(ms: number): void {
    this.#owedMs = Math.max(this.#owedMs, ms);
    // The stream hands over what has come in the pause before it is resumed, and would undo a new pause.
    if (!this.#isResuming) this.#pause();
  }

  #pause(): void {
    if (this.#owedMs <= 0 || this.#stream.readStatus !== 'readable') return;
    this.#stream.pause();
    after(Math.max(PAUSE_MS, this.#owedMs), () => this.#resume());
    this.#owedMs = 0;
  }

  #resume(): void {
    if (this.#stream.readStatus !== 'paused') return;
    this.#isResuming = true;
    try {
      this.#stream.resume();
    } catch {
      // The connection ended meanwhile: there is no peer to be told that it may send.
    } finally {
      this.#isResuming = false;
    }
    this.#pause();
  }
}
