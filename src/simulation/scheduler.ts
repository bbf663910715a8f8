/**
 * Virtual time: whatever is to happen waits here, and happens in the order of its time. Nothing runs on the real
 * clock, so a run is as fast as the machine and the same every time.
 */
import { TimeQueue } from './time-queue.ts';

/** Something that happens at a time. */
export abstract class Happening {
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
  readonly #queue = new TimeQueue<Happening>();
  #nowMs: number;
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
    return this.#queue.size;
  }

  /** Puts it in, `delayMs` from now. */
  add<T extends Happening>(delayMs: number, happening: T): T {
    this.#queue.push(this.#nowMs + Math.max(0, delayMs), happening);
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
      const atMs = this.#queue.earliest;
      if (atMs > endMs || atMs === Number.POSITIVE_INFINITY) {
        this.#nowMs = Math.max(this.#nowMs, endMs);
        return true;
      }
      const next = this.#queue.pop();
      if (next.cancelled) continue;
      this.#nowMs = atMs;
      this.#happened++;
      if (next.happen()) return false;
    }
    return false;
  }
}
