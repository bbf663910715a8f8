/**
 * From a compact block to the whole one: its transactions are taken from the pool; what is missing is asked of the
 * peer that sent it, then of others; and if what was put together is not what the header names, the whole block is.
 * Nothing waits for ever: a block nobody gives is dropped, and sync finds it later.
 */
import { BlockAssembly } from '../chain/block-assembly.ts';
import type { Mempool } from '../chain/mempool.ts';
import { type BlockId, idToBytes } from '../core/identifiers.ts';
import { unpackShortIds } from '../core/short-ids.ts';
import type { SignedTransaction } from '../core/types.ts';
import { type BodyVerdict, isAnothersBody } from './block-check.ts';
import type { ArrivedBlock, PlacedBlock } from './block-waiting.ts';
import { BodyFetch, type BodyFetchOptions } from './body-fetch.ts';
import type { PeerId } from './ports.ts';

/** Blocks being completed. Nearly all take milliseconds; a burst of blocks mined on demand fits. */
const MAX_COMPLETING = 1_024;
const MAX_COMPLETING_OF_PEER = MAX_COMPLETING / 4;
/** Of the messages they came in: seventy of the longest. */
const MAX_COMPLETING_BYTES = 16 * 1_024 * 1_024;
const MAX_COMPLETING_BYTES_OF_PEER = MAX_COMPLETING_BYTES / 4;
/** Blocks whose missing transactions are being fetched: with two answers of 2 MiB each under way, 32 MiB. */
const MAX_FETCHING = 8;
/** Half of them, so that one peer's withheld blocks leave room for others. */
const MAX_FETCHING_OF_PEER = MAX_FETCHING / 2;
/** Others that may be asked for the same block. */
const MAX_RELAYERS = 8;
/** A peer that asks for a body that is still under way here waits so long: a fetch that goes well, and no more. */
const SERVE_WAIT_MS = 2_000;
/** Requests that wait so: half of the places for answers of their kind, so that other requests have room. */
export const MAX_SERVE_WAITING = 16;
/** A peer asks once for each of a few new blocks. */
const MAX_SERVE_WAITING_OF_PEER = 2;

export interface BlockCompletionOptions extends BodyFetchOptions {
  readonly pool: Mempool;
}

interface UnderWay {
  readonly arrived: PlacedBlock;
  /** Who sent it, in whatever words. */
  readonly relayers: Set<PeerId>;
  readonly body: PromiseWithResolvers<readonly SignedTransaction[] | undefined>;
  /** Requests that wait for the body. */
  waiting: number;
  isFetching: boolean;
}

export class BlockCompletion {
  readonly #options: BlockCompletionOptions;
  readonly #underWay = new Map<BlockId, UnderWay>();
  #bytes = 0;
  /** Who waits for bodies, once for each request. */
  readonly #waiting: PeerId[] = [];

  constructor(options: BlockCompletionOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#underWay.size;
  }

  /** Blocks of which something is being fetched. */
  get fetching(): number {
    return this.#count(({ isFetching }) => isFetching);
  }

  has(id: BlockId): boolean {
    return this.#underWay.has(id);
  }

  find(id: BlockId): PlacedBlock | undefined {
    return this.#underWay.get(id)?.arrived;
  }

  /** Another peer sent the same block in other words: it can be asked too. */
  alsoFrom(id: BlockId, peer: PeerId): void {
    const relayers = this.#underWay.get(id)?.relayers;
    if (relayers !== undefined && relayers.size < MAX_RELAYERS) relayers.add(peer);
  }

  /** Makes a place for a block; `leave` frees it. @returns false if there is no room */
  enter(arrived: PlacedBlock): boolean {
    const ofPeer = [...this.#underWay.values()].filter((other) => other.arrived.from === arrived.from);
    const bytesOfPeer = ofPeer.reduce((bytes, other) => bytes + other.arrived.byteLength, 0);
    if (
      this.#underWay.size >= MAX_COMPLETING ||
      ofPeer.length >= MAX_COMPLETING_OF_PEER ||
      this.#bytes + arrived.byteLength > MAX_COMPLETING_BYTES ||
      bytesOfPeer + arrived.byteLength > MAX_COMPLETING_BYTES_OF_PEER
    ) {
      return false;
    }
    this.#bytes += arrived.byteLength;
    this.#underWay.set(arrived.id, {
      arrived,
      relayers: new Set(),
      body: Promise.withResolvers(),
      waiting: 0,
      isFetching: false,
    });
    return true;
  }

  /** The block is connected or dropped: whoever waited for its body finds it in the store, or not at all. */
  leave(id: BlockId): void {
    const entry = this.#underWay.get(id);
    if (entry === undefined) return;
    this.#underWay.delete(id);
    this.#bytes -= entry.arrived.byteLength;
    entry.body.resolve(undefined);
  }

  /**
   * The body of a block that has entered.
   *
   * @returns undefined if no peer gives it; an error if the header's own body breaks a rule that needs no state
   */
  async complete(id: BlockId): Promise<BodyVerdict | undefined> {
    const entry = this.#underWay.get(id);
    // What is passed on leaves first: the pool is not looked through in the same turn of the event loop.
    await this.#pause();
    if (entry === undefined) return undefined;
    const verdict = await this.#complete(entry);
    const isGood = verdict !== undefined && 'checked' in verdict;
    entry.body.resolve(isGood ? verdict.checked.block.transactions : undefined);
    // And those who waited get it before it is connected, which may take a while.
    if (entry.waiting > 0) await this.#pause();
    return verdict;
  }

  /**
   * The body of a block under way, as soon as it is here.
   *
   * @returns undefined if it does not come soon, if too many wait, or if the asker is the one it is expected from: the two
   *   would wait for each other
   */
  async bodyOf(id: BlockId, asker: PeerId): Promise<readonly SignedTransaction[] | undefined> {
    const entry = this.#underWay.get(id);
    if (entry === undefined || entry.arrived.from === asker || !this.#mayWait(asker)) return undefined;
    const { promise: patience, resolve } = Promise.withResolvers<undefined>();
    const cancel = this.#options.clock.after(SERVE_WAIT_MS, () => resolve(undefined));
    this.#waiting.push(asker);
    entry.waiting++;
    try {
      return await Promise.race([entry.body.promise, patience]);
    } finally {
      cancel();
      this.#waiting.splice(this.#waiting.indexOf(asker), 1);
      entry.waiting--;
    }
  }

  #mayWait(asker: PeerId): boolean {
    const ofPeer = this.#waiting.filter((other) => other === asker);
    return this.#waiting.length < MAX_SERVE_WAITING && ofPeer.length < MAX_SERVE_WAITING_OF_PEER;
  }

  async #complete(entry: UnderWay): Promise<BodyVerdict | undefined> {
    const { arrived, relayers } = entry;
    const assembly = await this.#fromPool(arrived);
    const isWhole = assembly.missing().length === 0;
    const assembled = isWhole ? await this.#checked(arrived, assembly) : undefined;
    if (assembled !== undefined || !this.#mayFetch(arrived.from)) return assembled;
    entry.isFetching = true;
    const fetch = new BodyFetch(this.#options, arrived, relayers);
    const isFilled = !isWhole && (await fetch.missing(assembly));
    const filled = isFilled ? await this.#checked(arrived, assembly) : undefined;
    const verdict = filled ?? (await fetch.whole());
    if (verdict !== undefined) fetch.settle(verdict);
    return verdict;
  }

  /** What came in full, and what the pool has. */
  async #fromPool({ compact, id }: ArrivedBlock): Promise<BlockAssembly> {
    const { pool } = this.#options;
    const { prefilled, shortIds } = compact;
    const assembly = new BlockAssembly(idToBytes(id), unpackShortIds(shortIds));
    if (shortIds.length === 0) return assembly;
    // If they do not fit, whoever sent them does not say what stands in the block, and they are of no use.
    assembly.put(
      prefilled.map(({ index }) => index),
      prefilled.map(({ signed }) => signed),
    );
    for (let below = pool.count; below > 0; ) {
      below = pool.offer(assembly, below);
      if (below > 0) await this.#pause();
    }
    return assembly;
  }

  /** @returns undefined if it is not the header's body: a signature or a whole transaction may be another */
  async #checked({ compact, id }: ArrivedBlock, assembly: BlockAssembly): Promise<BodyVerdict | undefined> {
    const verdict = await this.#options.checker.checkAssembled(id, compact.sealed, assembly.whole());
    return isAnothersBody(verdict) ? undefined : verdict;
  }

  #mayFetch(from: PeerId): boolean {
    const ofPeer = this.#count(({ arrived, isFetching }) => isFetching && arrived.from === from);
    return this.fetching < MAX_FETCHING && ofPeer < MAX_FETCHING_OF_PEER;
  }

  #count(condition: (entry: UnderWay) => boolean): number {
    let count = 0;
    for (const entry of this.#underWay.values()) if (condition(entry)) count++;
    return count;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#options.clock.after(0, resolve));
  }
}
