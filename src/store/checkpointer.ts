/**
 * Moves what the write-ahead log holds into the database file, on a thread of its own: it is most of what writing
 * costs the disk, and here nobody waits for it. The thread starts when there is something to move and ends when it
 * was idle for a while. Should it fail, SQLite does the same within a commit, later and all at once.
 */
import { statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

/**
 * Rows written between two moves at the least: the log's file keeps its size when it is written anew from its start, so
 * that its size alone would have a quiet daemon start a thread every few blocks.
 */
const MOVE_WRITES = 1_000;
/** The log is moved when it is this long: pages that change often are moved once, not at every commit. */
const MOVE_BYTES = 8 * 1_024 * 1_024;
/** After so long without work the thread ends, and gives its memory back. */
const IDLE_MS = 10_000;
/** A move takes a fraction of a second. */
const LAST_MOVE_MS = 2_000;

export class Checkpointer {
  readonly #path: string;
  /** One number: 1 while the thread moves something. */
  readonly #moving = new Int32Array(new SharedArrayBuffer(4));
  readonly #writes: () => number;
  #writesAtMove = 0;
  #worker: Worker | undefined;
  #isMoving = false;
  #idle: NodeJS.Timeout | undefined;

  /** @param writes rows written so far */
  constructor(path: string, writes: () => number) {
    this.#path = path;
    this.#writes = writes;
  }

  /** Call after every commit. Never throws: the commit is through, and SQLite moves the log itself if need be. */
  committed(): void {
    try {
      this.#moveIfLong();
    } catch {
      this.#end();
    }
  }

  #moveIfLong(): void {
    const writes = this.#writes();
    if (this.#isMoving || writes - this.#writesAtMove < MOVE_WRITES || this.#logBytes() < MOVE_BYTES) return;
    this.#writesAtMove = writes;
    clearTimeout(this.#idle);
    this.#isMoving = true;
    this.#worker ??= this.#start();
    Atomics.store(this.#moving, 0, 1);
    this.#worker.postMessage('move');
  }

  /** Lets go of the file, once what is being moved is. */
  close(): void {
    clearTimeout(this.#idle);
    if (this.#worker !== undefined) Atomics.wait(this.#moving, 0, 1, LAST_MOVE_MS);
    this.#worker?.removeAllListeners();
    this.#worker?.terminate();
    this.#worker = undefined;
    // Nothing starts any more.
    this.#isMoving = true;
  }

  #logBytes(): number {
    return statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }

  #start(): Worker {
    const worker = new Worker(new URL('./checkpoint-worker.ts', import.meta.url), {
      name: 'checkpointer',
      workerData: { path: this.#path, moving: this.#moving },
      execArgv: [],
    });
    worker.on('message', () => {
      this.#isMoving = false;
      this.#idle = setTimeout(() => this.#end(), IDLE_MS);
      this.#idle.unref();
    });
    // SQLite's own checkpoint is there instead; the next one is tried on a new thread.
    worker.on('error', () => this.#end());
    worker.unref();
    return worker;
  }

  #end(): void {
    Atomics.store(this.#moving, 0, 0);
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#isMoving = false;
  }
}
