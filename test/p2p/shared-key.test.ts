/** Networks behind a pre-shared key. */
import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { OperationError } from '../../src/node/ports.ts';
import type { Libp2pNetwork } from '../../src/p2p/network.ts';
import { createSharedKey, readSharedKey, type SharedKey } from '../../src/p2p/shared-key.ts';
import { createNetwork, freshNetworkId } from '../support/libp2p-peers.ts';
import { LIMITS, Witness } from '../support/network-compliance.ts';

const networks: Libp2pNetwork[] = [];

afterEach(async () => {
  await Promise.all(networks.splice(0).map((network) => network.stop()));
});

async function party(
  networkId: ReturnType<typeof freshNetworkId>,
  sharedKey?: SharedKey,
): Promise<Libp2pNetwork> {
  const network = await createNetwork(networkId, sharedKey === undefined ? {} : { sharedKey });
  network.handle('status', 100, (request) => [request]);
  network.subscribe('block', async () => 'accept');
  await network.start(new Witness());
  networks.push(network);
  return network;
}

it('those that have the key speak with each other', async () => {
  const [id, key] = [freshNetworkId(), createSharedKey()];
  const [a, b] = [await party(id, key), await party(id, key)];
  expect(await a.dial(b.addresses()[0] ?? '')).toBe(b.self);
  expect(await a.request(b.self, 'status', Uint8Array.of(1, 2), LIMITS)).toEqual([Uint8Array.of(1, 2)]);
});

it('those that have another, or none, are not spoken to, whoever dials', async () => {
  const id = freshNetworkId();
  const [a, b, c] = [await party(id, createSharedKey()), await party(id, createSharedKey()), await party(id)];
  for (const [from, to] of [
    [a, b],
    [a, c],
    [c, a],
  ] as const) {
    await expect(from.dial(to.addresses()[0] ?? '')).rejects.toThrow(OperationError);
  }
  expect([...a.peers(), ...b.peers(), ...c.peers()]).toEqual([]);
});

it('a key is read as it is written, whatever the line ends are; anything else is refused', () => {
  const key = createSharedKey();
  expect(readSharedKey(key)).toBe(key);
  expect(readSharedKey(key.replaceAll('\n', '\r\n'))).toBe(key);
  expect(readSharedKey(key.trimEnd().toUpperCase().replace('/KEY/SWARM/PSK', '/key/swarm/psk'))).toBe(key);
  expect(createSharedKey()).not.toBe(key);
  fc.assert(
    fc.property(fc.nat(key.length - 2), (at) => {
      expect(() => readSharedKey(key.slice(0, at) + key.slice(at + 1))).toThrow(OperationError);
    }),
  );
});
