/**
 * Connections to one origin that may be streams: a browser has six, and the page's requests need some. Streams beyond
 * that take turns, which none notices but by a second's delay, for each goes on where it was.
 */
export class Places {
  #free: number;
  /** The longest waiting first. */
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Whether a stream waits for one. */
  get areWanted(): boolean {
    return this.#waiting.length > 0;
  }

  /** Resolves once there is a place; it is to be given back. @throws the signal's reason if that aborts before */
  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(signal.reason as Error);
      };
      const enter = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      this.#waiting.push(enter);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  giveBack(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
