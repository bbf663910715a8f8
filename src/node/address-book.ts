/** Peers that were reached once, kept on disk, so that a restarted node finds its network without help. */
import type { Store } from '../store/store.ts';
import { classOf, networkOf } from './address-group.ts';
import type { Clock } from './ports.ts';

/** Enough that some are still there after a long while. */
const MAX_ADDRESSES = 256;
/** Of one network, beyond LANs: the owner of one must not push out all others. */
const MAX_ADDRESSES_OF_NETWORK = 8;

export class AddressBook {
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Last reached first. */
  all(): string[] {
    return this.#store.peers.all().map(({ address }) => address);
  }

  remember(address: string): void {
    const { peers } = this.#store;
    this.#store.atomically(() => {
      // Of two starts of the daemon only the wall clock knows; set back, it must not make the newest the oldest.
      const lastSeenMs = Math.max(this.#clock.now(), (peers.all()[0]?.lastSeenMs ?? 0) + 1);
      peers.put({ address, lastSeenMs });
      for (const oldest of neighboursOf(address, this.all()).slice(MAX_ADDRESSES_OF_NETWORK))
        peers.remove(oldest);
      for (const { address: oldest } of peers.all().slice(MAX_ADDRESSES)) peers.remove(oldest);
    }, 'bulk');
  }

  forget(address: string): void {
    this.#store.atomically(() => this.#store.peers.remove(address), 'bulk');
  }
}

function neighboursOf(address: string, all: readonly string[]): string[] {
  if (classOf(address) !== 'public') return [];
  const network = networkOf(address);
  return all.filter((other) => networkOf(other) === network);
}
