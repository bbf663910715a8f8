/** The parts that need no network: buckets, bans, bounds on checking, liveness, names, chunks. */
import type { Connection } from '@libp2p/interface';
import { streamPair } from '@libp2p/utils';
import { multiaddr } from '@multiformats/multiaddr';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NetworkId } from '../../src/core/identifiers.ts';
import type { PeerId, Verdict } from '../../src/node/ports.ts';
import { listenAddress, worthTelling } from '../../src/p2p/addresses.ts';
import { chunkStream, FramingError, withLength } from '../../src/p2p/chunk-stream.ts';
import { asError, describeError, isCausedBy } from '../../src/p2p/errors.ts';
import { Gatekeeper } from '../../src/p2p/gatekeeper.ts';
import { IgnoredMessages } from '../../src/p2p/ignored-messages.ts';
import { Liveness, MAX_PING_FAILURES, PING_DEADLINE_MS, PING_INTERVAL_MS } from '../../src/p2p/liveness.ts';
import { networksSpoken, protocolId, serviceTag, topicId } from '../../src/p2p/protocols.ts';
import { MODEST_SHARE } from '../../src/p2p/shared-rate.ts';
import { TokenBuckets } from '../../src/p2p/token-buckets.ts';
import { VALIDATION_BOUNDS, ValidationQueue } from '../../src/p2p/validation-queue.ts';

const peer = (name: string | number) => `peer-${name}` as PeerId;

describe('token buckets', () => {
  it('give a burst, then a steady rate, to each key', () => {
    let now = 0;
    const buckets = new TokenBuckets(() => now);
    const rate = { burst: 3, perSecond: 2 };
    const take = (key: string, times: number) => Array.from({ length: times }, () => buckets.take(key, rate));
    expect(take('a', 4)).toEqual([true, true, true, false]);
    expect(take('b', 1)).toEqual([true]);
    now = 499;
    expect(take('a', 1)).toEqual([false]);
    now = 500;
    expect(take('a', 2)).toEqual([true, false]);
    now = 1_000_000;
    expect(take('a', 4)).toEqual([true, true, true, false]);
  });

  it('never give more than burst and rate allow', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.double({ min: 0.1, max: 100, noNaN: true }),
        fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 200 }),
        (burst, perSecond, waits) => {
          let now = 0;
          let taken = 0;
          const buckets = new TokenBuckets(() => now);
          for (const wait of waits) {
            now += wait;
            if (buckets.take('key', { burst, perSecond })) taken++;
          }
          expect(taken).toBeLessThanOrEqual(burst + (now * perSecond) / 1_000 + 1e-6);
        },
      ),
    );
  });

  it('forget the key longest unused beyond a number', () => {
    const buckets = new TokenBuckets(() => 0);
    const rate = { burst: 1, perSecond: 0 };
    for (let key = 0; key < 4_097; key++) buckets.take(String(key), rate);
    expect(buckets.take('4096', rate)).toBe(false);
    expect(buckets.take('0', rate)).toBe(true);
  });
});

describe('debts of tokens', () => {
  it('are paid by time, and what has come already is counted', () => {
    let now = 0;
    const buckets = new TokenBuckets(() => now);
    const rate = { burst: 10, perSecond: 5 };
    expect(buckets.spend('a', rate, 10)).toBe(0);
    expect(buckets.spend('a', rate, 20)).toBe(4_000);
    expect(buckets.take('a', rate)).toBe(false);
    now = 4_000;
    expect(buckets.spend('a', rate, 0)).toBe(0);
    expect(buckets.spend('a', rate, 1)).toBe(200);
    expect(buckets.spend('b', rate, 1)).toBe(0);
  });
});

describe('the gatekeeper', () => {
  it('denies who is banned until the time, and who is blocked until unblocked', () => {
    let now = 1_000;
    const gatekeeper = new Gatekeeper(() => now);
    gatekeeper.ban(peer('a'), 1_000);
    gatekeeper.block([peer('b')]);
    const denied = () => ['a', 'b', 'c'].map((name) => gatekeeper.isDenied(peer(name)));
    expect(denied()).toEqual([true, true, false]);
    now = 2_000;
    expect(denied()).toEqual([false, true, false]);
    gatekeeper.block([]);
    expect(denied()).toEqual([false, false, false]);
    gatekeeper.close();
    expect(denied()).toEqual([true, true, true]);
  });

  it('remembers 1,024 bans', () => {
    const gatekeeper = new Gatekeeper(() => 0);
    for (let count = 0; count < 1_025; count++) gatekeeper.ban(peer(count), 1);
    expect(gatekeeper.isDenied(peer(0))).toBe(false);
    expect(gatekeeper.isDenied(peer(1))).toBe(true);
    expect(gatekeeper.isDenied(peer(1_024))).toBe(true);
  });
});

describe('messages that are ignored', () => {
  it('are looked at up to a rate of their peer and of its host, and again as time goes by', () => {
    let now = 0;
    const rate = { burst: 160, perSecond: 16 };
    const ignored = new IgnoredMessages(() => now, rate);
    const owner = (name: string, host = '2.2.2.2') => ({ peer: peer(name), host });
    const flood = (name: string, times: number) => {
      for (let count = 0; count < times; count++) ignored.add(owner(name));
    };
    flood('a', rate.burst);
    expect(ignored.isSpent(owner('a'))).toBe(false);
    flood('a', 1);
    expect([ignored.isSpent(owner('a')), ignored.isSpent(owner('b'))]).toEqual([true, false]);
    now = 1_000;
    expect(ignored.isSpent(owner('a'))).toBe(false);
    for (const name of ['b', 'c', 'd', 'e']) flood(name, rate.burst);
    // The host has none left: now its peers may do a little each.
    const modest = rate.burst / MODEST_SHARE;
    flood('f', modest);
    expect(ignored.isSpent(owner('f'))).toBe(false);
    flood('f', 1);
    expect([ignored.isSpent(owner('f')), ignored.isSpent(owner('z', '3.3.3.3'))]).toEqual([true, false]);
  });
});

describe('the validation queue', () => {
  const held = () => Promise.withResolvers<Verdict>();

  it('leaves unread what one peer sends beyond its share, and still takes what others send', async () => {
    const queue = new ValidationQueue(VALIDATION_BOUNDS.block);
    const check = held();
    const pending = Array.from({ length: 64 }, () => queue.run(peer('a'), 1, () => check.promise));
    expect(await queue.run(peer('a'), 1, async () => 'accept')).toBe('unread');
    expect(await queue.run(peer('b'), 1, async () => 'accept')).toBe('accept');
    check.resolve('reject');
    expect(new Set(await Promise.all(pending))).toEqual(new Set(['reject']));
    expect(await queue.run(peer('a'), 1, async () => 'accept')).toBe('accept');
  });

  it('bounds bytes and messages in all', async () => {
    const queue = new ValidationQueue(VALIDATION_BOUNDS.block);
    const check = held();
    const big = 2 * 1_024 * 1_024;
    for (let count = 0; count < 4; count++) void queue.run(peer('a'), big, () => check.promise);
    expect(await queue.run(peer('a'), big, async () => 'accept')).toBe('unread');
    for (let count = 0; count < 252; count++) void queue.run(peer(count % 8), 1, () => check.promise);
    expect(await queue.run(peer(0), 1, async () => 'accept')).toBe('unread');
    check.resolve('accept');
  });

  it('has room for one of a peer that has none, whatever others hold', async () => {
    const queue = new ValidationQueue(VALIDATION_BOUNDS.block);
    const check = held();
    for (let count = 0; count < 256; count++) void queue.run(peer(count % 4), 1, () => check.promise);
    const first = queue.run(peer('z'), 1, () => check.promise);
    expect(await queue.run(peer('z'), 1, async () => 'accept')).toBe('unread');
    check.resolve('accept');
    expect(await first).toBe('accept');
  });

  it('ignores what cannot be checked', async () => {
    const queue = new ValidationQueue(VALIDATION_BOUNDS.block);
    expect(await queue.run(peer('a'), 1, () => Promise.reject(new Error('for a test')))).toBe('ignore');
  });
});

describe('liveness', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const connection = { status: 'open' } as Connection;

  async function silentAfter(answers: (ping: number) => boolean, forMs: number): Promise<number | undefined> {
    let pings = 0;
    let at: number | undefined;
    const begun = Date.now();
    const liveness = new Liveness({
      connections: () => [connection],
      ping: (_, signal) =>
        answers(pings++)
          ? Promise.resolve()
          : new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      silent: () => {
        at ??= Date.now() - begun;
      },
    });
    liveness.start();
    await vi.advanceTimersByTimeAsync(forMs);
    liveness.stop();
    return at;
  }

  it('gives up a connection that does not answer within 20 s', async () => {
    expect(MAX_PING_FAILURES * PING_INTERVAL_MS + PING_DEADLINE_MS).toBeLessThan(20_000);
    expect(await silentAfter(() => false, 60_000)).toBeLessThan(20_000);
  });

  it('keeps one that answers now and then', async () => {
    expect(await silentAfter((ping) => ping % 3 === 2, 300_000)).toBeUndefined();
  });
});

describe('names', () => {
  const network = 'deadbeef'.repeat(8) as NetworkId;

  it('carry the network', () => {
    expect(protocolId(network, 'status')).toBe('/tallystick/deadbeef/status/1');
    expect(topicId(network, 'block')).toBe('/tallystick/deadbeef/block/1');
    expect(serviceTag(network)).toBe('_tally-deadbeef._udp.local');
  });

  it('tell which networks somebody speaks for', () => {
    expect(
      networksSpoken(['/ipfs/ping/1.0.0', '/tallystick/1/a/1', '/tallystick/1/b/1', '/tallystick/2/a/1']),
    ).toEqual(['1', '2']);
  });
});

describe('addresses', () => {
  it('on loopback are told only if there are no others', () => {
    const [loopback, lan] = [multiaddr('/ip4/127.0.0.1/tcp/1'), multiaddr('/ip4/10.77.0.1/tcp/1')];
    expect(worthTelling([loopback, lan])).toEqual([lan]);
    expect(worthTelling([loopback])).toEqual([loopback]);
  });

  it('to listen on are of either kind', () => {
    expect(listenAddress('0.0.0.0', 1)).toBe('/ip4/0.0.0.0/tcp/1');
    expect(listenAddress('::1', 1)).toBe('/ip6/::1/tcp/1');
  });
});

describe('errors', () => {
  it('are told from whatever was thrown', () => {
    expect(asError(new Event('close')).message).toBe('the stream was closed');
    expect(asError('text').message).toBe('text');
    expect(describeError(new AggregateError([new Error('first'), new Error('second')], 'all failed'))).toBe(
      'first',
    );
  });

  it('are found in causes and lists', () => {
    const named = Object.assign(new Error('inner'), { name: 'DialError' });
    expect(isCausedBy(new AggregateError([new Error('a', { cause: named })]), 'DialError')).toBe(true);
    expect(isCausedBy(new Error('a'), 'DialError')).toBe(false);
  });
});

describe('a chunk stream', () => {
  const signal = AbortSignal.timeout(60_000);

  it('carries any chunks in order to an orderly end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), async (sent) => {
        const [left, right] = await streamPair();
        const reader = chunkStream(right, 300);
        const writer = chunkStream(left, 300);
        for (const chunk of sent) await writer.write(chunk, signal);
        await left.close();
        for (const chunk of sent) expect(await reader.read(signal)).toEqual(chunk);
        expect(await reader.read(signal)).toBeUndefined();
      }),
      { numRuns: 30 },
    );
  });

  it('takes whatever arrives as chunks within the limit or as an error, never more', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 400 }), async (garbage) => {
        const [left, right] = await streamPair();
        const reader = chunkStream(right, 50);
        left.send(garbage);
        await left.close();
        try {
          for (;;) {
            const chunk = await reader.read(signal);
            if (chunk === undefined) break;
            expect(chunk.length).toBeLessThanOrEqual(50);
          }
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(FramingError);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('takes a reset between chunks for no orderly end', async () => {
    const [left, right] = await streamPair();
    const reader = chunkStream(right, 10);
    left.send(withLength(Uint8Array.of(1)));
    await vi.waitFor(() => expect(right.readBufferLength).toBe(0));
    left.abort(new Error('for a test'));
    await vi.waitFor(() => expect(right.status).toBe('reset'));
    expect(await reader.read(signal)).toEqual(Uint8Array.of(1));
    await expect(reader.read(signal)).rejects.toThrow();
  });

  it('keeps no more than it may read ahead, and nothing once reading has stopped', async () => {
    const [left, right] = await streamPair();
    const reader = chunkStream(right, 10, 10);
    left.send(new Uint8Array(20));
    await vi.waitFor(() => expect(right.listenerCount('message')).toBe(1));
    await reader.stopReading();
    expect([right.readStatus, right.listenerCount('message')]).toEqual(['closed', 0]);
    left.send(new Uint8Array(100));
    await reader.write(Uint8Array.of(1), signal);
    expect([right.status, right.readBufferLength]).toEqual(['open', 0]);

    const [far, near] = await streamPair();
    chunkStream(near, 10, 10);
    far.send(new Uint8Array(21));
    await vi.waitFor(() => expect(near.status).toBe('aborted'));
  });

  it('writes lengths as unsigned varints', () => {
    const prefix = (length: number) => [
      ...withLength(new Uint8Array(length)).subarray(0, -length || undefined),
    ];
    expect(prefix(0)).toEqual([0]);
    expect(prefix(127)).toEqual([0x7f]);
    expect(prefix(128)).toEqual([0x80, 0x01]);
    expect(prefix(300)).toEqual([0xac, 0x02]);
  });
});
