/**
 * The status exchange: on connect, when there is news a peer may have missed, and now and then, so that
 * whatever gossip lost is noticed. Request and answer are both a status, so one round trip tells both sides.
 */
import type { Chain } from '../chain/chain.ts';
import { bytesToHex } from '../core/hex.ts';
import { type BlockId, idFromBytes, idToBytes } from '../core/identifiers.ts';
import type { NetworkDefinition } from '../core/network-params.ts';
import type { Conduct } from './conduct.ts';
import type { NodeEvent } from './events.ts';
import { type Background, type During, type OwnWork, own } from './faults.ts';
import { type Peer, type Peers, tipOf } from './peers.ts';
import { type Clock, type Network, type PeerConnection, type PeerId, RequestError } from './ports.ts';
import { decodeWire, type Status, StatusType } from './wire.ts';

const STATUS_DEADLINE_MS = 10_000;
/** Gossip is faster than this; whoever has not shown the block by then may have missed it. */
const ANNOUNCE_MS = 1_000;
/** By then gossip knows of a new connection, and a block reaches it without our help. */
const GOSSIP_READY_MS = 10_000;
/** Whatever gossip and events lost is noticed after so long. */
export const STATUS_INTERVAL_MS = 15_000;
const STATUS_BYTES = StatusType.fixedSize ?? 0;
/** A clock this far off makes blocks look early to others; half of what the rules tolerate. */
const CLOCK_WARNING_MS = 30_000;

export interface StatusOptions {
  readonly definition: NetworkDefinition;
  readonly chain: Chain;
  readonly network: Network;
  readonly handle: Network['handle'];
  readonly clock: Clock;
  readonly peers: Peers;
  readonly conduct: Conduct;
  readonly during: During;
  readonly background: Background;
  readonly emit: (event: NodeEvent) => void;
  /** A peer's chain was told, by question or by answer. */
  readonly onStatus: (peer: PeerId) => void;
  /** A peer did not answer: what was told meanwhile may be lost. */
  readonly onSilence: (peer: PeerId) => void;
}

/** A question under way. */
interface Asking {
  readonly connection: PeerConnection;
  readonly answered: Promise<void>;
}

export class StatusExchange {
  readonly #options: StatusOptions;
  readonly #asking = new Map<PeerId, Asking>();
  #cancelAnnounce: (() => void) | undefined;
  /** More happened than gossip tells. */
  #isNews = false;
  #stopped = false;

  constructor(options: StatusOptions) {
    this.#options = options;
    options.handle('status', STATUS_BYTES, (request, from) => {
      this.#learn(from, decodeWire(StatusType, request, 'status'), 0);
      return [this.#encodeOwn()];
    });
  }

  /** Tells the peer our status and learns its own. A failure is the peer's loss: it stays without a status. */
  ask(peer: PeerId): OwnWork<void> {
    const connection = this.#options.peers.get(peer)?.connection;
    if (connection === undefined || this.#stopped) return own(Promise.resolve());
    const earlier = this.#asking.get(peer);
    // What was asked over a connection that broke says nothing about the one that followed.
    if (earlier?.connection === connection) return own(earlier.answered);
    const asking = { connection, answered: this.#ask(peer) };
    this.#asking.set(peer, asking);
    const answered = asking.answered.finally(() => {
      if (this.#asking.get(peer) === asking) this.#asking.delete(peer);
    });
    return own(answered);
  }

  async #ask(peer: PeerId): Promise<void> {
    const { clock, during, network, onSilence, peers } = this.#options;
    const askedAtMs = clock.elapsed();
    const asked = peers.get(peer);
    if (asked !== undefined) asked.askedAtMs = askedAtMs;
    const isAnswered = await during(peer, 'status', async () => {
      const limits = { deadlineMs: STATUS_DEADLINE_MS, maxChunks: 1, maxChunkBytes: STATUS_BYTES };
      const [answer] = await network.request(peer, 'status', this.#encodeOwn(), limits);
      if (answer === undefined) throw new RequestError('malformed', 'an empty answer to status');
      const roundTripMs = clock.elapsed() - askedAtMs;
      const known = peers.get(peer);
      if (known !== undefined) known.roundTripMs = roundTripMs;
      this.#learn(peer, decodeWire(StatusType, answer, 'status'), roundTripMs / 2);
      return true;
    });
    if (isAnswered !== true) onSilence(peer);
  }

  /**
   * Asks the one neither heard of nor asked for longest, so that what gossip lost is noticed: a status tells both sides,
   * so every node hears of two a round. Whoever was heard of lately is spared; whoever does not answer waits its turn.
   */
  askRound(): void {
    const { background, clock, peers } = this.#options;
    let sinceMs = clock.elapsed() - STATUS_INTERVAL_MS / 2;
    let silent: Peer | undefined;
    for (const peer of peers.each()) {
      const atMs = Math.max(peer.status?.atMs ?? Number.NEGATIVE_INFINITY, peer.askedAtMs);
      if (atMs > sinceMs || (silent !== undefined && atMs === sinceMs)) continue;
      sinceMs = atMs;
      silent = peer;
    }
    if (silent !== undefined) background(this.ask(silent.connection.id));
  }

  /**
   * Tells those who, a moment from now, still seem to know less than we do; they will fetch it.
   *
   * @param isNews false for a block that simply follows the last one: gossip tells all but the newest peers
   */
  announceSoon(isNews: boolean): void {
    if (this.#stopped) return;
    // Whoever connects within the moment is told the new tip with the first status.
    if (!isNews && this.#options.peers.newestAtMs < this.#options.clock.elapsed() - GOSSIP_READY_MS) return;
    this.#isNews ||= isNews;
    this.#cancelAnnounce ??= this.#options.clock.after(ANNOUNCE_MS, () => this.#announce());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelAnnounce?.();
  }

  #announce(): void {
    this.#cancelAnnounce = undefined;
    const { background, chain, clock, peers } = this.#options;
    const newSinceMs = this.#isNews ? Number.NEGATIVE_INFINITY : clock.elapsed() - GOSSIP_READY_MS;
    this.#isNews = false;
    for (const peer of peers.each()) {
      if (peer.status === undefined || (tipOf(peer)?.work ?? 0n) >= chain.tip.work) continue;
      if (peer.connectedAtMs >= newSinceMs) background(this.ask(peer.connection.id));
    }
  }

  #learn(from: PeerId, status: Status, delayMs: number): void {
    const { clock, conduct, definition, emit, onStatus, peers } = this.#options;
    const peer = peers.get(from);
    if (peer === undefined) return;
    const network = bytesToHex(status.networkId);
    if (network !== definition.id) {
      conduct.penalise(from, 'other-network', `it is on network ${network}, we are on ${definition.id}`);
      return;
    }
    const height = Number(status.height);
    if (!Number.isSafeInteger(height)) {
      conduct.penalise(from, 'malformed-message', `status: height ${status.height}`);
      return;
    }
    const clockOffsetMs = Number(status.clock) - clock.now() + delayMs;
    peer.status = {
      tip: idFromBytes<BlockId>(status.tip),
      height,
      work: status.work,
      clockOffsetMs,
      atMs: clock.elapsed(),
    };
    if (Math.abs(clockOffsetMs) > CLOCK_WARNING_MS && !peer.clockReported) {
      peer.clockReported = true;
      emit({ event: 'peer.clock', peer: from, offsetMs: Math.round(clockOffsetMs) });
    }
    onStatus(from);
  }

  #encodeOwn(): Uint8Array {
    const { chain, clock, definition } = this.#options;
    const { height, id, work } = chain.tip;
    return StatusType.serialize({
      networkId: definition.idBytes,
      tip: idToBytes(id),
      height: BigInt(height),
      work,
      clock: BigInt(clock.now()),
    });
  }
}
