/** Finding each other by mDNS on this machine. */
import { afterEach, expect, it } from 'vitest';
import type { NetworkId } from '../../src/core/identifiers.ts';
import type { Libp2pNetwork } from '../../src/p2p/network.ts';
import { createNetwork, freshNetworkId, until } from '../support/libp2p-peers.ts';
import { Witness } from '../support/network-compliance.ts';

const stops: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

interface Party {
  readonly network: Libp2pNetwork;
  readonly witness: Witness;
}

async function party(networkId: NetworkId): Promise<Party> {
  const network = await createNetwork(networkId, { mdns: true, mdnsIntervalMs: 300 });
  network.handle('status', 100, () => []);
  const witness = new Witness();
  await network.start(witness);
  stops.push(() => network.stop());
  return { network, witness };
}

function found({ witness }: Party): Set<string> {
  return new Set(witness.discoveries.map(({ peer }) => peer));
}

it('three nodes find each other, at addresses that can be dialled, and nobody of another network', async () => {
  const networkId = freshNetworkId();
  const parties = [await party(networkId), await party(networkId), await party(networkId)];
  const stranger = await party(freshNetworkId());
  await until(() => parties.every((one) => found(one).size === 2), 'all have found the others');
  for (const { network, witness } of parties) {
    for (const { peer, addresses } of witness.discoveries) {
      expect(peer).not.toBe(network.self);
      expect(peer).not.toBe(stranger.network.self);
      for (const address of addresses) expect(address.endsWith(`/p2p/${peer}`)).toBe(true);
    }
    const [first] = witness.discoveries;
    if (first === undefined) throw new Error('nobody was found');
    expect(await network.dial(first.addresses[0] ?? '')).toBe(first.peer);
  }
  expect(found(stranger).size).toBe(0);
});

it('a peer is told of again after it was lost, and not while it is connected', async () => {
  const networkId = freshNetworkId();
  const [a, b] = [await party(networkId), await party(networkId)];
  await until(() => found(a).size === 1, 'found');
  await a.network.dial(b.network.addresses()[0] ?? '');
  const whileConnected = a.witness.discoveries.length;
  // A third node that finds both shows that questions were asked and answered meanwhile.
  const c = await party(networkId);
  await until(() => c.witness.discoveries.length >= 4, 'a third finds both twice');
  expect(a.witness.discoveries.slice(whileConnected).filter(({ peer }) => peer === b.network.self)).toEqual(
    [],
  );
  await a.network.disconnect(b.network.self, 'for a test');
  await until(
    () => a.witness.discoveries.slice(whileConnected).some(({ peer }) => peer === b.network.self),
    'told of again',
  );
});
