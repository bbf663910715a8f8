/** Real libp2p peers and raw sockets that take places, do not read, or send what no implementation sends. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ProtocolName, RequestHandler } from '../../src/node/ports.ts';
import { withLength } from '../../src/p2p/chunk-stream.ts';
import { MAX_HANDSHAKES, MAX_HANDSHAKES_OF_HOST } from '../../src/p2p/connections/handshakes.ts';
import { internalsOf } from '../../src/p2p/connections/internals.ts';
import { UnsentBytes } from '../../src/p2p/connections/unsent-bytes.ts';
import type { Libp2pNetwork } from '../../src/p2p/network.ts';
import { protocolId } from '../../src/p2p/protocols.ts';
import { MAX_ANSWERS, MAX_ANSWERS_PER_PEER, REQUEST_RATES } from '../../src/p2p/request-limits.ts';
import {
  createIdleNode,
  createNetwork,
  createPlainNode,
  freshNetworkId,
  pretend,
  until,
} from '../support/libp2p-peers.ts';
import { LIMITS, Witness } from '../support/network-compliance.ts';

const PROTOCOLS = Object.keys(REQUEST_RATES) as ProtocolName[];
/** Much longer than anything here takes: a machine may be busy. */
const PATIENCE_MS = 60_000;
const networkId = freshNetworkId();
const PATIENT = { ...LIMITS, deadlineMs: PATIENCE_MS };
/** Of yamux's frames: the type, and flags. */
const [WINDOW_UPDATE, SYN, RST] = [1, 1, 8];
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
async function stranger(
  network: Libp2pNetwork,
  create: () => Promise<Libp2p> = createIdleNode,
): Promise<{ plain: Libp2p; connection: Connection }> {
  const plain = await create();
  stops.push(() => plain.stop());
  await pretend(plain, networkId);
  const connection = await plain.dial(multiaddr(addressOf(network)));
  const { peerId } = plain;
  await until(
    () => network.peers().some(({ id }) => id === peerId.toString()),
    'it is admitted',
    PATIENCE_MS,
  );
  return { plain, connection };
}

/** Dials as a node does, again and again, until it is let in. */
async function comesIn(newcomer: Libp2pNetwork, network: Libp2pNetwork): Promise<void> {
  const dialling = () => {
    newcomer.dial(addressOf(network)).catch(() => undefined);
    expect(network.peers().some(({ id }) => id === newcomer.self)).toBe(true);
  };
  await vi.waitFor(dialling, { timeout: PATIENCE_MS, interval: 500 });
}

const isHere = (network: Libp2pNetwork, plain: Libp2p): boolean =>
  network.peers().some(({ id }) => id === plain.peerId.toString());

describe('idle identities of one address that take all inbound places', () => {
  it('stop neither what this node dials nor a newcomer', { timeout: 3 * PATIENCE_MS }, async () => {
    const places = 16;
    const { network, witness } = await startNetwork(() => [], places);
    for (let count = 0; count < places; count++) {
      // As much as a node must do to stay: it speaks gossip, and asks once.
      const { connection } = await stranger(network, createPlainNode);
      const stream = await connection.newStream(protocolId(networkId, 'status'));
      stream.send(withLength(new Uint8Array()));
      await stream.close();
    }
    expect(network.peers()).toHaveLength(places);

    const [friend, newcomer] = [await startNetwork(), await startNetwork()];
    expect(await network.dial(addressOf(friend.network))).toBe(friend.network.self);

    await comesIn(newcomer.network, network);
    expect(network.peers().filter(({ direction }) => direction === 'inbound')).toHaveLength(places);
    expect(network.peers().some(({ id }) => id === friend.network.self)).toBe(true);
    expect(witness.disconnections.map(({ reason }) => reason)).toContain('its place was needed');
  });
});

describe('connections that never speak', () => {
  it('do not keep out an honest peer of another address', { timeout: 2 * PATIENCE_MS }, async () => {
    const { network } = await startNetwork();
    const honest = await startNetwork();
    const port = Number(/tcp\/(\d+)/.exec(addressOf(network))?.[1]);
    const sockets = new Set<Socket>();
    let isOver = false;
    let refused = 0;
    function knock(): void {
      const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        refused++;
        if (!isOver) knock();
      });
    }
    stops.push(() => {
      isOver = true;
      for (const socket of sockets) socket.destroy();
    });
    for (let count = 0; count < 2 * MAX_HANDSHAKES; count++) knock();
    await until(() => refused > MAX_HANDSHAKES, 'they take all they can get', PATIENCE_MS);
    expect(await honest.network.dial(addressOf(network))).toBe(network.self);
  });
});

describe('peers that ask and do not read', () => {
  it('hold up no small answer, give their places back, and are sent away', {
    timeout: 5 * PATIENCE_MS,
  }, async () => {
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
    const honest = await startNetwork();
    await honest.network.dial(addressOf(network));
    for (const { connection } of attackers) void besiege(connection);
    const ask = (protocol: ProtocolName) =>
      honest.network.request(network.self, protocol, Uint8Array.of(0), {
        ...LIMITS,
        deadlineMs: PATIENCE_MS,
        maxChunkBytes: 64 * 1_024,
      });
    await until(
      () => attackers.every(({ connection }) => connection.streams.length > 2),
      'it began',
      PATIENCE_MS,
    );

    for (let count = 0; count < REQUEST_RATES.status.burst; count++)
      expect(await ask('status')).toHaveLength(1);
    expect(await ask('transactions')).toHaveLength(1);
    let headers: Uint8Array[] | undefined;
    while (headers === undefined) headers = await ask('headers').catch(() => undefined);
    expect(headers).toHaveLength(1);

    await until(() => attackers.every(({ plain }) => !isHere(network, plain)), 'they are gone', PATIENCE_MS);
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
    await until(() => !isHere(network, plain), 'it is sent away', PATIENCE_MS);
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
    expect(await honest.network.request(network.self, 'status', new Uint8Array(), PATIENT)).toEqual([]);
    expect(witness.disconnections).toHaveLength(1);
    await plain.dial(multiaddr(addressOf(network))).catch(() => undefined);
    await until(() => plain.getConnections().length === 0, 'it is not let in again', PATIENCE_MS);
    return log.join('\n');
  }

  it('is sent away for pings whose answers it does not read', { timeout: 3 * PATIENCE_MS }, async () => {
    const log = await attacked((connection) => {
      const { muxer, raw } = internalsOf(connection);
      raw.pause();
      const pinging = muxer as unknown as { sendPing(id: number): void };
      for (let id = 0; id < 1_000; id++) pinging.sendPing(id);
    });
    expect(log).toMatch(/flood of pings/);
  });

  it('is sent away for a frame of 4 GiB before it is kept', { timeout: 3 * PATIENCE_MS }, async () => {
    const log = await attacked((connection) => {
      const head = new Uint8Array(12);
      new DataView(head.buffer).setUint32(4, 1);
      new DataView(head.buffer).setUint32(8, 0xffff_ffff);
      internalsOf(connection).encrypted.send(head);
    });
    expect(log).toMatch(/a frame of 4294967295 bytes/);
  });

  it('is sent away for opening and resetting streams without end', { timeout: 3 * PATIENCE_MS }, async () => {
    const log = await attacked((connection) => {
      const pairs = 4_000;
      const frames = new Uint8Array(24 * pairs);
      const view = new DataView(frames.buffer);
      for (let at = 0, id = 1_001; at < frames.length; at += 24, id += 2) {
        for (const [head, flags] of [
          [at, SYN],
          [at + 12, RST],
        ] as const) {
          view.setUint8(head + 1, WINDOW_UPDATE);
          view.setUint16(head + 2, flags);
          view.setUint32(head + 4, id);
        }
      }
      internalsOf(connection).encrypted.send(frames);
    });
    expect(log).toMatch(/streams without end/);
  });
});

it('what waits to be sent is watched by a network that runs', async () => {
  const watch = vi.spyOn(UnsentBytes.prototype, 'watch');
  await startNetwork();
  await vi.waitFor(() => expect(watch).toHaveBeenCalled(), { timeout: PATIENCE_MS });
  watch.mockRestore();
});

it('connections that never speak are refused at once beyond the share of their address', {
  timeout: PATIENCE_MS,
}, async () => {
  const { network } = await startNetwork();
  const port = Number(/tcp\/(\d+)/.exec(addressOf(network))?.[1]);
  let refused = 0;
  for (let count = 0; count < 2 * MAX_HANDSHAKES_OF_HOST; count++) {
    const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    socket.on('error', () => undefined);
    socket.on('close', () => refused++);
    stops.push(() => socket.destroy());
  }
  // Long before handshakes that hang end by themselves, after ten seconds.
  await until(() => refused >= MAX_HANDSHAKES_OF_HOST, 'they are refused', 5_000);
});
