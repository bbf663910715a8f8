/**
 * Virtual time: whatever is to happen waits here, and happens in the order of its time. Nothing runs on the real
 * clock, so a run is as fast as the machine and the same every time.
 */

/** Something that happens at a time. The queue holds it until then. */
export abstract class Happening {
  /** Milliseconds since 1970, with fractions. */
  atMs = 0;
  /** Of those at one time the first put in comes first. */
  order = 0;
  cancelled = false;

  /**
   * @returns true if promises may have been settled or made: then they all go on before anything else happens.
   *   False saves that time.
   */
  abstract happen(): boolean;
}

class Call extends Happening {
  readonly #call: () => void;

  constructor(call: () => void) {
    super();
    this.#call = call;
  }

  happen(): boolean {
    this.#call();
    return true;
  }
}

/** Turns of the real event loop asked for at once: between two of them every promise that can goes on. */
const TURNS_AHEAD = 64;
/** Happenings without promises run in one go up to this many, so that others in the process get their turn too. */
const MAX_IN_ONE_TURN = 256;

export class Scheduler {
  readonly #heap: Happening[] = [];
  #nowMs: number;
  #order = 0;
  #happened = 0;

  /** @param startMs milliseconds since 1970 */
  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  /** Milliseconds since 1970, with fractions. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** How much happened so far. */
  get happened(): number {
    return this.#happened;
  }

  /** How much waits, with what was cancelled and not come up yet. */
  get waiting(): number {
    return this.#heap.length;
  }

  /** Puts it in, `delayMs` from now. */
  add<T extends Happening>(delayMs: number, happening: T): T {
    happening.atMs = this.#nowMs + Math.max(0, delayMs);
    happening.order = this.#order++;
    this.#push(happening);
    return happening;
  }

  after(delayMs: number, call: () => void): Happening {
    return this.add(delayMs, new Call(call));
  }

  /**
   * Runs until the virtual time `endMs`, or until `done`, whichever is first.
   *
   * @param done looked at after each happening
   * @throws what a happening throws
   */
  run(endMs: number, done: () => boolean = () => false): Promise<void> {
    return new Promise((resolve, reject) => {
      let turns = 0;
      let over = false;
      const turn = (): void => {
        turns--;
        if (over) return;
        try {
          over = this.#runTurn(endMs, done);
          if (over) resolve();
          else if (turns === 0) ask();
        } catch (error) {
          over = true;
          reject(error);
        }
      };
      const ask = (): void => {
        for (; turns < TURNS_AHEAD; turns++) setImmediate(turn);
      };
      ask();
    });
  }

  /** @returns true once the run is over */
  #runTurn(endMs: number, done: () => boolean): boolean {
    for (let i = 0; i < MAX_IN_ONE_TURN; i++) {
      if (done()) return true;
      const next = this.#heap[0];
      if (next === undefined || next.atMs > endMs) {
        this.#nowMs = Math.max(this.#nowMs, endMs);
        return true;
      }
      this.#pop();
      if (next.cancelled) continue;
      this.#nowMs = next.atMs;
      this.#happened++;
      if (next.happen()) return false;
    }
    return false;
  }

  /** A heap with four children a place: half as deep as one with two. */
  #push(happening: Happening): void {
    const heap = this.#heap;
    let place = heap.length;
    heap.push(happening);
    while (place > 0) {
      const above = (place - 1) >> 2;
      const parent = heap[above] as Happening;
      if (!isBefore(happening, parent)) break;
      heap[place] = parent;
      place = above;
    }
    heap[place] = happening;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Happening;
    const { length } = heap;
    if (length === 0) return;
    let place = 0;
    for (;;) {
      const first = 4 * place + 1;
      if (first >= length) break;
      let least = first;
      for (let child = first + 1; child < Math.min(first + 4, length); child++) {
        if (isBefore(heap[child] as Happening, heap[least] as Happening)) least = child;
      }
      const child = heap[least] as Happening;
      if (!isBefore(child, last)) break;
      heap[place] = child;
      place = least;
    }
    heap[place] = last;
  }
}

function isBefore(a: Happening, b: Happening): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
