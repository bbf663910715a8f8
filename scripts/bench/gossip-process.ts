/** The limit of relay: a libp2p host and gossipsub with the daemon's settings, and a validator that accepts at once. */
import { randomBytes } from 'node:crypto';
import { generateKeyPair } from '@libp2p/crypto/keys';
import { TopicValidatorResult } from '@libp2p/gossipsub';
import { multiaddr } from '@multiformats/multiaddr';
import { AddressDebts } from '../../src/p2p/connections/address-debts.ts';
import { Handshakes } from '../../src/p2p/connections/handshakes.ts';
import { gossipSettings } from '../../src/p2p/gossip-settings.ts';
import { createHost } from '../../src/p2p/libp2p-host.ts';
import { happened, serveParent } from './child.ts';

/** As many as a daemon has. */
const [TOPIC, OTHER_TOPIC] = ['/bench/block/1', '/bench/transactions/1'] as const;

const host = await createHost({
  name: undefined,
  key: await generateKeyPair('Ed25519'),
  listen: { host: '127.0.0.1', port: 0 },
  announce: [],
  sharedKey: undefined,
  gater: {},
  handshakes: new Handshakes(() => performance.now(), new AddressDebts(() => performance.now())),
  onOffence: () => undefined,
  gossip: gossipSettings([TOPIC, OTHER_TOPIC]),
});
const { gossip } = host.services;
gossip.topicValidators.set(TOPIC, (_peer, { data }) => {
  happened('passed on', { bytes: data.length });
  return TopicValidatorResult.Accept;
});
await host.start();
gossip.subscribe(TOPIC);
gossip.subscribe(OTHER_TOPIC);

serveParent({
  addresses: () => host.getMultiaddrs().map(String),
  connect: async (address: string) => {
    await host.dial(multiaddr(address));
  },
  peers: () => host.getPeers().length,
  publish: async (bytes: number) => {
    const message = randomBytes(bytes);
    happened('published', { bytes });
    await gossip.publish(TOPIC, message);
  },
});
