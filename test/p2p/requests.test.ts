/** Requests over real streams: many, large, slow, and asked or answered by somebody hostile. */
import { randomBytes } from 'node:crypto';
import type { Connection, Stream } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PeerId, ProtocolName, RequestFailure, RequestHandler } from '../../src/node/ports.ts';
import { RequestError } from '../../src/node/ports.ts';
import { MAX_BLOCKS_ANSWER_BYTES, RESULT } from '../../src/node/wire.ts';
import { withLength } from '../../src/p2p/chunk-stream.ts';
import { Liveness } from '../../src/p2p/liveness.ts';
import type { Libp2pNetwork } from '../../src/p2p/network.ts';
import { protocolId } from '../../src/p2p/protocols.ts';
import {
  MAX_ANSWERS_PER_PEER,
  REQUEST_RATE_FACTOR_OF_HOST,
  REQUEST_RATES,
} from '../../src/p2p/request-limits.ts';
import {
  createNetwork,
  createPlainNode,
  freshNetworkId,
  type PlainNode,
  pretend,
  until,
} from '../support/libp2p-peers.ts';
import { LIMITS, Witness } from '../support/network-compliance.ts';

const PROTOCOLS = Object.keys(REQUEST_RATES) as ProtocolName[];
const networkId = freshNetworkId();
const stops: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function startNetwork(handler: RequestHandler): Promise<Libp2pNetwork> {
  const network = await createNetwork(networkId);
  for (const protocol of PROTOCOLS) network.handle(protocol, 1_024, handler);
  await network.start(new Witness());
  stops.push(() => network.stop());
  return network;
}

function addressOf(node: { addresses(): string[] } | PlainNode): string {
  const [address] = 'addresses' in node ? node.addresses() : node.getMultiaddrs().map(String);
  if (address === undefined) throw new Error('it listens nowhere');
  return address;
}

async function startPlain(): Promise<PlainNode> {
  const plain = await createPlainNode();
  stops.push(() => plain.stop());
  return plain;
}

async function failureOf(asked: Promise<unknown>): Promise<RequestFailure | undefined> {
  return asked.then(
    () => undefined,
    (thrown) => (thrown instanceof RequestError ? thrown.failure : thrown),
  );
}

describe('between two networks', () => {
  it('answers 250 requests one after another on one connection', async () => {
    const [a, b] = [await startNetwork(() => []), await startNetwork((request) => [request])];
    await a.dial(addressOf(b));
    for (let count = 0; count < 250; count++) {
      const request = Uint8Array.of(count);
      expect(await a.request(b.self, 'blocks', request, LIMITS)).toEqual([request]);
    }
    expect(a.peers()).toHaveLength(1);
  });

  it('carries an answer of 4 MiB in chunks of a block', async () => {
    const chunks = [1, 2].map((value) => new Uint8Array(MAX_BLOCKS_ANSWER_BYTES).fill(value));
    const [a, b] = [await startNetwork(() => []), await startNetwork(() => chunks)];
    await a.dial(addressOf(b));
    const limits = { deadlineMs: 20_000, maxChunks: 2, maxChunkBytes: MAX_BLOCKS_ANSWER_BYTES };
    expect(await a.request(b.self, 'blocks', new Uint8Array(), limits)).toEqual(chunks);
  });

  it('tells a peer that does not answer from a line that is cut', async () => {
    const [a, b] = [
      await startNetwork(() => []),
      await startNetwork(async function* () {
        await new Promise(() => {});
      }),
    ];
    await a.dial(addressOf(b));
    const ask = () => a.request(b.self, 'blocks', Uint8Array.of(1), { ...LIMITS, deadlineMs: 50 });
    expect(await failureOf(ask())).toBe('timeout');
    const silence = vi.spyOn(Liveness.prototype, 'isSilent').mockReturnValue(true);
    stops.push(() => silence.mockRestore());
    expect(await failureOf(ask())).toBe('disconnected');
  });

  it('keeps the chunks that are whole at the deadline, where the caller can use them', async () => {
    const [a, b] = [
      await startNetwork(() => []),
      await startNetwork(async function* (request) {
        if (request[0] === 1) yield request;
        await new Promise(() => {});
      }),
    ];
    await a.dial(addressOf(b));
    const ask = (first: number, keepsWhole: boolean) =>
      a.request(b.self, 'blocks', Uint8Array.of(first), { ...LIMITS, deadlineMs: 500, keepsWhole });
    expect(await ask(1, true)).toEqual([Uint8Array.of(1)]);
    expect(await failureOf(ask(1, false))).toBe('timeout');
    expect(await failureOf(ask(2, true))).toBe('timeout');
    await expect(ask(1, false)).rejects.toMatchObject({ failure: 'timeout', hasBegun: true });
    await expect(ask(2, false)).rejects.toMatchObject({ failure: 'timeout', hasBegun: false });
  });

  it('says busy to who asks too often, and answers others', async () => {
    const [a, b, c] = [
      await startNetwork(() => []),
      await startNetwork(() => []),
      await startNetwork(() => []),
    ];
    await a.dial(addressOf(b));
    await c.dial(addressOf(b));
    const failures: (RequestFailure | undefined)[] = [];
    for (let count = 0; count <= REQUEST_RATES.addresses.burst; count++) {
      failures.push(await failureOf(a.request(b.self, 'addresses', new Uint8Array(), LIMITS)));
    }
    expect(failures.at(-2)).toBeUndefined();
    expect(failures.at(-1)).toBe('refused');
    expect(await c.request(b.self, 'addresses', new Uint8Array(), LIMITS)).toEqual([]);
    expect(await a.request(b.self, 'status', new Uint8Array(), LIMITS)).toEqual([]);
  });

  it('says busy to many identities of a host, and to nobody for a neighbour that asks too often', async () => {
    const server = await startNetwork(() => []);
    const { burst } = REQUEST_RATES.addresses;
    const join = async () => {
      const network = await startNetwork(() => []);
      await network.dial(addressOf(server));
      return network;
    };
    const ask = (network: Libp2pNetwork) =>
      failureOf(network.request(server.self, 'addresses', new Uint8Array(), LIMITS));
    const greedy = await join();
    for (let count = 0; count < burst * REQUEST_RATE_FACTOR_OF_HOST; count++) await ask(greedy);
    const failures: (RequestFailure | undefined)[] = [];
    for (let peer = 0; peer < 2 * REQUEST_RATE_FACTOR_OF_HOST; peer++) {
      const network = await join();
      for (let count = 0; count < burst; count++) failures.push(await ask(network));
    }
    expect(failures.slice(0, burst)).toEqual(Array(burst).fill(undefined));
    expect(failures).toContain('refused');
  });

  it('says busy to who has too many answers under way, until one is done', async () => {
    const release = Promise.withResolvers<void>();
    let underWay = 0;
    const [a, b] = [
      await startNetwork(() => []),
      await startNetwork(async function* (request) {
        underWay++;
        await release.promise;
        yield request;
      }),
    ];
    await a.dial(addressOf(b));
    const ask = () => a.request(b.self, 'blocks', Uint8Array.of(1), LIMITS);
    const waiting = Array.from({ length: MAX_ANSWERS_PER_PEER }, ask);
    await until(() => underWay === MAX_ANSWERS_PER_PEER, 'all are under way');
    expect(await failureOf(ask())).toBe('refused');
    release.resolve();
    for (const answer of await Promise.all(waiting)) expect(answer).toEqual([Uint8Array.of(1)]);
    expect(await ask()).toEqual([Uint8Array.of(1)]);
  });
});

describe('asked by somebody hostile', () => {
  let network: Libp2pNetwork;
  let plain: PlainNode;
  let connection: Connection;
  let produced = 0;

  beforeEach(async () => {
    produced = 0;
    network = await startNetwork(function* () {
      for (; produced < 1_000; produced++) yield new Uint8Array(64 * 1_024);
    });
    plain = await startPlain();
    await pretend(plain, networkId);
    connection = await plain.dial(multiaddr(addressOf(network)));
  });

  const open = (protocol: ProtocolName): Promise<Stream> =>
    connection.newStream(protocolId(networkId, protocol));

  async function received(stream: Stream): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    try {
      for await (const part of stream) parts.push(part.subarray());
    } catch {
      // A reset: what came before counts.
    }
    return Buffer.concat(parts);
  }

  it.each(PROTOCOLS)('outlives garbage on %s', async (protocol) => {
    // One byte of zero is a whole request with nothing in it, and is answered; so may random bytes be.
    for (const garbage of [Uint8Array.of(0), randomBytes(1), randomBytes(10), randomBytes(5_000)]) {
      const stream = await open(protocol);
      try {
        stream.send(garbage);
        await stream.close();
      } catch {
        // The other side may end it before all is sent.
      }
      await received(stream);
    }
    produced = 0;
    const other = await startNetwork(() => []);
    await other.dial(addressOf(network));
    expect(await failureOf(other.request(network.self, 'pool', new Uint8Array(), LIMITS))).toBe('malformed');
  });

  it.each<[string, Uint8Array]>([
    ['no request', new Uint8Array()],
    ['a request cut off', withLength(new Uint8Array(10)).subarray(0, 5)],
    ['a length cut off', Uint8Array.of(0x80)],
    ['a length without end', new Uint8Array(20).fill(0xff)],
    ['a request too long', withLength(new Uint8Array(1_025))],
    ['two requests', Buffer.concat([withLength(Uint8Array.of(1)), withLength(Uint8Array.of(2))])],
  ])('says invalid to %s, and asks nobody', async (_, sent) => {
    const stream = await open('blocks');
    const answer = received(stream);
    if (sent.length > 0) stream.send(sent);
    await stream.close();
    expect(new Uint8Array(await answer)).toEqual(withLength(Uint8Array.of(RESULT.invalid)));
    expect(produced).toBe(0);
  });

  it('produces no more than a slow reader takes', async () => {
    const stream = await open('blocks');
    stream.send(withLength(Uint8Array.of(1)));
    await stream.close();
    stream.addEventListener('message', () => stream.pause(), { once: true });
    // The window is 256 KiB each, so the flow stands still after a few chunks of 64 KiB; only then comes the ping.
    await until(() => produced > 2, 'the answer began');
    for (let round = 0; round < 20; round++) await plain.services.identify.identify(connection);
    expect(produced).toBeLessThan(100);
    stream.abort(new Error('enough'));
  });

  it('stops producing when the reader is gone', async () => {
    const stream = await open('blocks');
    stream.send(withLength(Uint8Array.of(1)));
    await stream.close();
    await until(() => produced > 2, 'the answer began');
    stream.abort(new Error('enough'));
    await plain.services.identify.identify(connection);
    const before = produced;
    for (let round = 0; round < 20; round++) await plain.services.identify.identify(connection);
    expect(produced).toBe(before);
  });
});

describe('answered by somebody hostile', () => {
  let asker: Libp2pNetwork;
  let liar: PeerId;
  let answer: (stream: Stream) => unknown;

  beforeEach(async () => {
    asker = await startNetwork(() => []);
    const plain = await startPlain();
    await plain.handle(protocolId(networkId, 'blocks'), (stream) => void answer(stream));
    liar = await asker.dial(addressOf(plain));
  });

  const ask = (deadlineMs = 2_000) =>
    failureOf(
      asker.request(liar, 'blocks', Uint8Array.of(1), { deadlineMs, maxChunks: 3, maxChunkBytes: 100 }),
    );

  const sendAndEnd =
    (...parts: Uint8Array[]) =>
    async (stream: Stream) => {
      for (const part of parts) stream.send(part);
      await stream.close();
    };
  const ok = withLength(Uint8Array.of(RESULT.ok));

  it.each<[string, Uint8Array[]]>([
    ['a result byte that means nothing', [withLength(Uint8Array.of(9))]],
    ['a result of two bytes', [withLength(Uint8Array.of(0, 0))]],
    ['a chunk cut off', [ok, withLength(new Uint8Array(50)).subarray(0, 20)]],
    ['a length cut off', [ok, Uint8Array.of(0x80)]],
    ['a length without end', [ok, new Uint8Array(20).fill(0xff)]],
    ['a chunk announced as too long', [ok, Uint8Array.of(101)]],
    ['too many chunks', [ok, ...Array.from({ length: 4 }, () => withLength(Uint8Array.of(1)))]],
  ])('takes %s as malformed', async (_, parts) => {
    answer = sendAndEnd(...parts);
    expect(await ask()).toBe('malformed');
  });

  it('takes nothing as broken: so it is when the peer stops while it is asked', async () => {
    answer = sendAndEnd();
    expect(await ask()).toBe('disconnected');
  });

  it('takes a reset as broken', async () => {
    answer = (stream) => {
      stream.send(Buffer.concat([ok, withLength(Uint8Array.of(1))]));
      stream.abort(new Error('for a test'));
    };
    expect(await ask()).toBe('disconnected');
  });

  it('waits for an answer that drips no longer than the deadline', async () => {
    answer = async (stream) => {
      stream.send(ok);
      for await (const _ of stream) stream.send(new Uint8Array());
    };
    expect(await ask(100)).toBe('timeout');
  });

  it('leaves no streams behind, however it went', async () => {
    // libp2p allows 32 at once.
    answer = () => undefined;
    for (let count = 0; count < 40; count++) expect(await ask(30)).toBe('timeout');
    answer = sendAndEnd(withLength(Uint8Array.of(9)));
    for (let count = 0; count < 40; count++) expect(await ask()).toBe('malformed');
    answer = sendAndEnd(ok);
    expect(await ask()).toBeUndefined();
  });
});
