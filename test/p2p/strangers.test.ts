/** Who may be a peer: nodes of other networks, nodes of none, nodes cut off. */
import { afterEach, describe, expect, it } from 'vitest';
import { OperationError } from '../../src/node/ports.ts';
import { createLibp2pNetwork, type Libp2pNetwork } from '../../src/p2p/network.ts';
import { createPeerKey } from '../../src/p2p/peer-key.ts';
import { networkHint } from '../../src/p2p/protocols.ts';
import { createNetwork, createPlainNode, freshNetworkId, until } from '../support/libp2p-peers.ts';
import { LIMITS, Witness } from '../support/network-compliance.ts';

const stops: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

interface Party {
  readonly network: Libp2pNetwork;
  readonly witness: Witness;
  readonly log: string[];
  readonly address: string;
}

async function party(networkId = freshNetworkId()): Promise<Party> {
  const log: string[] = [];
  const network = await createNetwork(networkId, { log: (_, message) => log.push(message) });
  network.handle('status', 100, (request) => [request]);
  network.subscribe('block', async () => 'accept');
  const witness = new Witness();
  await network.start(witness);
  stops.push(() => network.stop());
  return { network, witness, log, address: network.addresses()[0] ?? '' };
}

describe('a node of another network', () => {
  it('is sent away by both sides, with words in the log and in the error', async () => {
    const theirs = freshNetworkId();
    const [a, b] = [await party(), await party(theirs)];
    const error = await a.network.dial(b.address).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OperationError);
    expect(String(error)).toMatch(/another network|closed the connection/);
    const words = new RegExp(`on another network \\(${networkHint(theirs)}\\)`);
    await until(() => [...a.log, ...b.log].some((line) => /on another network/.test(line)), 'it is logged');
    for (const line of a.log.filter((text) => text.includes('another network'))) expect(line).toMatch(words);
    expect(a.network.peers()).toEqual([]);
    expect(b.network.peers()).toEqual([]);
    expect([...a.witness.connections, ...b.witness.connections]).toEqual([]);
    expect([...a.witness.disconnections, ...b.witness.disconnections]).toEqual([]);
  });
});

describe('a libp2p node that is not one of ours', () => {
  it('is sent away', async () => {
    const a = await party();
    const plain = await createPlainNode();
    stops.push(() => plain.stop());
    await expect(a.network.dial(String(plain.getMultiaddrs()[0]))).rejects.toThrow(
      /does not speak Tallystick/,
    );
    await until(() => plain.getConnections().length === 0, 'it is disconnected');
    expect(a.log.join()).toMatch(/does not speak Tallystick/);
    expect(a.witness.connections).toEqual([]);
  });
});

describe('an address', () => {
  it.each([
    ['without a peer id', (address: string) => address.replace(/\/p2p\/.*/, '')],
    ['with a peer id', (address: string) => address],
  ])('%s leads to the peer', async (_, form) => {
    const networkId = freshNetworkId();
    const [a, b] = [await party(networkId), await party(networkId)];
    expect(await a.network.dial(form(b.address))).toBe(b.network.self);
    expect(await a.network.dial(form(b.address))).toBe(b.network.self);
    expect(a.witness.connections).toHaveLength(1);
  });

  it.each([
    ['that is none', () => 'nonsense', /not a multiaddr/],
    ['of this node without its id', (own: string) => own.replace(/\/p2p\/.*/, ''), /this node itself/],
    ['of this node', (own: string) => own, /this node itself/],
    ['where nobody listens', () => '/ip4/127.0.0.1/tcp/1', /ECONNREFUSED/],
    ['by a transport not spoken', () => '/ip4/127.0.0.1/udp/4141', /no valid addresses/],
  ])('%s is refused in plain words', async (_, address, words) => {
    const a = await party();
    const dialled = a.network.dial(address(a.address));
    await expect(dialled).rejects.toThrow(OperationError);
    await expect(dialled).rejects.toThrow(words);
  });

  it('of a peer with the id of another is refused', async () => {
    const networkId = freshNetworkId();
    const [a, b, c] = [await party(networkId), await party(networkId), await party(networkId)];
    const wrong = b.address.replace(b.network.self, c.network.self);
    await expect(a.network.dial(wrong)).rejects.toThrow(OperationError);
    expect(a.network.peers()).toEqual([]);
  });
});

describe('the key', () => {
  it('decides the peer id', async () => {
    const key = await createPeerKey();
    const options = { networkId: freshNetworkId(), listen: { host: '127.0.0.1', port: 0 }, mdns: false };
    const [first, second] = [
      await createLibp2pNetwork({ ...options, key }),
      await createLibp2pNetwork({ ...options, key }),
    ];
    const other = await createLibp2pNetwork(options);
    expect(second.self).toBe(first.self);
    expect(other.self).not.toBe(first.self);
  });

  it('that is damaged is refused with what to do', async () => {
    const options = { networkId: freshNetworkId(), listen: { host: '127.0.0.1', port: 0 }, mdns: false };
    await expect(createLibp2pNetwork({ ...options, key: Uint8Array.of(1, 2, 3) })).rejects.toThrow(
      OperationError,
    );
  });
});

describe('a port taken by another', () => {
  it('is refused with an OperationError', async () => {
    const a = await party();
    const port = Number(/tcp\/(\d+)/.exec(a.address)?.[1]);
    const b = await createNetwork(freshNetworkId(), { listen: { host: '127.0.0.1', port } });
    await expect(b.start(new Witness())).rejects.toThrow(OperationError);
    await b.stop();
  });
});

describe('block', () => {
  it('cuts both ways until unblock, as a partition', async () => {
    const networkId = freshNetworkId();
    const [a, b, c] = [await party(networkId), await party(networkId), await party(networkId)];
    await a.network.dial(b.address);
    await a.network.dial(c.address);
    await until(() => b.network.peers().length === 1, 'connected');
    a.network.block([b.network.self]);
    await until(() => b.network.peers().length === 0 && a.network.peers().length === 1, 'cut off');
    expect(a.witness.disconnections).toEqual([{ peer: b.network.self, reason: 'it was cut off' }]);
    await expect(a.network.dial(b.address)).rejects.toThrow(OperationError);
    await expect(b.network.dial(a.address)).rejects.toThrow(OperationError);
    expect(await a.network.request(c.network.self, 'status', new Uint8Array(), LIMITS)).toHaveLength(1);
    a.network.unblock();
    await b.network.dial(a.address);
    await until(() => a.network.peers().length === 2, 'connected again');
  });
});
