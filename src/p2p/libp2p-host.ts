/** The libp2p node underneath: transports, encryption, multiplexing and their limits. */
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { type GossipSub, type GossipsubOpts, gossipsub } from '@libp2p/gossipsub';
import { type Identify, identify } from '@libp2p/identify';
import type { ConnectionGater, Libp2p, PeerDiscovery, PrivateKey } from '@libp2p/interface';
import type { MulticastDNSComponents } from '@libp2p/mdns';
import { preSharedKey } from '@libp2p/pnet';
import { tcp } from '@libp2p/tcp';
import { createLibp2p } from 'libp2p';
import { listenAddress, worthTelling } from './addresses.ts';
import { agentVersion } from './peer-name.ts';
import type { SharedKey } from './shared-key.ts';

/** The receive window of a stream. Also yamux's least; with more, pausing a fast stream overflows its buffer. */
const STREAM_WINDOW_BYTES = 256 * 1_024;
const DEFAULT_MAX_CONNECTIONS = 300;
/** Connections a second from one host: a lab or a devnet starts all its daemons behind one address. */
const MAX_INBOUND_PER_SECOND = 100;
/** Handshakes under way. */
const MAX_INBOUND_PENDING = 100;
export const DIAL_DEADLINE_MS = 10_000;

export interface HostOptions {
  /** What it calls itself. */
  readonly name: string | undefined;
  readonly key: PrivateKey;
  readonly listen: { readonly host: string; readonly port: number };
  /** Told beside those found out. */
  readonly announce: readonly string[];
  readonly maxConnections: number | undefined;
  readonly sharedKey: SharedKey | undefined;
  readonly gater: ConnectionGater;
  readonly gossip: Partial<GossipsubOpts>;
  readonly discovery: ((components: MulticastDNSComponents) => PeerDiscovery) | undefined;
}

export type Host = Libp2p<{ identify: Identify; gossip: GossipSub }>;

/** Not started yet. */
export function createHost(options: HostOptions): Promise<Host> {
  return createLibp2p({
    start: false,
    privateKey: options.key,
    nodeInfo: { name: 'tallystick', userAgent: agentVersion(options.name) },
    addresses: {
      listen: [listenAddress(options.listen.host, options.listen.port)],
      appendAnnounce: [...options.announce],
      announceFilter: worthTelling,
    },
    transports: [tcp()],
    ...(options.sharedKey === undefined
      ? {}
      : { connectionProtector: preSharedKey({ psk: new TextEncoder().encode(options.sharedKey) }) }),
    connectionEncrypters: [noise()],
    streamMuxers: [
      yamux({
        // See liveness.ts, which does that.
        enableKeepAlive: false,
        streamOptions: {
          initialStreamWindowSize: STREAM_WINDOW_BYTES,
          maxStreamWindowSize: STREAM_WINDOW_BYTES,
        },
      }),
    ],
    connectionGater: options.gater,
    connectionManager: {
      maxConnections: options.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
      inboundConnectionThreshold: MAX_INBOUND_PER_SECOND,
      maxIncomingPendingConnections: MAX_INBOUND_PENDING,
      dialTimeout: DIAL_DEADLINE_MS,
    },
    // It closes a connection on the first late answer: see liveness.ts.
    connectionMonitor: { enabled: false },
    peerDiscovery: options.discovery === undefined ? [] : [options.discovery],
    services: { identify: identify(), gossip: gossipsub(options.gossip) },
  });
}
