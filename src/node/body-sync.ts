/**
 * Fetches the bodies of the best headers: from several peers at once, checked as they come, connected in
 * order, with bounded memory. Whatever a peer does not deliver in time is asked of another. A header that commits
 * to no transactions is a whole block already: nothing is fetched for it.
 */
import type { Chain } from '../chain/chain.ts';
import { type BlockRecord, type CheckedBlock, trustBlock } from '../chain/records.ts';
import { decodeBlock } from '../core/encoding.ts';
import { RuleError } from '../core/errors.ts';
import { blockId, transactionsRoot } from '../core/hashing.ts';
import { bytesEqual } from '../core/hex.ts';
import { type BlockId, idToBytes } from '../core/identifiers.ts';
import type { NetworkDefinition } from '../core/network-params.ts';
import type { Block } from '../core/types.ts';
import type { Background } from './background.ts';
import type { BodyChecker } from './block-check.ts';
import type { Conduct } from './conduct.ts';
import type { Peers } from './peers.ts';
import type { Clock, Network, PeerId } from './ports.ts';
import { BlocksRequestType, MAX_BLOCKS_ANSWER_BYTES, MAX_BLOCKS_REQUESTED } from './wire.ts';

/** How far ahead of the chain bodies are fetched. */
const WINDOW_BLOCKS = 1_024;
/** Bodies held because an earlier one is missing; beyond it only the next one is asked for. */
const MAX_READY_BYTES = 32 * 1_024 * 1_024;
/** Hides the round trip without letting one peer hold the whole window. */
const REQUESTS_PER_PEER = 4;
/** An answer is 2 MiB at most: a link of 250 kB/s is still served. */
const BLOCKS_DEADLINE_MS = 8_000;
/** Blocks whose size tells what to expect of the next. */
const AVERAGED_BLOCKS = 8;
/** A peer that did not have what was asked is left alone for so long. */
const PAUSE_MS = 5_000;
/** Blocks connected in one step: worth it while blocks are small, bounded so that the event loop breathes. */
const MAX_STEP_BLOCKS = 128;
const MAX_STEP_BYTES = 256 * 1_024;

export interface BodySyncOptions {
  readonly definition: NetworkDefinition;
  readonly chain: Chain;
  readonly network: Network;
  readonly clock: Clock;
  readonly peers: Peers;
  readonly conduct: Conduct;
  readonly checker: BodyChecker;
  readonly background: Background;
  /** Connects blocks whose parents are there. @throws nothing: it reports refused blocks itself */
  readonly connect: (blocks: readonly FetchedBlock[]) => Promise<void>;
  /** A body broke a rule for good: the block is to be remembered as invalid. */
  readonly refuse: (id: BlockId, error: RuleError, from: PeerId) => void;
  /** Nothing is on its way or being connected any more. */
  readonly onRest: () => void;
}

export interface FetchedBlock {
  readonly checked: CheckedBlock;
  /** Undefined if its header was all there is to it. */
  readonly from: PeerId | undefined;
}

interface Ready extends FetchedBlock {
  readonly byteLength: number;
}

export class BodySync {
  readonly #options: BodySyncOptions;
  /** Asked for and not here yet. */
  readonly #asked = new Map<BlockId, PeerId>();
  readonly #requests = new Map<PeerId, number>();
  readonly #pausedUntilMs = new Map<PeerId, number>();
  /** Checked, waiting for an earlier one. */
  readonly #ready = new Map<BlockId, Ready>();
  #readyBytes = 0;
  /** Of the blocks that came last. */
  #averageBytes = 1;
  #cancelRetry: (() => void) | undefined;
  #stopped = false;
  #connecting = false;
  /** Blocks taken out of `#ready` are on their way into the chain. */

  constructor(options: BodySyncOptions) {
    this.#options = options;
  }

  /** True while bodies are on their way or being connected. What is ready may wait for ever for an earlier one. */
  get active(): boolean {
    return this.#asked.size > 0 || this.#connecting;
  }

  sizes(): { bodiesReady: number; bodiesAsked: number } {
    return { bodiesReady: this.#ready.size, bodiesAsked: this.#asked.size };
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelRetry?.();
  }

  /** New headers, a new peer, a request ended: asks for whatever can be asked for now. */
  wake(): void {
    if (this.#stopped) return;
    const missing = this.#options.chain.missingBodies(WINDOW_BLOCKS);
    this.#forgetUnwanted(missing);
    // Gossip may have brought what the ready ones waited for.
    if (this.#isNextReady()) this.#options.background(this.#connectReady());
    if (missing.length === 0) return;
    const wanted = missing.filter(
      (record) => !this.#asked.has(record.id) && !this.#ready.has(record.id) && !isEmpty(record),
    );
    for (const peer of this.#idlePeers()) {
      if (wanted.length === 0) break;
      const crowded = this.#readyBytes > MAX_READY_BYTES;
      if (crowded && wanted[0]?.id !== missing[0]?.id) break;
      const portion = this.#portionFor(peer.work, wanted, crowded);
      if (portion.length > 0) this.#options.background(this.#fetch(peer.id, portion));
    }
    this.#retryLater();
  }

  /**
   * Peers that may be asked, least busy first; one entry for each request that fits. A peer whose tip is on a
   * chain we have wholly does not have the one that is missing.
   */
  #idlePeers(): { id: PeerId; work: bigint }[] {
    const { chain, clock, peers } = this.#options;
    const now = clock.elapsed();
    const slots: { id: PeerId; work: bigint; load: number }[] = [];
    for (const { connection, status } of peers.all()) {
      if (status === undefined || (this.#pausedUntilMs.get(connection.id) ?? 0) > now) continue;
      if (chain.byId(status.tip)?.status === 'body') continue;
      for (let load = this.#requests.get(connection.id) ?? 0; load < REQUESTS_PER_PEER; load++) {
        slots.push({ id: connection.id, work: status.work, load });
      }
    }
    return slots.sort((a, b) => a.load - b.load);
  }

  /** Takes from `wanted` what this peer should have: a share, so that others get one too. */
  #portionFor(peerWork: bigint, wanted: BlockRecord[], crowded: boolean): BlockRecord[] {
    const has = wanted.findIndex((record) => record.work > peerWork);
    const available = has === -1 ? wanted.length : has;
    return wanted.splice(0, Math.min(available, crowded ? 1 : this.#blocksPerAnswer()));
  }

  /** What is asked for and does not fit the answer keeps others from being asked for it meanwhile. */
  #blocksPerAnswer(): number {
    const fitting = Math.floor(MAX_BLOCKS_ANSWER_BYTES / this.#averageBytes);
    return Math.min(MAX_BLOCKS_REQUESTED, Math.max(1, fitting));
  }

  async #fetch(peer: PeerId, portion: readonly BlockRecord[]): Promise<void> {
    const { clock, conduct, definition, network } = this.#options;
    for (const { id } of portion) this.#asked.set(id, peer);
    this.#requests.set(peer, (this.#requests.get(peer) ?? 0) + 1);
    try {
      const request = BlocksRequestType.serialize({ ids: portion.map(({ id }) => idToBytes(id)) });
      const chunks = await network.request(peer, 'blocks', request, {
        deadlineMs: BLOCKS_DEADLINE_MS,
        maxChunks: portion.length,
        maxChunkBytes: definition.params.maxBlockBytes,
      });
      if (chunks.length === 0) this.#gotNothing(peer);
      for (const [index, chunk] of chunks.entries()) {
        const record = portion[index];
        if (record === undefined || !(await this.#take(peer, record, chunk))) break;
      }
    } catch (error) {
      this.#pausedUntilMs.set(peer, clock.elapsed() + PAUSE_MS);
      conduct.blame(peer, error, 'blocks');
    } finally {
      for (const { id } of portion) if (this.#asked.get(id) === peer) this.#asked.delete(id);
      const left = (this.#requests.get(peer) ?? 1) - 1;
      if (left === 0) this.#requests.delete(peer);
      else this.#requests.set(peer, left);
      this.wake();
    }
  }

  /** @returns false if the peer is not to be listened to any further */
  async #take(peer: PeerId, record: BlockRecord, bytes: Uint8Array): Promise<boolean> {
    const { checker, conduct, definition, refuse } = this.#options;
    let block: Block;
    try {
      block = decodeBlock(bytes, definition.params);
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      conduct.penalise(peer, 'invalid-block', error.message);
      return false;
    }
    if (blockId(block.sealed) !== record.id) {
      conduct.penalise(peer, 'broken-promise', `asked for block ${record.id}, it sent another`);
      return false;
    }
    try {
      const checked = await checker.checkBlock(record.id, block);
      this.#ready.set(record.id, { checked, from: peer, byteLength: bytes.length });
      this.#readyBytes += bytes.length;
      this.#averageBytes += (bytes.length - this.#averageBytes) / AVERAGED_BLOCKS;
      this.#options.background(this.#connectReady());
      return true;
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      refuse(record.id, error, peer);
      return false;
    }
  }

  /** It says its tip is the very chain we asked for, and gives none of it. */
  #gotNothing(peer: PeerId): void {
    const { chain, clock, conduct, peers } = this.#options;
    this.#pausedUntilMs.set(peer, clock.elapsed() + PAUSE_MS);
    if (peers.get(peer)?.status?.tip === chain.bestHeader.id) {
      conduct.penalise(peer, 'broken-promise', 'it does not give the blocks of the chain it says it is on');
    }
  }

  /** Connects, in order, whatever is ready without a gap; between commits others get their turn. */
  async #connectReady(): Promise<void> {
    if (this.#connecting) return;
    this.#connecting = true;
    try {
      while (!this.#stopped && this.#isNextReady()) {
        await this.#options.connect(this.#takeBatch());
        if (this.#isNextReady()) await new Promise<void>((resolve) => this.#options.clock.after(0, resolve));
      }
    } finally {
      this.#connecting = false;
      // The window has moved on. While something is on its way, its arrival will wake us: asking now would be piecemeal.
      if (this.#asked.size === 0) this.wake();
      if (!this.active) this.#options.onRest();
    }
  }

  #takeBatch(): Ready[] {
    const batch: Ready[] = [];
    let bytes = 0;
    for (const record of this.#options.chain.missingBodies(MAX_STEP_BLOCKS)) {
      const ready = this.#readyBlock(record);
      if (ready === undefined || bytes > MAX_STEP_BYTES) break;
      this.#drop(record.id, ready);
      batch.push(ready);
      bytes += ready.byteLength;
    }
    return batch;
  }

  #isNextReady(): boolean {
    const [next] = this.#options.chain.missingBodies(1);
    return next !== undefined && this.#readyBlock(next) !== undefined;
  }

  #readyBlock(record: BlockRecord): Ready | undefined {
    return this.#ready.get(record.id) ?? (isEmpty(record) ? emptyBlock(record) : undefined);
  }

  #drop(id: BlockId, ready: Ready): void {
    if (this.#ready.delete(id)) this.#readyBytes -= ready.byteLength;
  }

  /** The best chain may have changed under us: what is ready and no longer wanted goes. */
  #forgetUnwanted(missing: readonly BlockRecord[]): void {
    if (this.#ready.size === 0) return;
    const wanted = new Set(missing.map(({ id }) => id));
    for (const [id, ready] of this.#ready) if (!wanted.has(id)) this.#drop(id, ready);
  }

  /** Peers on pause are tried again though nothing else happens. */
  #retryLater(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = this.#options.clock.after(PAUSE_MS / 2, () => this.wake());
    const now = this.#options.clock.elapsed();
    for (const [peer, untilMs] of this.#pausedUntilMs) if (untilMs <= now) this.#pausedUntilMs.delete(peer);
  }
}

/** The header commits to no transactions. */
function isEmpty({ sealed }: BlockRecord): boolean {
  return bytesEqual(sealed.header.transactionsRoot, EMPTY_ROOT);
}

const EMPTY_ROOT = transactionsRoot([]);

/** There is nothing left to check in it. */
function emptyBlock({ id, sealed }: BlockRecord): Ready {
  const block = { sealed, transactions: [] };
  return { checked: trustBlock({ id, block, transactionIds: [] }), from: undefined, byteLength: 0 };
}
