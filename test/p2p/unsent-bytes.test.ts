/** What waits to be sent is bounded, for a connection and for all, and so is how long it waits. */
import type { Connection, MessageStream } from '@libp2p/interface';
import { describe, expect, it } from 'vitest';
import {
  LONGEST_STANDSTILL_MS,
  MAX_UNSENT_BYTES,
  MAX_UNSENT_BYTES_OF_CONNECTION,
  UnsentBytes,
} from '../../src/p2p/connections/unsent-bytes.ts';

const MB = 1_024 * 1_024;

class FakeConnection extends EventTarget {
  readonly streams = [{ writeBufferLength: 0 }];
  readonly maConn = Object.assign(new EventTarget(), { writeBufferLength: 0, writableNeedsDrain: false });
  readonly muxer = { maConn: { writeBufferLength: 0 } as MessageStream };
}

function setUp(count: number) {
  const time = { now: 0 };
  const fakes = Array.from({ length: count }, () => new FakeConnection());
  const open = new Set<unknown>(fakes);
  const cut: { which: number; reason: string }[] = [];
  const unsent = new UnsentBytes({
    now: () => time.now,
    connections: () => [...open] as Connection[],
    cut: (connection, reason) => {
      open.delete(connection);
      cut.push({ which: fakes.indexOf(connection as unknown as FakeConnection), reason });
    },
  });
  const pass = (seconds: number) => {
    for (let second = 0; second < seconds; second++, time.now += 1_000) unsent.watch();
  };
  return { fakes, cut, unsent, pass };
}

describe('unsent bytes', () => {
  it('of a connection are counted wherever they wait', () => {
    const { cut, fakes, unsent } = setUp(2);
    for (const fake of fakes) {
      fake.maConn.writeBufferLength = MAX_UNSENT_BYTES_OF_CONNECTION / 4;
      fake.muxer.maConn.writeBufferLength = MAX_UNSENT_BYTES_OF_CONNECTION / 4;
      for (const stream of fake.streams) stream.writeBufferLength = MAX_UNSENT_BYTES_OF_CONNECTION / 2;
    }
    unsent.watch();
    expect(cut).toEqual([]);
    for (const stream of fakes[1]?.streams ?? []) stream.writeBufferLength++;
    unsent.watch();
    expect(cut).toEqual([{ which: 1, reason: 'it lets too much pile up unread' }]);
  });

  it('of all together are bounded: those go first that read nothing for longest', () => {
    const { cut, fakes, pass } = setUp(12);
    for (const fake of fakes.slice(0, 3)) fake.maConn.writableNeedsDrain = true;
    pass(5);
    for (const fake of fakes) fake.muxer.maConn.writeBufferLength = 12 * MB;
    pass(1);
    expect(12 * 12 * MB).toBeGreaterThan(MAX_UNSENT_BYTES);
    expect(cut.map(({ which }) => which)).toEqual([0, 1]);
  });

  it('do not wait for ever: a connection that takes nothing ends, one that takes a little now and then stays', () => {
    const { cut, fakes, pass } = setUp(2);
    for (const fake of fakes) fake.maConn.writableNeedsDrain = true;
    for (let second = 0; second < 3 * (LONGEST_STANDSTILL_MS / 1_000); second++) {
      pass(1);
      if (second % 10 === 9) fakes[1]?.maConn.dispatchEvent(new Event('drain'));
    }
    expect(cut).toEqual([{ which: 0, reason: 'it reads nothing' }]);
  });
});
