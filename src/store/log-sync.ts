/**
 * Forces SQLite's write-ahead log to the disk without holding up the event loop.
 *
 * A commit with `synchronous = NORMAL` has written its frames to the log, whole and with their checksums; all that
 * `FULL` adds is the wait until the log is on the disk. Here that wait is a thread's, and whoever comes while one
 * is under way shares the next.
 */
import { closeSync, fdatasync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { StoreError } from './errors.ts';

export class LogSync {
  readonly #path: string;
  readonly #forceToDisk: (file: number) => Promise<void>;
  #file: number | undefined;
  #underWay: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  /** After one failure nobody knows what is on the disk: trying again would succeed, and say nothing. */
  #failure: StoreError | undefined;
  #closed = false;

  /**
   * @param path of the log: it is there once something was committed, and stays until the database is closed
   * @param forceToDisk given a file descriptor; the operating system's unless a test has another
   */
  constructor(path: string, forceToDisk: (file: number) => Promise<void> = promisify(fdatasync)) {
    this.#path = path;
    this.#forceToDisk = forceToDisk;
  }

  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /** Opens the file, which must be there: later the process may have used up all it may open. @throws StoreError */
  open(): void {
    try {
      this.#file ??= openLog(this.#path);
    } catch (cause) {
      throw this.#failed(cause);
    }
  }

  /** Resolves once all that is written by now is on the disk. @throws StoreError; then again and again */
  synced(): Promise<void> {
    // One under way may have begun before the last commit: it does not count.
    this.#next ??= this.#afterUnderWay();
    return this.#next;
  }

  /** Closes the file, after a wait that is under way. */
  close(): void {
    this.#closed = true;
    if (this.#underWay === undefined) this.#closeFile();
  }

  async #afterUnderWay(): Promise<void> {
    // Its failure is told to those who waited for it.
    await this.#underWay?.catch(() => {});
    this.#underWay = this.#next;
    this.#next = undefined;
    try {
      await this.#force();
    } finally {
      this.#underWay = undefined;
      if (this.#closed) this.#closeFile();
    }
  }

  async #force(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) throw new StoreError('failed', `${this.#path} is closed: the daemon is stopping`);
    try {
      this.#file ??= openLog(this.#path);
      await this.#forceToDisk(this.#file);
    } catch (cause) {
      this.#failure = this.#failed(cause);
      throw this.#failure;
    }
  }

  #failed(cause: unknown): StoreError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new StoreError('failed', `${this.#path}: ${reason}; the disk may be failing`, { cause });
  }

  #closeFile(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/** SQLite makes the log, and forces its name to the disk only when it forces the log there itself: a `full` commit. */
function openLog(path: string): number {
  if (process.platform !== 'win32') syncFolder(dirname(path));
  return openSync(path, 'r+');
}

/** Once a process: some milliseconds. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
