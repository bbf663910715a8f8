/** Real libp2p peers and raw sockets that take places, do not read, or send what no implementation sends. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Connection, Stream } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ProtocolName, RequestHandler } from '../../src/node/ports.ts';
import { withLength } from '../../src/p2p/chunk-stream.ts';
import { SHORTEST_STAY_MS } from '../../src/p2p/connections/eviction.ts';
import { MAX_HANDSHAKES_OF_HOST } from '../../src/p2p/connections/handshakes.ts';
import { internalsOf } from '../../src/p2p/connections/internals.ts';
import type { Libp2pNetwork } from '../../src/p2p/network.ts';
import { protocolId } from '../../src/p2p/protocols.ts';
import { MAX_ANSWERS, MAX_ANSWERS_PER_PEER, REQUEST_RATES } from '../../src/p2p/request-limits.ts';
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
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

async function startNetwork(handler: RequestHandler = () => [], maxInbound = 256) {
  const log: string[] = [];
  const network = await createNetwork(networkId, { maxInbound, log: (_, message) => log.push(message) });
  for (const protocol of PROTOCOLS) network.handle(protocol, 1_024, handler);
  const witness = new Witness();
  await network.start(witness);
  stops.push(() => network.stop());
  return { network, witness, log };
}

function addressOf(network: Libp2pNetwork): string {
  const [address] = network.addresses();
  if (address === undefined) throw new Error('it listens nowhere');
  return address;
}

/** A libp2p node that passes for one of ours, connected to the network. */
async function stranger(network: Libp2pNetwork): Promise<{ plain: PlainNode; connection: Connection }> {
  const plain = await createPlainNode();
  stops.push(() => plain.stop());
  await pretend(plain, networkId);
  const connection = await plain.dial(multiaddr(addressOf(network)));
  const { peerId } = plain;
  await until(() => network.peers().some(({ id }) => id === peerId.toString()), 'it is admitted');
  return { plain, connection };
}

/** Dials as a node does, again and again, until it is let in. */
async function comesIn(newcomer: Libp2pNetwork, network: Libp2pNetwork, timeout: number): Promise<void> {
  const dialling = () => {
    newcomer.dial(addressOf(network)).catch(() => undefined);
    expect(network.peers().some(({ id }) => id === newcomer.self)).toBe(true);
  };
  await vi.waitFor(dialling, { timeout, interval: 500 });
}

const isHere = (network: Libp2pNetwork, plain: PlainNode): boolean =>
  network.peers().some(({ id }) => id === plain.peerId.toString());

describe('idle identities of one address that take all inbound places', () => {
  it('stop neither what this node dials nor a newcomer', { timeout: 60_000 }, async () => {
    const places = 20;
    const { network, witness } = await startNetwork(() => [], places);
    for (let count = 0; count < places; count++) await stranger(network);
    expect(network.peers()).toHaveLength(places);

    const [friend, newcomer] = [await startNetwork(), await startNetwork()];
    expect(await network.dial(addressOf(friend.network))).toBe(friend.network.self);

    await comesIn(newcomer.network, network, SHORTEST_STAY_MS + 10_000);
    expect(network.peers().filter(({ direction }) => direction === 'inbound')).toHaveLength(places);
    expect(network.peers().some(({ id }) => id === friend.network.self)).toBe(true);
    expect(witness.disconnections.map(({ reason }) => reason)).toContain('its place was needed');
  });
});

describe('connections that never speak', () => {
  it('do not keep an honest peer out', { timeout: 30_000 }, async () => {
    const { network } = await startNetwork();
    const port = Number(/tcp\/(\d+)/.exec(addressOf(network))?.[1]);
    const sockets: Socket[] = Array.from({ length: 300 }, () => connect(port, '127.0.0.1'));
    stops.push(() => {
      for (const socket of sockets) socket.destroy();
    });
    let refused = 0;
    for (const socket of sockets) {
      socket.on('error', () => undefined);
      socket.on('close', () => refused++);
    }
    await until(() => refused >= sockets.length - MAX_HANDSHAKES_OF_HOST, 'most are refused');
    const honest = await startNetwork();
    await comesIn(honest.network, network, 5_000);
  });
});

describe('peers that ask and do not read', () => {
  it('hold up no small answer, give their places back, and are sent away', { timeout: 90_000 }, async () => {
    const { network } = await startNetwork(async function* (request) {
      // Byte 1: a long answer; byte 0: a short one.
      for (let count = 0; count < (request[0] === 1 ? 64 : 1); count++) yield new Uint8Array(64 * 1_024);
    });
    const attackers = await Promise.all(
      Array.from({ length: Math.ceil(MAX_ANSWERS.bulk / MAX_ANSWERS_PER_PEER) + 1 }, () => stranger(network)),
    );
    let isOver = false;
    /** Keeps so many questions open, and reads none of the answers. */
    async function besiege(connection: Connection): Promise<void> {
      const open = new Set<Stream>();
      while (!isOver && connection.status === 'open') {
        if (open.size >= MAX_ANSWERS_PER_PEER) {
          await Promise.race([...open].map((stream) => once(stream, 'close')));
          continue;
        }
        try {
          const stream = await connection.newStream(protocolId(networkId, 'headers'));
          stream.addEventListener('close', () => open.delete(stream), { once: true });
          stream.pause();
          open.add(stream);
          stream.send(withLength(Uint8Array.of(1)));
          await stream.close();
        } catch {
          return;
        }
      }
    }
    for (const { connection } of attackers) void besiege(connection);
    const honest = await startNetwork();
    await honest.network.dial(addressOf(network));
    const ask = (protocol: ProtocolName) =>
      honest.network.request(network.self, protocol, Uint8Array.of(0), {
        ...LIMITS,
        maxChunkBytes: 64 * 1_024,
      });
    await until(() => attackers.every(({ connection }) => connection.streams.length > 2), 'the siege began');

    for (let count = 0; count < REQUEST_RATES.status.burst; count++)
      expect(await ask('status')).toHaveLength(1);
    expect(await ask('transactions')).toHaveLength(1);
    const begun = performance.now();
    let headers: Uint8Array[] | undefined;
    while (headers === undefined) headers = await ask('headers').catch(() => undefined);
    expect(performance.now() - begun).toBeLessThan(8_000);

    await until(() => attackers.every(({ plain }) => !isHere(network, plain)), 'they are gone', 30_000);
    isOver = true;
    expect(network.peers().map(({ id }) => id)).toEqual([honest.network.self]);
  });
});

describe('a peer that sends what no implementation sends', () => {
  async function attacked(attack: (connection: Connection) => void) {
    const { log, network, witness } = await startNetwork();
    const { connection, plain } = await stranger(network);
    const honest = await startNetwork();
    await honest.network.dial(addressOf(network));
    const before = process.memoryUsage().rss;
    attack(connection);
    await until(() => !isHere(network, plain), 'it is sent away');
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
    expect(await honest.network.request(network.self, 'status', new Uint8Array(), LIMITS)).toEqual([]);
    expect(witness.disconnections).toHaveLength(1);
    await plain.dial(multiaddr(addressOf(network))).catch(() => undefined);
    await until(() => plain.getConnections().length === 0, 'it is not let in again');
    return log.join('\n');
  }

  it('is sent away for pings whose answers it does not read', async () => {
    const log = await attacked((connection) => {
      const { muxer, raw } = internalsOf(connection);
      raw.pause();
      const pinging = muxer as unknown as { sendPing(id: number): void };
      for (let id = 0; id < 1_000; id++) pinging.sendPing(id);
    });
    expect(log).toMatch(/flood of pings/);
  });

  it('is sent away for a frame of 4 GiB before it is kept', async () => {
    const log = await attacked((connection) => {
      const head = new Uint8Array(12);
      new DataView(head.buffer).setUint32(4, 1);
      new DataView(head.buffer).setUint32(8, 0xffff_ffff);
      internalsOf(connection).encrypted.send(head);
    });
    expect(log).toMatch(/a frame of 4294967295 bytes/);
  });

  it('is sent away for opening and resetting streams without end', async () => {
    const log = await attacked((connection) => {
      const { encrypted } = internalsOf(connection);
      for (let id = 1_001; id < 20_001; id += 2) {
        const frames = new Uint8Array(24);
        const view = new DataView(frames.buffer);
        for (const [at, flags] of [
          [0, 1],
          [12, 8],
        ] as const) {
          view.setUint8(at + 1, 1);
          view.setUint16(at + 2, flags);
          view.setUint32(at + 4, id);
        }
        if (encrypted.status === 'open') encrypted.send(frames);
      }
    });
    expect(log).toMatch(/streams without end/);
  });
});
