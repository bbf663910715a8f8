/** Addresses learnt from peers, and told to them: so one known peer is enough to find the rest. */
import type { Dialer } from './dialer.ts';
import type { During, OwnWork } from './faults.ts';
import type { Peers } from './peers.ts';
import type { Network, PeerId } from './ports.ts';
import { AddressesType, decodeWire, MAX_ADDRESS_BYTES, MAX_ADDRESSES } from './wire.ts';

const ADDRESSES_DEADLINE_MS = 10_000;
/** A name of a host may hold letters of any script; what ends lines or moves cursors is in no address. */
const MULTIADDR = /^(\/[\p{L}\p{N}._:%-]+)+$/u;

export interface PeerExchangeOptions {
  readonly network: Network;
  readonly peers: Peers;
  readonly during: During;
  readonly dialer: Dialer;
}

export class PeerExchange {
  readonly #options: PeerExchangeOptions;

  constructor(options: PeerExchangeOptions) {
    this.#options = options;
  }

  /** Where this node and the peers it dialled can be reached. Whoever came to us has an address only we know. */
  reachable(): string[] {
    const { network, peers } = this.#options;
    return [...network.addresses(), ...peers.outboundAddresses()];
  }

  /** Asks a peer whom it knows. */
  learn(peer: PeerId): OwnWork {
    const { dialer, during, network, peers } = this.#options;
    return during(peer, 'addresses', async () => {
      const [answer] = await network.request(peer, 'addresses', new Uint8Array(0), {
        deadlineMs: ADDRESSES_DEADLINE_MS,
        maxChunks: 1,
        maxChunkBytes: MAX_ADDRESSES * (4 + MAX_ADDRESS_BYTES),
      });
      const teller = peers.get(peer)?.connection;
      if (answer === undefined || teller === undefined) return;
      const told = decodeWire(AddressesType, answer, 'addresses').flatMap(
        (bytes) => addressFrom(bytes) ?? [],
      );
      dialer.learn(told, teller);
    });
  }
}

/** @returns undefined if these bytes are no text, or hold more than the characters of a multiaddr */
function addressFrom(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return MULTIADDR.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
