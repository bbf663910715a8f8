/** Addresses learnt from peers, and told to them: so one known peer is enough to find the rest. */
import type { Dialer } from './dialer.ts';
import type { During, OwnWork } from './faults.ts';
import type { Peers } from './peers.ts';
import type { Network, PeerId } from './ports.ts';
import { AddressesType, decodeWire, MAX_ADDRESS_BYTES, MAX_ADDRESSES } from './wire.ts';

const ADDRESSES_DEADLINE_MS = 10_000;

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
    const dialled = peers
      .all()
      .filter(({ connection }) => connection.direction === 'outbound')
      .map(({ connection }) => connection.address);
    return [...network.addresses(), ...dialled];
  }

  /** Asks a peer whom it knows. */
  learn(peer: PeerId): OwnWork {
    const { dialer, during, network } = this.#options;
    return during(peer, 'addresses', async () => {
      const [answer] = await network.request(peer, 'addresses', new Uint8Array(0), {
        deadlineMs: ADDRESSES_DEADLINE_MS,
        maxChunks: 1,
        maxChunkBytes: MAX_ADDRESSES * (4 + MAX_ADDRESS_BYTES),
      });
      const decoder = new TextDecoder();
      for (const address of answer === undefined ? [] : decodeWire(AddressesType, answer, 'addresses')) {
        dialer.add(decoder.decode(address), 'learnt');
      }
    });
  }
}
