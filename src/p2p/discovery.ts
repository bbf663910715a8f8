/**
 * Finding peers of this network on the LAN by mDNS.
 *
 * libp2p tells of a peer once, and not again when it vanished and came back; here every answer counts, for the
 * node decides whom to dial. Each network has a service name of its own, so others are not even heard.
 *
 * The messages leave by the route for 224.0.0.251, usually the default route: a machine with several networks
 * is found on that one, and a machine without any such route only by what it hears.
 */
import type { PeerDiscovery } from '@libp2p/interface';
import { type MulticastDNSComponents, mdns } from '@libp2p/mdns';
import type { PeerId } from '../node/ports.ts';
import { peerIdOf } from './peer-key.ts';

const DEFAULT_INTERVAL_MS = 10_000;
/** Peers remembered as recently told of. A LAN has fewer; a flood of made-up ones pushes out the oldest. */
const MAX_RECENT = 1_024;
/** Addresses of one peer passed on: its interfaces, with room for containers' bridges. */
const MAX_ADDRESSES = 16;

export interface DiscoveryOptions {
  readonly serviceTag: string;
  readonly intervalMs: number | undefined;
  /** Called at most once an interval for each peer. */
  discovered(peer: PeerId, addresses: readonly string[]): void;
}

export function mdnsDiscovery(
  options: DiscoveryOptions,
): (components: MulticastDNSComponents) => PeerDiscovery {
  const interval = options.intervalMs ?? DEFAULT_INTERVAL_MS;
  const create = mdns({ serviceTag: options.serviceTag, interval });
  /** When each was told of last, monotonic ms; longest ago first. */
  const recent = new Map<PeerId, number>();

  return (components) => {
    const discovery = create(components);
    discovery.addEventListener('peer', ({ detail: { id, multiaddrs } }) => {
      const peer = peerIdOf(id);
      const now = performance.now();
      const last = recent.get(peer);
      // Somewhat less than the interval, which is not kept to the millisecond.
      if (last !== undefined && now - last < interval / 2) return;
      recent.delete(peer);
      recent.set(peer, now);
      for (const oldest of recent.keys()) {
        if (recent.size <= MAX_RECENT) break;
        recent.delete(oldest);
      }
      const addresses = multiaddrs.slice(0, MAX_ADDRESSES).map((address) => `${address}/p2p/${peer}`);
      options.discovered(peer, addresses);
    });
    return discovery;
  };
}
