/**
 * Processes of a benchmark's own: they answer questions, and tell when things happened to them. All processes of a
 * machine share the clock of `nowMs`, so moments of several may be subtracted from each other.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';

/** Told this much later, so that telling does not slow down what is timed. */
const TELLING_DELAY_MS = 30;
/** Far longer than anything takes on a busy machine. */
export const DEADLINE_MS = 60_000;
/** Before whatever else runs on the machine, ours and its limit alike; only root may. */
const NICENESS = -10;

/** Something that happened in a process. */
export interface Moment {
  readonly what: string;
  readonly atMs: number;
  /** Of a message. */
  readonly bytes?: number;
  /** Of a block or transaction. */
  readonly id?: string;
}

interface Question {
  readonly number: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Answer {
  readonly number: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** Milliseconds of the machine's monotonic clock. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** In the parent: one child. */
export class Child {
  /** In the order they were told in. */
  readonly moments: Moment[] = [];
  readonly #process: ChildProcess;
  readonly #answers = new Map<number, (answer: Answer) => void>();
  readonly #waiting = new Set<() => void>();
  #questions = 0;

  constructor(file: URL) {
    this.#process = fork(file, { serialization: 'advanced' });
    try {
      setPriority(this.pid, NICENESS);
    } catch {
      // Measured all the same, with more spread.
    }
    this.#process.on('message', (message: Moment[] | Answer) => {
      if (Array.isArray(message)) {
        this.moments.push(...message);
        for (const look of this.#waiting) look();
      } else this.#answers.get(message.number)?.(message);
    });
    this.#process.once('exit', (status) => {
      for (const [number, answered] of this.#answers)
        answered({ number, error: `the process ended: ${status}` });
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** @throws Error if the child throws or ends */
  async ask<T>(name: string, argument?: unknown): Promise<T> {
    const number = this.#questions++;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#answers.set(number, resolve);
    this.#process.send({ number, name, argument } satisfies Question);
    const { error, value } = await promise;
    this.#answers.delete(number);
    if (error !== undefined) throw new Error(`${name}: ${error}`);
    return value as T;
  }

  /** The first moment of this kind from index `from` on. @throws Error after the deadline */
  async moment(what: string, from: number, deadlineMs = DEADLINE_MS): Promise<Moment> {
    const { promise, resolve, reject } = Promise.withResolvers<Moment>();
    let next = from;
    const look = (): void => {
      for (; next < this.moments.length; next++) {
        const moment = this.moments[next];
        if (moment?.what === what) resolve(moment);
      }
    };
    const timer = setTimeout(() => reject(new Error(`not within ${deadlineMs} ms: ${what}`)), deadlineMs);
    this.#waiting.add(look);
    look();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(look);
    }
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
  }
}

type Handlers = Readonly<Record<string, (argument: never) => unknown>>;

/** In the child: answers its parent, and ends with it. */
export function serveParent(handlers: Handlers): void {
  process.once('disconnect', () => process.exit());
  process.on('message', async ({ argument, name, number }: Question) => {
    try {
      const value = await handlers[name]?.(argument as never);
      process.send?.({ number, value } satisfies Answer);
    } catch (error) {
      process.send?.({ number, error: error instanceof Error ? error.message : `${error}` } satisfies Answer);
    }
  });
}

let untold: Moment[] = [];

/** In the child: tells its parent what happened just now. */
export function happened(what: string, more: Omit<Moment, 'what' | 'atMs'> = {}): void {
  if (untold.length === 0) {
    setTimeout(() => {
      process.send?.(untold);
      untold = [];
    }, TELLING_DELAY_MS);
  }
  untold.push({ what, atMs: nowMs(), ...more });
}
