import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LogOutput } from '../../src/cli/log/log-output.ts';

type Done = (error: NodeJS.ErrnoException | null, written: number) => void;

/** A descriptor whose writes come back when a test says so. */
class Descriptor {
  text = '';
  #pending: { readonly bytes: Buffer; readonly done: Done } | undefined;

  readonly write = (bytes: Buffer, done: Done): void => {
    expect(this.#pending).toBeUndefined();
    this.#pending = { bytes, done };
  };

  get isAsked(): boolean {
    return this.#pending !== undefined;
  }

  takes(count = Number.POSITIVE_INFINITY): void {
    const { bytes, done } = this.#take();
    const taken = bytes.subarray(0, count);
    this.text += taken.toString();
    done(null, taken.length);
  }

  fails(code: string): void {
    this.#take().done(Object.assign(new Error(code), { code }), 0);
  }

  #take(): { readonly bytes: Buffer; readonly done: Done } {
    const pending = this.#pending;
    if (pending === undefined) throw new Error('nothing is being written');
    this.#pending = undefined;
    return pending;
  }
}

let descriptor: Descriptor;
let output: LogOutput;

beforeEach(() => {
  vi.useFakeTimers();
  descriptor = new Descriptor();
  output = new LogOutput({ write: descriptor.write, missing: (count) => `${count} missing\n` });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the log', () => {
  test('is written in order, as much at a time as is taken', () => {
    output.write('a\n');
    for (const line of ['b\n', 'c\n']) output.write(line);
    descriptor.takes();
    descriptor.takes(3);
    descriptor.takes();
    expect(descriptor.text).toBe('a\nb\nc\n');
    expect(descriptor.isAsked).toBe(false);
  });

  test('goes on when the reader of a full pipe does', async () => {
    output.write('a\n');
    descriptor.fails('EAGAIN');
    await vi.advanceTimersByTimeAsync(100);
    descriptor.takes();
    expect(descriptor.text).toBe('a\n');
  });

  test('says how many lines a full disk did not take, once it takes some again', async () => {
    output.write('a\n');
    output.write('b\n');
    descriptor.takes(1);
    descriptor.fails('ENOSPC');
    await vi.advanceTimersByTimeAsync(100);
    descriptor.fails('ENOSPC');
    output.write('c\n');
    await vi.advanceTimersByTimeAsync(100);
    descriptor.takes();
    expect(descriptor.text).toBe('a\n2 missing\nc\n');
  });

  test('drops what is more than its memory, and says so', () => {
    output.write('first\n');
    const line = `${'x'.repeat(64 * 1_024)}\n`;
    for (let count = 0; count < 100; count++) output.write(line);
    descriptor.takes();
    descriptor.takes();
    output.write('last\n');
    descriptor.takes();
    expect(descriptor.text.length).toBeLessThan(4_300_000);
    expect(descriptor.text).toMatch(/x\n36 missing\nlast\n$/);
  });

  test.each(['EPIPE', 'EBADF'])('is given up when nothing is ever read again (%s)', async (code) => {
    output.write('a\n');
    descriptor.fails(code);
    output.write('b\n');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(descriptor.isAsked).toBe(false);
    expect(await output.close()).toBe(true);
  });

  test('is closed within a moment, whatever its reader does, and says whether a write hangs', async () => {
    output.write('a\n');
    const closed = output.close();
    await vi.advanceTimersByTimeAsync(301);
    expect(await closed).toBe(false);
    descriptor.takes();
    output.write('b\n');
    expect(descriptor.isAsked).toBe(false);
  });

  test('is closed once all is written', async () => {
    output.write('a\n');
    output.write('b\n');
    const closed = output.close();
    descriptor.takes();
    descriptor.takes();
    expect(await closed).toBe(true);
    expect(descriptor.text).toBe('a\nb\n');
  });
});
