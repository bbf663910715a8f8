/** Real libp2p networks on loopback, and plain libp2p nodes to be hostile with. */
import { randomBytes } from 'node:crypto';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { type GossipSub, gossipsub } from '@libp2p/gossipsub';
import { type Identify, identify } from '@libp2p/identify';
import type { Libp2p } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { createLibp2p } from 'libp2p';
import { expect, vi } from 'vitest';
import { bytesToHex } from '../../src/core/hex.ts';
import type { NetworkId } from '../../src/core/identifiers.ts';
import { createLibp2pNetwork, type Libp2pNetwork, type Libp2pNetworkOptions } from '../../src/p2p/network.ts';
import { protocolId } from '../../src/p2p/protocols.ts';

/** A network nobody else is on, so that test files running side by side do not meet. */
export function freshNetworkId(): NetworkId {
  return bytesToHex(randomBytes(32)) as NetworkId;
}

export function createNetwork(
  networkId: NetworkId,
  options: Partial<Libp2pNetworkOptions> = {},
): Promise<Libp2pNetwork> {
  return createLibp2pNetwork({ networkId, listen: { host: '127.0.0.1', port: 0 }, mdns: false, ...options });
}

export async function until(condition: () => boolean, what: string, timeout = 10_000): Promise<void> {
  await vi.waitFor(() => expect(condition(), what).toBe(true), { timeout, interval: 10 });
}

export type PlainNode = Libp2p<{ identify: Identify; gossip: GossipSub }>;

/** Makes a plain node pass for one of this network: it says it speaks the protocol, and hangs up when asked. */
export async function pretend(plain: Libp2p, networkId: NetworkId): Promise<void> {
  await plain.handle(protocolId(networkId, 'status'), (stream) => stream.abort(new Error('no answer')));
}

/** A libp2p node that knows nothing of Tallystick, with gossipsub's defaults. */
export function createPlainNode(): Promise<PlainNode> {
  return createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    services: {
      identify: identify(),
      gossip: gossipsub({ globalSignaturePolicy: 'StrictNoSign', allowPublishToZeroTopicPeers: true }),
    },
  });
}

/** A libp2p node that only connects and says who it is: cheap enough to have many. */
export function createIdleNode(): Promise<Libp2p> {
  return createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    services: { identify: identify() },
  });
}
