/** The libp2p node underneath: transports, encryption, multiplexing and their limits. */
import { noise } from '@chainsafe/libp2p-noise';
import { type GossipSub, type GossipsubOpts, gossipsub } from '@libp2p/gossipsub';
import { type Identify, identify } from '@libp2p/identify';
import type { ConnectionGater, Libp2p, PrivateKey, StreamMuxer } from '@libp2p/interface';
import { preSharedKey } from '@libp2p/pnet';
import { createLibp2p } from 'libp2p';
import { listenAddress, worthTelling } from './addresses.ts';
import { guardedYamux } from './connections/guarded-muxer.ts';
import { guardedTcp } from './connections/guarded-tcp.ts';
import type { Handshakes } from './connections/handshakes.ts';
import { agentVersion } from './peer-name.ts';
import type { SharedKey } from './shared-key.ts';

/** For a handshake: some round trips, of which a bad line repeats a few. While others wait, patience is shorter: `Handshakes`. */
const HANDSHAKE_DEADLINE_MS = 10_000;
/** To say what a stream is for, once it is open: one round trip. */
const NEGOTIATION_DEADLINE_MS = 5_000;
/** The same for a dial with its handshake. */
export const DIAL_DEADLINE_MS = 10_000;

export interface HostOptions {
  /** What it calls itself. */
  readonly name: string | undefined;
  readonly key: PrivateKey;
  readonly listen: { readonly host: string; readonly port: number };
  /** Told beside those found out. */
  readonly announce: readonly string[];
  readonly sharedKey: SharedKey | undefined;
  readonly gater: ConnectionGater;
  readonly handshakes: Handshakes;
  /** A peer does what no implementation would; its connection ends. */
  readonly onOffence: (muxer: StreamMuxer, reason: string) => void;
  readonly gossip: Partial<GossipsubOpts>;
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
    transports: [guardedTcp(options.handshakes)],
    ...(options.sharedKey === undefined
      ? {}
      : { connectionProtector: preSharedKey({ psk: new TextEncoder().encode(options.sharedKey) }) }),
    connectionEncrypters: [noise()],
    streamMuxers: [guardedYamux(options.onOffence)],
    connectionGater: options.gater,
    connectionManager: {
      // Who may come in is decided by `Handshakes` and `InboundPlaces`. Libp2p's own limits count outbound connections too,
      // close what they should keep, and know addresses but no networks.
      maxConnections: Number.MAX_SAFE_INTEGER,
      maxIncomingPendingConnections: Number.MAX_SAFE_INTEGER,
      inboundConnectionThreshold: Number.MAX_SAFE_INTEGER,
      inboundUpgradeTimeout: HANDSHAKE_DEADLINE_MS,
      inboundStreamProtocolNegotiationTimeout: NEGOTIATION_DEADLINE_MS,
      dialTimeout: DIAL_DEADLINE_MS,
      // Each dial is of one address.
      addressDialTimeout: DIAL_DEADLINE_MS,
    },
    // The node has an address book of its own; here a peer could name thousands, to be sorted at each stream it opens.
    peerStore: { addressFilter: async () => false },
    // It closes a connection on the first late answer: see liveness.ts.
    connectionMonitor: { enabled: false },
    services: { identify: identify(), gossip: gossipsub(options.gossip) },
  });
}
