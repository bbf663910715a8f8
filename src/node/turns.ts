/**
 * Turns of the event loop for work of some milliseconds: each piece gets one of its own, in the order they asked, so
 * that nobody else waits for more than one of them.
 */
export class Turns {
  readonly #later: (call: () => void) => void;
  readonly #waiting: (() => void)[] = [];

  /** @param later calls in the next turn of the event loop */
  constructor(later: (call: () => void) => void) {
    this.#later = later;
  }

  /** Resolves in a later turn, which no other caller gets. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) this.#later(() => this.#give());
    });
  }

  #give(): void {
    const resolve = this.#waiting.shift();
    if (this.#waiting.length > 0) this.#later(() => this.#give());
    resolve?.();
  }
}
