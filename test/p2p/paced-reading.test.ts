/** Reading a stream later, on a clock of the test's own. */
import type { Stream } from '@libp2p/interface';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PacedReading } from '../../src/p2p/paced-reading.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** As libp2p's: resuming, it hands over what came meanwhile before it lets the peer send again. */
class FakeStream {
  readStatus: Stream['readStatus'] = 'readable';
  /** Whether the peer may send. */
  flows = true;
  onResume: () => void = () => {};

  pause(): void {
    this.readStatus = 'paused';
    this.flows = false;
  }

  resume(): void {
    this.readStatus = 'readable';
    this.onResume();
    this.flows = true;
  }
}

it('goes on once what is owed is paid', () => {
  const stream = new FakeStream();
  const reading = new PacedReading(stream);
  reading.wait(0);
  expect(stream.flows).toBe(true);
  reading.wait(2_000);
  vi.advanceTimersByTime(1_999);
  expect([stream.readStatus, stream.flows]).toEqual(['paused', false]);
  vi.advanceTimersByTime(1);
  expect([stream.readStatus, stream.flows]).toEqual(['readable', true]);
});

it('lets the peer send no more if what came in the pause is too much again', () => {
  const stream = new FakeStream();
  const reading = new PacedReading(stream);
  reading.wait(1_000);
  stream.onResume = () => reading.wait(1_000);
  vi.advanceTimersByTime(1_000);
  expect([stream.readStatus, stream.flows]).toEqual(['paused', false]);
  stream.onResume = () => {};
  vi.advanceTimersByTime(1_000);
  expect([stream.readStatus, stream.flows]).toEqual(['readable', true]);
});

it('lets a stream be whose connection is gone', () => {
  const stream = new FakeStream();
  const reading = new PacedReading(stream);
  reading.wait(1_000);
  stream.onResume = () => {
    throw new Error('the connection is closed');
  };
  expect(() => vi.advanceTimersByTime(1_000)).not.toThrow();
  stream.pause();
  reading.wait(1_000);
  stream.readStatus = 'closed';
  vi.advanceTimersByTime(5_000);
  expect(stream.flows).toBe(false);
});
