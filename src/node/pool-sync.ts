/**
 * Pools are compared, and what is missing is fetched: gossip never repeats itself. With each peer once it has told its
 * status, and again with the next status after something may have been lost between the two. What comes to nothing draws
 * on the peer's budget of work, which a new connection does not fill, and ends the comparison.
 */
import type { Chain } from '../chain/chain.ts';
import type { Mempool } from '../chain/mempool.ts';
import { RuleError } from '../core/errors.ts';
import { ID_BYTES, idFromBytes, type TransactionId } from '../core/identifiers.ts';
import { partOf } from '../core/merkle.ts';
import type { SignedTransaction } from '../core/types.ts';
import { type Background, type During, own } from './faults.ts';
import type { Clock, Network, PeerId } from './ports.ts';
import type { TransactionRelay } from './transaction-relay.ts';
import type { Turns } from './turns.ts';
import {
  decodeWire,
  MAX_POOL_IDS,
  MAX_TRANSACTIONS_ANSWER_BYTES,
  MAX_TRANSACTIONS_REQUESTED,
  PoolRequestType,
  TransactionsAnswerType,
  TransactionsRequestType,
} from './wire.ts';
import { POOL_IDS_PER_UNIT, WORK, type WorkBudgets } from './work-budget.ts';

const POOL_DEADLINE_MS = 20_000;
/** From its first request: a pool of 200,000 transactions takes half of it. A slow peer gives its place back. */
const POOL_SYNC_DEADLINE_MS = 60_000;
/** More than any pool of the default size holds. */
const MAX_PAGES = 8;
/** Ids looked up in one turn of the event loop: 2 ms, if each has to be looked for on disk. */
const IDS_PER_TURN = 256;
/** Fetches in a row that bring nothing new, after which the rest is not asked for. */
const MAX_IDLE_FETCHES = 3;
/** Comparisons at once; each holds a page of 1 MiB. Others wait. */
const MAX_POOL_SYNCS = 32;
/** Pools are compared with one peer no more often: up to 8 MB of ids, and a look at the disk for many. */
const POOL_SYNC_INTERVAL_MS = 60_000;
/** And no more seldom while the peer is connected: so long at most stays unknown what was lost unseen. */
const POOL_SYNC_REPEAT_MS = 10 * 60_000;
/** How often the chain is looked at while a comparison waits for it. */
const LOOK_MS = 15_000;
/** A chain that grows by fewer in the meantime is not one that is being caught up with, whatever peers claim. */
const LEAST_BLOCKS_A_LOOK = 64;

export interface PoolSyncOptions {
  readonly network: Network;
  readonly chain: Chain;
  readonly pool: Mempool;
  readonly relay: TransactionRelay;
  readonly budgets: WorkBudgets;
  readonly turns: Turns;
  readonly clock: Clock;
  readonly during: During;
  readonly background: Background;
  /** Waits until no headers and blocks are being fetched, so long at most. @returns whether that is so */
  readonly chainIdle: (limitMs: number) => Promise<boolean>;
}

/** Where it stands with one peer. */
interface Standing {
  /** When the last comparison began, by elapsed time (ms). */
  begunAtMs: number;
  isUnderWay: boolean;
  /** Something of the peer's pool may be missing here. */
  isDue: boolean;
}

export class PoolSync {
  readonly #options: PoolSyncOptions;
  /** Of the connected peers that told their status. */
  readonly #standings = new Map<PeerId, Standing>();
  #running = 0;
  /** What tells a comparison whether it has a place now. Longest waiting first, one of each connected peer at most. */
  readonly #waiting = new Map<Standing, (hasPlace: boolean) => void>();
  #stopped = false;

  constructor(options: PoolSyncOptions) {
    this.#options = options;
  }

  stop(): void {
    this.#stopped = true;
    for (const standing of this.#waiting.keys()) this.#leave(standing);
  }

  /** Comparisons that wait for a place. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** A peer told its status. */
  heard(peer: PeerId): void {
    let standing = this.#standings.get(peer);
    if (standing === undefined) {
      standing = { begunAtMs: Number.NEGATIVE_INFINITY, isUnderWay: false, isDue: true };
      this.#standings.set(peer, standing);
    }
    const sinceMs = this.#options.clock.elapsed() - standing.begunAtMs;
    const isDue = standing.isDue ? sinceMs >= POOL_SYNC_INTERVAL_MS : sinceMs >= POOL_SYNC_REPEAT_MS;
    if (standing.isUnderWay || !isDue) return;
    this.#options.background(own(this.#compare(peer, standing)));
  }

  /** Something the peer told may not have come here: a predecessor is missing, or it was silent for a while. */
  lost(peer: PeerId): void {
    const standing = this.#standings.get(peer);
    if (standing !== undefined) standing.isDue = true;
  }

  /** A peer is gone. */
  forget(peer: PeerId): void {
    const standing = this.#standings.get(peer);
    if (standing === undefined) return;
    this.#standings.delete(peer);
    this.#leave(standing);
  }

  async #compare(peer: PeerId, standing: Standing): Promise<void> {
    standing.isUnderWay = true;
    const isOver = (): boolean => this.#stopped || this.#standings.get(peer) !== standing;
    await this.#chainIsHere(isOver);
    if (isOver()) return;
    standing.begunAtMs = this.#options.clock.elapsed();
    standing.isDue = false;
    const isWhole = await this.#options.during(peer, 'pool', () => this.#run(peer, standing, isOver));
    if (isWhole !== true) standing.isDue = true;
    standing.isUnderWay = false;
  }

  /** Before that, hardly anything of a pool would apply. Peers that claim without end do not keep it waiting. */
  async #chainIsHere(isOver: () => boolean): Promise<void> {
    const { chain, chainIdle } = this.#options;
    for (;;) {
      const { height } = chain.tip;
      const isIdle = await chainIdle(LOOK_MS);
      if (isIdle || isOver() || chain.tip.height < height + LEAST_BLOCKS_A_LOOK) return;
    }
  }

  /** @returns false if it was given up */
  async #run(peer: PeerId, standing: Standing, isOver: () => boolean): Promise<boolean> {
    if (!(await this.#enter(standing))) return false;
    try {
      return !isOver() && (await new Comparison(this.#options, peer, isOver).run());
    } finally {
      this.#passOn();
    }
  }

  /** Resolves once there is a place. @returns false if the peer is gone by then */
  async #enter(standing: Standing): Promise<boolean> {
    if (this.#running >= MAX_POOL_SYNCS)
      return new Promise<boolean>((resolve) => this.#waiting.set(standing, resolve));
    this.#running++;
    return true;
  }

  #leave(standing: Standing): void {
    this.#waiting.get(standing)?.(false);
    this.#waiting.delete(standing);
  }

  /** A place is free: the longest waiting has it. */
  #passOn(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#running--;
      return;
    }
    const [standing, tell] = next;
    this.#waiting.delete(standing);
    tell(true);
  }
}

/** Fetches what the peer's pool has and ours lacks. */
class Comparison {
  readonly #options: PoolSyncOptions;
  readonly #peer: PeerId;
  /** The peer is gone, or this node stops. */
  readonly #isEnded: () => boolean;
  readonly #endsAtMs: number;
  /** Fetches since the last that brought something new. */
  #idleFetches = 0;

  constructor(options: PoolSyncOptions, peer: PeerId, isEnded: () => boolean) {
    this.#options = options;
    this.#peer = peer;
    this.#isEnded = isEnded;
    this.#endsAtMs = options.clock.elapsed() + POOL_SYNC_DEADLINE_MS;
  }

  /**
   * @returns false if it was given up: it may be tried again later
   * @throws RequestError if the peer does not answer, RuleError if its answer is not what it should be
   */
  async run(): Promise<boolean> {
    for (let page = 0; page < MAX_PAGES; page++) {
      if (this.#isOver()) return false;
      const ids = await this.#page(page);
      for (let at = 0; at < ids.length; at += ID_BYTES * MAX_TRANSACTIONS_REQUESTED) {
        if (this.#isOver()) return false;
        await this.#fetchMissing(ids.subarray(at, at + ID_BYTES * MAX_TRANSACTIONS_REQUESTED));
      }
      if (ids.length < ID_BYTES * MAX_POOL_IDS) return true;
    }
    return true;
  }

  #isOver(): boolean {
    const { budgets, clock } = this.#options;
    return (
      this.#isEnded() ||
      budgets.isSpent(this.#peer) ||
      this.#idleFetches >= MAX_IDLE_FETCHES ||
      clock.elapsed() >= this.#endsAtMs
    );
  }

  /** Ids, 32 bytes each: in SSZ a list of them is nothing else. */
  async #page(page: number): Promise<Uint8Array> {
    const [answer] = await this.#options.network.request(
      this.#peer,
      'pool',
      PoolRequestType.serialize({ page }),
      { deadlineMs: POOL_DEADLINE_MS, maxChunks: 1, maxChunkBytes: ID_BYTES * MAX_POOL_IDS },
    );
    const ids = answer ?? new Uint8Array(0);
    if (ids.length % ID_BYTES !== 0)
      throw new RuleError('malformed-encoding', `pool ids: ${ids.length} bytes are no whole ids`);
    return ids;
  }

  async #fetchMissing(ids: Uint8Array): Promise<void> {
    const missing: Uint8Array[] = [];
    for (let at = 0; at < ids.length; at += ID_BYTES * IDS_PER_TURN) {
      await this.#options.turns.nextForStranger();
      missing.push(...this.#missingOf(ids.subarray(at, at + ID_BYTES * IDS_PER_TURN)));
    }
    if (missing.length === 0) return;
    const fresh = await this.#options.relay.takeFetched(await this.#fetch(missing), this.#peer);
    this.#idleFetches = fresh > 0 ? 0 : this.#idleFetches + 1;
  }

  /** Each id that is not in the pool is looked for on disk. */
  #missingOf(ids: Uint8Array): Uint8Array[] {
    const { budgets, chain, pool } = this.#options;
    const missing: Uint8Array[] = [];
    let units = ids.length / ID_BYTES / POOL_IDS_PER_UNIT;
    for (let index = 0; ID_BYTES * index < ids.length; index++) {
      const bytes = partOf(ids, index);
      const id = idFromBytes<TransactionId>(bytes);
      if (pool.has(id)) continue;
      if (chain.seemsConfirmed(id)) units += WORK.lookedUp;
      else missing.push(bytes);
    }
    budgets.draw(this.#peer, units);
    return missing;
  }

  async #fetch(ids: Uint8Array[]): Promise<SignedTransaction[]> {
    const [answer] = await this.#options.network.request(
      this.#peer,
      'transactions',
      TransactionsRequestType.serialize({ ids }),
      { deadlineMs: POOL_DEADLINE_MS, maxChunks: 1, maxChunkBytes: MAX_TRANSACTIONS_ANSWER_BYTES },
    );
    return answer === undefined ? [] : decodeWire(TransactionsAnswerType, answer, 'transactions');
  }
}
