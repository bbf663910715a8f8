/**
 * The one way commands read files. What a file says of its size is not believed: a device never ends, a pipe may never
 * begin. Folders and devices are refused, a pipe is waited for, and no more is read than is looked at.
 */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import type { Readable } from 'node:stream';
import { after } from '../../client/timers.ts';
import { CommandError, systemCode } from '../errors.ts';
import { PIPE_WAIT_MS, READ_BYTES } from './limits.ts';

const STDIN = '-';
/** A program may have to write to a named pipe before it opens. Windows has no such thing. */
const WITHOUT_WAITING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
/** Between two looks at a pipe in which there is nothing. */
const LOOK_MS = 10;
/** What a pipe holds. */
const PIPE_BYTES = 64 * 1_024;

export interface InputFile {
  /** Of a file; undefined of a pipe. It may grow or shrink while it is read. */
  readonly bytes: number | undefined;
  /** To be gone through once. */
  readonly pieces: AsyncIterable<Uint8Array>;
}

export interface ReadOptions {
  /** The most that is looked at. */
  readonly maxBytes: number;
  /** What the file should be, for messages. */
  readonly what: string;
  /** Default: `PIPE_WAIT_MS`. */
  readonly pipeWaitMs?: number;
}

/** @param path `-` is standard input @throws CommandError; the system's error is its cause */
export async function openInput(path: string, pipeWaitMs: number = PIPE_WAIT_MS): Promise<InputFile> {
  if (path === STDIN) {
    const waitMs = process.stdin.isTTY ? undefined : pipeWaitMs;
    return { bytes: undefined, pieces: paced(path, process.stdin, waitMs) };
  }
  const info = await lookAt(path);
  if (info.isDirectory()) throw new CommandError(`${path} is a folder: name the files in it`);
  if (info.isFile()) return { bytes: info.size, pieces: piecesOf(path) };
  if (info.isFIFO()) return { bytes: undefined, pieces: fromPipe(path, pipeWaitMs) };
  throw new CommandError(`${path} is a device, not a file: name a file, or - for standard input`);
}

/** Without opening it: what is written to a pipe while a reader only looks is lost. */
async function lookAt(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** @throws CommandError if it cannot be read or is too long */
export async function readBytes(
  path: string,
  { maxBytes, pipeWaitMs, what }: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { pieces } = await openInput(path, pipeWaitMs);
  const read: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    length += piece.length;
    if (length > maxBytes) throw new CommandError(`${path} is longer than ${what} can be: check its name`);
    read.push(piece);
  }
  return new Uint8Array(Buffer.concat(read));
}

/** The same of UTF-8, without a byte-order mark. @throws CommandError if it is none */
export async function readText(path: string, options: ReadOptions): Promise<string> {
  const bytes = await readBytes(path, options);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CommandError(`${path} is not ${options.what}: it is no UTF-8 text`, { cause });
  }
}

async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, WITHOUT_WAITING);
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(READ_BYTES));
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    await file?.close();
  }
}

/**
 * Looked into again and again: a thread that waits for a pipe keeps the process from ending. An end before the first
 * byte means that no program writes to it yet.
 */
async function* fromPipe(path: string, waitMs: number): AsyncGenerator<Uint8Array> {
  let file: FileHandle | undefined;
  let isEmpty = true;
  try {
    file = await open(path, WITHOUT_WAITING);
    for (let heardMs = performance.now(); performance.now() - heardMs < waitMs; ) {
      const piece = await nextOf(file);
      if (piece === undefined || (piece.length === 0 && isEmpty)) {
        await new Promise<void>((resolve) => after(LOOK_MS, resolve));
        continue;
      }
      if (piece.length === 0) return;
      isEmpty = false;
      yield piece;
      heardMs = performance.now();
    }
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    await file?.close();
  }
  throw silent(path, waitMs);
}

/** @returns undefined if a program has it open but has not written yet; nothing at its end */
async function nextOf(file: FileHandle): Promise<Uint8Array | undefined> {
  try {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(PIPE_BYTES));
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if (systemCode(error) === 'EAGAIN') return undefined;
    throw error;
  }
}

/** @param waitMs between two pieces; undefined: a person is writing */
async function* paced(
  path: string,
  stream: Readable,
  waitMs: number | undefined,
): AsyncGenerator<Uint8Array> {
  const arm = (): (() => void) | undefined =>
    waitMs === undefined ? undefined : after(waitMs, () => void stream.destroy(silent(path, waitMs)));
  let disarm = arm();
  try {
    for await (const piece of stream) {
      // Only while we read: what is done with a piece is not the pipe's silence.
      disarm?.();
      yield piece as Buffer;
      disarm = arm();
    }
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    disarm?.();
  }
}

function silent(path: string, waitMs: number): CommandError {
  const name = path === STDIN ? 'standard input' : path;
  return new CommandError(`nothing comes from ${name} for ${waitMs / 1_000} s: see what should write to it`);
}

function unreadable(path: string, cause: unknown): CommandError {
  if (cause instanceof CommandError) return cause;
  const code = systemCode(cause);
  if (code === undefined) throw cause;
  return new CommandError(`cannot read ${path} (${code}): check its name and who owns it`, { cause });
}
