/**
 * Turns of the event loop for work of some milliseconds: each piece gets one of its own, so that nobody else waits for
 * more than one of them. This node's own work goes before what strangers send, each kind in the order it asked.
 */

/** While own work waits, strangers' gets one turn in so many: work they cause without end must not end theirs. */
const STRANGERS_SHARE = 4;

export class Turns {
  readonly #later: (call: () => void) => void;
  readonly #own: (() => void)[] = [];
  readonly #strangers: (() => void)[] = [];
  #ownInARow = 0;

  /** @param later calls in the next turn of the event loop */
  constructor(later: (call: () => void) => void) {
    this.#later = later;
  }

  /** Resolves in a later turn, which no other caller gets. */
  next(): Promise<void> {
    return this.#ask(this.#own);
  }

  /** As `next`, for work on what a peer sent that brings no block. */
  nextForStranger(): Promise<void> {
    return this.#ask(this.#strangers);
  }

  get #waiting(): number {
    return this.#own.length + this.#strangers.length;
  }

  #ask(waiting: (() => void)[]): Promise<void> {
    return new Promise((resolve) => {
      waiting.push(resolve);
      if (this.#waiting === 1) this.#later(() => this.#give());
    });
  }

  #give(): void {
    const resolve = this.#take();
    if (this.#waiting > 0) this.#later(() => this.#give());
    resolve?.();
  }

  #take(): (() => void) | undefined {
    const isStrangers = this.#own.length === 0 || this.#ownInARow >= STRANGERS_SHARE - 1;
    const resolve = (isStrangers ? this.#strangers.shift() : undefined) ?? this.#own.shift();
    this.#ownInARow = isStrangers ? 0 : this.#ownInARow + 1;
    return resolve;
  }
}
