/**
 * Places of inbound connections. Outbound ones have none: whom this node dials is its own choice, so no stranger can take what it
 * dials with. When all are taken, a newcomer that has proved its id gets the place of another, if one has less merit.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Connection } from '@libp2p/interface';
import { hostOf, networkOf } from '../../node/address-group.ts';
import type { PeerId } from '../../node/ports.ts';
import { peerIdOf } from '../peer-key.ts';
import { chooseToEvict, type InboundPeer } from './eviction.ts';

/** At some 200 kB a connection, 50 MB; more than a devnet has daemons, or a mesh needs. */
const MAX_INBOUND = 256;

/** What is known of a peer's merits. All times on one clock that never runs back, ms. */
export interface Merits {
  readonly lastBlockAtMs: number | undefined;
  readonly lastTransactionsAtMs: number | undefined;
  /** Whether it has asked us something, as every node does at once. */
  readonly hasAsked: boolean;
}

export interface InboundEnvironment {
  readonly now: () => number;
  /** All that are open. */
  connections(): readonly Connection[];
  meritsOf(peer: PeerId): Merits | undefined;
  pingOf(connection: Connection): number | undefined;
  /** What an address owes for peers that were banned. */
  debtOf(address: string): number;
  evict(peer: PeerId): void;
}

export class InboundPlaces {
  readonly #environment: InboundEnvironment;
  readonly #max: number;
  readonly #since = new WeakMap<Connection, number>();
  readonly #salt = randomBytes(16);

  constructor(environment: InboundEnvironment, max: number = MAX_INBOUND) {
    this.#environment = environment;
    this.#max = max;
  }

  /** A connection is there. Several may have been let in at once, each while the others were not there yet. */
  opened(connection: Connection): void {
    this.#since.set(connection, this.#environment.now());
    const open = new Set([...this.#environment.connections(), connection]);
    if (connection.direction === 'inbound') this.#evictBeyond(this.#max, [...open]);
  }

  /** @returns false if there is no place, and no peer to give one up */
  makeRoom(): boolean {
    return this.#evictBeyond(this.#max - 1, this.#environment.connections());
  }

  /** @returns false if there are more inbound ones, and no peer to give its place up */
  #evictBeyond(most: number, open: readonly Connection[]): boolean {
    const inbound = open.filter(({ direction }) => direction === 'inbound');
    if (inbound.length <= most) return true;
    const peers = Map.groupBy(inbound, ({ remotePeer }) => peerIdOf(remotePeer));
    const outbound = new Set(
      open.filter(({ direction }) => direction === 'outbound').map(({ remotePeer }) => peerIdOf(remotePeer)),
    );
    const candidates = [...peers].flatMap(([peer, [first]]) =>
      first === undefined || outbound.has(peer) ? [] : [this.#describe(peer, first)],
    );
    const { evict, now } = this.#environment;
    const evicted = chooseToEvict(candidates, now(), (network) => this.#orderOf(network));
    if (evicted === undefined) return false;
    evict(evicted);
    return true;
  }

  #describe(id: PeerId, connection: Connection): InboundPeer {
    const { debtOf, meritsOf, now, pingOf } = this.#environment;
    const address = connection.remoteAddr.toString();
    const merits = meritsOf(id);
    return {
      id,
      host: hostOf(address),
      network: networkOf(address),
      connectedAtMs: this.#since.get(connection) ?? now(),
      pingMs: pingOf(connection),
      lastBlockAtMs: merits?.lastBlockAtMs,
      lastTransactionsAtMs: merits?.lastTransactionsAtMs,
      isDoubtful: merits?.hasAsked !== true || debtOf(address) >= 1,
    };
  }

  #orderOf(network: string): number {
    return createHash('sha256').update(this.#salt).update(network).digest().readUInt32BE();
  }
}
