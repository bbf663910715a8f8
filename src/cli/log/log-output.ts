/**
 * Where the log's lines go: standard output, written behind the daemon's back. Whatever becomes of it (a reader that is
 * gone or stops reading, a full disk), the daemon goes on and can end; lines that find no place are dropped and counted.
 */
import { constants, fstatSync, openSync, write } from 'node:fs';
import { isatty } from 'node:tty';
import { systemCode } from '../errors.ts';

/** A reader that stops reading must not fill the memory: beyond this, lines are dropped. */
const MAX_UNREAD_BYTES = 4 * 1_024 * 1_024;
/** A pipe that is full, or a disk, is tried again after so long. */
const RETRY_MS = 100;
/** A reader that is there takes a few milliseconds. */
const FLUSH_DEADLINE_MS = 300;
/** For all that is left, of a reader that reads slowly. */
const CLOSE_DEADLINE_MS = 3_000;
/** Nothing will ever be read there again. */
const NO_READER: ReadonlySet<string | undefined> = new Set(['EPIPE', 'EBADF', 'ECONNRESET', 'EDESTADDRREQ']);

/** As `write` of node:fs. */
type Write = (bytes: Buffer, done: (error: NodeJS.ErrnoException | null, written: number) => void) => void;

export interface LogOutputOptions {
  /** A line that tells how many are missing in its place. */
  readonly missing: (count: number) => string;
  /** Default: to standard output. */
  readonly write?: Write;
}

export class LogOutput {
  readonly #options: LogOutputOptions;
  readonly #write: Write;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** Lines that were not taken since the last that was written. */
  #lost = 0;
  /** Lines there was no room for behind those that wait. */
  #dropped = 0;
  #isWriting = false;
  /** Writes that came back. */
  #cameBack = 0;
  /** A write was begun and has not come back: a thread waits for it. */
  #isUnderWay = false;
  /** The last bytes written did not end a line. */
  #isTorn = false;
  #isClosed = false;
  #onIdle: (() => void) | undefined;

  constructor(options: LogOutputOptions) {
    this.#options = options;
    this.#write = options.write ?? standardOutput();
  }

  /** @param line with its line break. Never throws, never waits */
  write(line: string): void {
    if (this.#isClosed) return;
    if (this.#waitingBytes >= MAX_UNREAD_BYTES) {
      this.#dropped++;
      return;
    }
    const bytes = Buffer.from(line);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (!this.#isWriting) this.#next();
  }

  /** Writes what is still in memory, if it has a reader; nothing is written afterwards. @returns false if a write hangs */
  async close(): Promise<boolean> {
    const endsAtMs = performance.now() + CLOSE_DEADLINE_MS;
    let before = -1;
    while (this.#isWriting && !this.#isClosed && this.#cameBack > before && performance.now() < endsAtMs) {
      before = this.#cameBack;
      await this.#idle();
    }
    this.#isClosed = true;
    return !this.#isUnderWay;
  }

  /** Resolves once nothing is left to be written, or at the deadline. */
  async #idle(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    // A turn later, for what came back while the process was busy (it may still be loading) is not told before.
    const deadline = setTimeout(() => setImmediate(resolve), FLUSH_DEADLINE_MS);
    this.#onIdle = resolve;
    await promise;
    clearTimeout(deadline);
  }

  #next(): void {
    const lines = this.#waiting;
    if (lines.length === 0 || this.#isClosed) {
      this.#isWriting = false;
      this.#onIdle?.();
      return;
    }
    this.#isWriting = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    const count = this.#lost + lines.length + this.#dropped;
    const torn = this.#isTorn ? [Buffer.from('\n')] : [];
    const bytes = Buffer.concat([...torn, this.#missing(this.#lost), ...lines, this.#missing(this.#dropped)]);
    this.#lost = 0;
    this.#dropped = 0;
    this.#send(bytes, count);
  }

  #missing(count: number): Buffer {
    return Buffer.from(count === 0 ? '' : this.#options.missing(count));
  }

  /** @param count of the lines in it, for the case that they find no place */
  #send(bytes: Buffer, count: number): void {
    this.#isUnderWay = true;
    this.#write(bytes, (error, written) => {
      this.#isUnderWay = false;
      this.#cameBack++;
      if (error === null) {
        this.#isTorn = written > 0 && bytes[written - 1] !== LINE_BREAK;
        if (written < bytes.length) this.#send(bytes.subarray(written), count);
        else this.#next();
        return;
      }
      const code = systemCode(error);
      if (NO_READER.has(code)) this.#giveUp();
      else if (this.#isClosed) this.#next();
      // A full pipe has a reader that may go on; what a disk does not take is lost, and the next lines may be luckier.
      else if (code === 'EAGAIN') setTimeout(() => this.#send(bytes, count), RETRY_MS);
      else {
        this.#lost += count;
        setTimeout(() => this.#next(), RETRY_MS);
      }
    });
  }

  #giveUp(): void {
    this.#isClosed = true;
    this.#waiting = [];
    this.#next();
  }
}

const LINE_BREAK = '\n'.charCodeAt(0);

/**
 * A thread that waits for the reader of a full pipe would hold up the end of the process, so a pipe and a terminal are
 * opened once more such that they do not wait; the other processes that write there see nothing of it.
 */
function standardOutput(): Write {
  let descriptor = 1;
  try {
    if (fstatSync(1).isFIFO() || isatty(1)) {
      descriptor = openSync('/dev/fd/1', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    }
  } catch {
    // Not to be opened by this user, or on this system: then as it is.
  }
  return (bytes, done) => write(descriptor, bytes, 0, bytes.length, null, done);
}
