/** Shares of connections and places, with callers from anywhere. */
import { EventEmitter } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Caller, isLoopbackAddress, networkOf } from '../../src/api/callers/caller.ts';
import { Connections } from '../../src/api/callers/connections.ts';
import { Places } from '../../src/api/callers/places.ts';
import {
  MAX_CONNECTIONS,
  MAX_CONNECTIONS_OF_ADDRESS,
  MAX_CONNECTIONS_OF_STRANGERS,
  YIELD_MS,
} from '../../src/api/limits.ts';

class FakeSocket extends EventEmitter {
  readonly remoteAddress: string;
  readonly bytesRead = 0;
  readonly bytesWritten = 0;
  readonly writableLength = 0;
  destroyed = false;

  constructor(remoteAddress: string) {
    super();
    this.remoteAddress = remoteAddress;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

describe('connections', () => {
  const server = new EventEmitter();
  const connections = new Connections(server as Server);
  const opened: FakeSocket[] = [];

  afterEach(() => {
    for (const socket of opened.splice(0)) if (!socket.destroyed) socket.destroy();
    connections.close();
  });

  const open = (address: string): FakeSocket => {
    const socket = new FakeSocket(address);
    opened.push(socket);
    server.emit('connection', socket);
    return socket;
  };
  /** A request that is never answered. */
  const ask = (address: string): FakeSocket => {
    const socket = open(address);
    const request = { socket, complete: true };
    const response = Object.assign(new EventEmitter(), { socket });
    server.emit('request', request, response);
    return socket;
  };
  const openOf = (sockets: FakeSocket[]) => sockets.filter(({ destroyed }) => !destroyed).length;

  test('of one address have a share, and the oldest that never spoke goes first', () => {
    const many = Array.from({ length: MAX_CONNECTIONS_OF_ADDRESS + 5 }, () => open('10.0.0.1'));
    expect(many.map(({ destroyed }) => destroyed)).toEqual(many.map((_, index) => index < 5));
    expect(open('10.0.0.2').destroyed).toBe(false);
  });

  test('of all strangers leave places for those of this machine', () => {
    const strangers = Array.from({ length: 300 }, (_, index) => ask(`10.0.${index}.1`));
    expect(openOf(strangers)).toBe(MAX_CONNECTIONS_OF_STRANGERS);
    const own = Array.from({ length: MAX_CONNECTIONS - MAX_CONNECTIONS_OF_STRANGERS }, () =>
      ask('127.0.0.1'),
    );
    expect(openOf(own)).toBe(own.length);
    // All are busy: nobody is cut off in the middle.
    expect(open('127.0.0.1').destroyed).toBe(true);
    expect(openOf(strangers)).toBe(MAX_CONNECTIONS_OF_STRANGERS);
  });

  test('tell a body that does not come from an answer that is being made', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const [slow, whole] = [open('10.0.0.1'), open('10.0.0.2')];
    const asking = (socket: FakeSocket, complete: boolean): ServerResponse => {
      const request = { socket, complete };
      const response = Object.assign(new EventEmitter(), { socket, req: request });
      server.emit('request', request, response);
      return response as unknown as ServerResponse;
    };
    const [coming, working] = [asking(slow, false), asking(whole, true)];
    vi.advanceTimersByTime(YIELD_MS);
    expect([connections.stalledMs(coming), connections.stalledMs(working)]).toEqual([YIELD_MS, 0]);
    vi.useRealTimers();
  });

  test('between two requests, that do not come or are not read give their places to newcomers', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const fill = (address: string, complete: boolean) =>
      Array.from({ length: MAX_CONNECTIONS_OF_ADDRESS }, () => {
        const socket = open(address);
        const request = { socket, complete, isPaused: () => false };
        const response = Object.assign(new EventEmitter(), { socket, req: request });
        server.emit('request', request, response);
        return response;
      });
    for (const response of fill('10.0.1.1', true)) response.emit('close');
    fill('10.0.1.2', false);
    for (const response of fill('10.0.1.3', true)) {
      Object.assign(response.socket, { writableLength: 1 });
      connections.stalledMs(response as unknown as ServerResponse);
    }
    expect(open('10.0.1.3').destroyed).toBe(true);
    vi.advanceTimersByTime(YIELD_MS);
    const newcomers = ['10.0.1.1', '10.0.1.2', '10.0.1.3'].map(open);
    expect(newcomers.map(({ destroyed }) => destroyed)).toEqual([false, false, false]);
    vi.useRealTimers();
  });

  test('that ask keep their places from those that are silent', () => {
    const busy = ask('10.0.0.1');
    for (let count = 0; count < 3 * MAX_CONNECTIONS_OF_ADDRESS; count++) open('10.0.0.1');
    expect(busy.destroyed).toBe(false);
  });
});

describe('places', () => {
  const caller = (address: string, isOwn = false): Caller => ({ isOwn, address, turn: async () => {} });
  const answer = (): ServerResponse => {
    const response = Object.assign(new EventEmitter(), {
      req: { socket: new EventEmitter() },
      destroyed: false,
      destroy() {
        response.destroyed = true;
        response.emit('close');
      },
    });
    return response as unknown as ServerResponse;
  };
  const shares = { inAll: 6, ofStrangers: 4, ofAddress: 2 };
  const stalled = new Map<ServerResponse, number>();
  const made = () =>
    new Places({
      what: 'things',
      code: 'too-many-requests',
      shares,
      stalledMs: (one) => stalled.get(one) ?? 0,
    });

  test('are shared out by address, and some are for own callers', () => {
    const places = made();
    const take = (address: string, isOwn = false) => places.take(caller(address, isOwn), answer());
    take('a');
    take('a');
    expect(() => take('a')).toThrow('at most 2 things at once for one address');
    take('b');
    take('c');
    expect(() => take('d')).toThrow('at most 4 things at once for strangers');
    take('own', true);
    take('own', true);
    expect(() => take('own', true)).toThrow('at most 6 things at once');
  });

  test('come back with the answer, or with its connection', () => {
    const places = made();
    const held = [answer(), answer()];
    for (const one of held) places.take(caller('a'), one);
    held[0]?.emit('close');
    held[1]?.req.socket.emit('close');
    for (const one of [answer(), answer()]) places.take(caller('a'), one);
    expect(() => places.take(caller('a'), answer())).toThrow();
    expect(held.map((one) => one.req.socket.listenerCount('close'))).toEqual([0, 0]);
  });

  test('of an answer that is not read go to another, the longest unread first', () => {
    const places = made();
    const [first, second] = [answer(), answer()];
    places.take(caller('a'), first);
    places.take(caller('a'), second);
    stalled.set(first, YIELD_MS);
    stalled.set(second, 2 * YIELD_MS);
    places.take(caller('a'), answer());
    expect([first.destroyed, second.destroyed]).toEqual([false, true]);
  });
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8::1', '2001:db8:0::/48'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
  ['fe80::1%eth0', 'fe80:0:0::/48'],
  ['::1', '0:0:0::/48'],
  ['anything', 'anything'],
])('%s counts as %s', (address, network) => expect(networkOf(address)).toBe(network));

test.each([
  ['127.0.0.1', true],
  ['127.255.0.3', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['10.0.0.1', false],
  ['2001:db8::1', false],
])('%s is of this machine: %s', (address, isOwn) => expect(isLoopbackAddress(address)).toBe(isOwn));
