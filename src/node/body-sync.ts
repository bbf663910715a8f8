/**
 * Fetches the bodies of the best headers: from several peers at once, checked as they come, connected in
 * order, with bounded memory. Whatever a peer does not deliver in time is asked of another. A header that commits
 * to no transactions is a whole block already: nothing is fetched for it.
 */
import type { Chain } from '../chain/chain.ts';
import { type BlockRecord, type CheckedBlock, trustBlock } from '../chain/records.ts';
import { decodeBlock } from '../core/encoding.ts';
import type { RuleError } from '../core/errors.ts';
import { blockId, transactionsRoot } from '../core/hashing.ts';
import { bytesEqual } from '../core/hex.ts';
import { type BlockId, idToBytes } from '../core/identifiers.ts';
import type { NetworkDefinition } from '../core/network-params.ts';
import type { BodyChecker } from './block-check.ts';
import { BodyPace } from './body-pace.ts';
import { type Background, BrokenPromise, type During, own } from './faults.ts';
import { type Peer, type Peers, tipOf } from './peers.ts';
import { type Clock, type Network, type PeerId, RequestError, type RequestLimits } from './ports.ts';
import { BlocksRequestType, MAX_BLOCKS_ANSWER_BYTES, MAX_BLOCKS_REQUESTED } from './wire.ts';

/** How far ahead of the chain bodies are fetched. */
const WINDOW_BLOCKS = 1_024;
/**
 * Bodies held because an earlier one is missing, and those under way, for each answer the most it may bring: sixteen of the
 * longest, while a window of small blocks takes eight. Beyond it only the next one is asked for.
 */
const MAX_BODY_BYTES = 64 * 1_024 * 1_024;
/** Of an answer: the network reads no more. */
const LONGEST_ANSWER_BYTES = 2 * MAX_BLOCKS_ANSWER_BYTES;
/** A peer that takes longer is not given up, but another is asked beside it. */
const PATIENCE_MS = 2_000;
/** The slow one and its company. */
const MAX_ASKED_AT_ONCE = 2;
/** Blocks whose size tells what to expect of the next. */
const AVERAGED_BLOCKS = 8;
/** A peer that did not have what was asked is left alone for so long. */
const PAUSE_MS = 5_000;
/** Blocks connected so close on each other are arriving: a round trip around the planet, twice. */
const ARRIVING_MS = 2_000;
/** So few are here in a moment; and a miner who is ahead by two could show them one by one, to mine alone meanwhile. */
const FEW_BLOCKS = 6;
/** Blocks connected in one step: worth it while blocks are small, bounded so that the event loop breathes. */
const MAX_STEP_BLOCKS = 128;
const MAX_STEP_BYTES = 256 * 1_024;

export interface BodySyncOptions {
  readonly definition: NetworkDefinition;
  readonly chain: Chain;
  readonly network: Network;
  readonly clock: Clock;
  readonly peers: Peers;
  readonly during: During;
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

/** A request a peer may be sent. */
interface PeerSlot {
  readonly id: PeerId;
  /** Of the heaviest block it has. */
  readonly work: bigint;
  /** Requests it is to answer before. */
  readonly load: number;
  readonly isOutbound: boolean;
  readonly isSlow: boolean;
}

/** An answer under way. */
interface Expected {
  /** The most it may still bring. */
  bytes: number;
}

interface Asked {
  readonly peers: Set<PeerId>;
  /** When the last of them was asked, by elapsed time. */
  atMs: number;
}

interface Ready extends FetchedBlock {
  readonly byteLength: number;
}

export class BodySync {
  readonly #options: BodySyncOptions;
  /** Asked for and not here yet. */
  readonly #asked = new Map<BlockId, Asked>();
  readonly #requests = new Map<PeerId, number>();
  readonly #pace = new BodyPace();
  /** Of all answers under way. */
  #expectedBytes = 0;
  readonly #pausedUntilMs = new Map<PeerId, number>();
  /** Checked, waiting for an earlier one. */
  readonly #ready = new Map<BlockId, Ready>();
  #readyBytes = 0;
  /** Of the blocks that came last. */
  #averageBytes = 1;
  #cancelRetry: (() => void) | undefined;
  #stopped = false;
  /** Blocks taken out of `#ready` are on their way into the chain. */
  #connecting = false;
  /** When blocks were last connected, by elapsed time. */
  #connectedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: BodySyncOptions) {
    this.#options = options;
  }

  /** True while bodies are on their way or being connected. What is ready may wait for ever for an earlier one. */
  get active(): boolean {
    return this.#asked.size > 0 || this.#connecting;
  }

  /** True while blocks really come, one after the other. What is only asked for may never be given. */
  get isArriving(): boolean {
    const { bestHeader, tip } = this.#options.chain;
    if (bestHeader.height - tip.height <= FEW_BLOCKS) return false;
    const isFresh = this.#options.clock.elapsed() - this.#connectedAtMs < ARRIVING_MS;
    return this.#connecting || (this.#asked.size > 0 && isFresh);
  }

  sizes(): { bodiesReady: number; bodiesAsked: number; bodyBytes: number } {
    return {
      bodiesReady: this.#ready.size,
      bodiesAsked: this.#asked.size,
      bodyBytes: this.#readyBytes + this.#expectedBytes,
    };
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
    if (this.#isNextReady()) this.#options.background(own(this.#connectReady()));
    if (missing.length === 0) return;
    const wanted = missing.filter((record) => !this.#ready.has(record.id) && this.#mayAsk(record));
    for (const peer of this.#idlePeers(missing[0]?.work ?? 0n)) {
      const isCrowded = this.#isCrowded();
      if (wanted.length === 0 || (isCrowded && wanted[0] !== missing[0])) break;
      const portion = this.#portionFor(peer, isCrowded ? wanted.slice(0, 1) : wanted);
      if (portion[0] === undefined) continue;
      wanted.splice(wanted.indexOf(portion[0]), portion.length);
      this.#options.background(own(this.#fetch(peer.id, portion)));
    }
    this.#retryLater();
  }

  /**
   * Peers that may be asked: slow ones last, the least busy first, of these those we dialled, for strangers may be many and give
   * nothing; one entry for each request that fits. A peer whose tip is on a chain we have wholly does not have the one that is missing,
   * nor does one with less than `leastWork`.
   */
  #idlePeers(leastWork: bigint): PeerSlot[] {
    const { chain, clock, peers } = this.#options;
    const now = clock.elapsed();
    const slots: PeerSlot[] = [];
    for (const peer of peers.all()) {
      const { direction, id } = peer.connection;
      const has = tipOf(peer);
      if (has === undefined || has.work < leastWork || (this.#pausedUntilMs.get(id) ?? 0) > now) continue;
      if (chain.byId(has.tip)?.status === 'body') continue;
      for (let load = this.#requests.get(id) ?? 0; load < this.#pace.requestsOf(id); load++) {
        slots.push({
          ...{ id, work: has.work, load },
          ...{ isOutbound: direction === 'outbound', isSlow: this.#pace.isSlow(id) },
        });
      }
    }
    return slots.sort(
      (a, b) =>
        Number(a.isSlow) - Number(b.isSlow) || a.load - b.load || Number(b.isOutbound) - Number(a.isOutbound),
    );
  }

  #mayAsk(record: BlockRecord): boolean {
    if (isEmpty(record)) return false;
    const asked = this.#asked.get(record.id);
    return (
      asked === undefined ||
      (asked.peers.size < MAX_ASKED_AT_ONCE && this.#options.clock.elapsed() - asked.atMs > PATIENCE_MS)
    );
  }

  /** There is no room for another of the longest answers. */
  #isCrowded(): boolean {
    return this.#readyBytes + this.#expectedBytes + LONGEST_ANSWER_BYTES > MAX_BODY_BYTES;
  }

  #expect(answer: Expected, bytes: number): void {
    this.#expectedBytes += bytes - answer.bytes;
    answer.bytes = bytes;
  }

  /** What of `wanted` this peer should give: a share, so that others get one too. */
  #portionFor({ id, work }: PeerSlot, wanted: readonly BlockRecord[]): readonly BlockRecord[] {
    const most = Math.min(this.#pace.blocksOf(id), this.#blocksPerAnswer());
    const isForIt = (record: BlockRecord): boolean =>
      record.work <= work && this.#asked.get(record.id)?.peers.has(id) !== true;
    const first = wanted.findIndex(isForIt);
    if (first === -1) return [];
    const end = wanted.findIndex((record, index) => index > first && !isForIt(record));
    return wanted.slice(first, Math.min(first + most, end === -1 ? wanted.length : end));
  }

  /** What is asked for and does not fit the answer keeps others from being asked for it meanwhile. */
  #blocksPerAnswer(): number {
    const fitting = Math.floor(MAX_BLOCKS_ANSWER_BYTES / this.#averageBytes);
    return Math.min(MAX_BLOCKS_REQUESTED, Math.max(1, fitting));
  }

  async #fetch(peer: PeerId, portion: readonly BlockRecord[]): Promise<void> {
    const { clock, definition, during } = this.#options;
    for (const { id } of portion) {
      const peers = this.#asked.get(id)?.peers ?? new Set<PeerId>();
      this.#asked.set(id, { peers: peers.add(peer), atMs: clock.elapsed() });
    }
    this.#requests.set(peer, (this.#requests.get(peer) ?? 0) + 1);
    const expected: Expected = { bytes: 0 };
    this.#expect(expected, Math.min(portion.length * definition.params.maxBlockBytes, LONGEST_ANSWER_BYTES));
    const came = await during(peer, 'blocks', () => this.#ask(peer, portion, expected));
    this.#expect(expected, 0);
    if (came !== true) this.#pausedUntilMs.set(peer, clock.elapsed() + PAUSE_MS);
    for (const { id } of portion) {
      const asked = this.#asked.get(id);
      asked?.peers.delete(peer);
      if (asked?.peers.size === 0) this.#asked.delete(id);
    }
    const left = (this.#requests.get(peer) ?? 1) - 1;
    if (left === 0) this.#requests.delete(peer);
    else this.#requests.set(peer, left);
    this.wake();
  }

  /** @returns false if it gives none of them @throws what is wrong with its answer */
  async #ask(peer: PeerId, portion: readonly BlockRecord[], expected: Expected): Promise<boolean> {
    const { chain, definition, peers } = this.#options;
    const best = chain.bestHeader.id;
    const hasSaid = saysItHas(peers.get(peer), best);
    const request = BlocksRequestType.serialize({ ids: portion.map(({ id }) => idToBytes(id)) });
    const chunks = await this.#request(peer, request, {
      deadlineMs: this.#pace.deadlineMs(peer),
      keepsWhole: true,
      maxChunks: portion.length,
      maxChunkBytes: definition.params.maxBlockBytes,
    });
    if (chunks.length === 0 && hasSaid)
      throw new BrokenPromise(`it does not give the blocks up to ${best}, which it says it has`);
    this.#expect(
      expected,
      chunks.reduce((bytes, { length }) => bytes + length, 0),
    );
    for (const [index, chunk] of chunks.entries()) {
      const record = portion[index];
      if (record !== undefined) await this.#take(peer, record, chunk);
      this.#expect(expected, expected.bytes - chunk.length);
    }
    return chunks.length > 0;
  }

  async #request(peer: PeerId, request: Uint8Array, limits: RequestLimits): Promise<Uint8Array[]> {
    const { clock, network } = this.#options;
    const askedAtMs = clock.elapsed();
    let came = 0;
    let hasBegun = true;
    try {
      const chunks = await network.request(peer, 'blocks', request, limits);
      came = chunks.length;
      return chunks;
    } catch (error) {
      hasBegun = error instanceof RequestError && error.hasBegun;
      throw error;
    } finally {
      const tookMs = clock.elapsed() - askedAtMs;
      this.#pace.answered(peer, { tookMs, asked: limits.maxChunks, came, hasBegun });
    }
  }

  /** @throws BrokenPromise, RuleError of the body */
  async #take(peer: PeerId, record: BlockRecord, bytes: Uint8Array): Promise<void> {
    const { background, chain, checker, definition, refuse } = this.#options;
    const block = decodeBlock(bytes, definition.params);
    if (blockId(block.sealed) !== record.id)
      throw new BrokenPromise(`asked for block ${record.id}, it sent another`);
    // Another may have given it meanwhile.
    if (this.#ready.has(record.id) || chain.byId(record.id)?.status !== 'header') return;
    const verdict = await checker.checkBlock(record.id, block);
    if ('error' in verdict) {
      refuse(record.id, verdict.error, peer);
      throw verdict.error;
    }
    if (this.#ready.has(record.id)) return;
    this.#ready.set(record.id, { checked: verdict.checked, from: peer, byteLength: bytes.length });
    this.#readyBytes += bytes.length;
    this.#averageBytes += (bytes.length - this.#averageBytes) / AVERAGED_BLOCKS;
    background(own(this.#connectReady()));
  }

  /**
   * Connects, in order, whatever is ready without a gap; between commits others get their turn. If that fails, the node
   * is about to stop: trying again would only fail again, without an end.
   */
  async #connectReady(): Promise<void> {
    if (this.#connecting) return;
    this.#connecting = true;
    try {
      while (!this.#stopped && this.#isNextReady()) {
        await this.#options.connect(this.#takeBatch());
        this.#connectedAtMs = this.#options.clock.elapsed();
        if (this.#isNextReady()) await new Promise<void>((resolve) => this.#options.clock.after(0, resolve));
      }
    } catch (error) {
      this.stop();
      throw error;
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
    this.#pace.keepOnly((peer) => this.#options.peers.get(peer) !== undefined);
  }
}

/** Its status names the block, or it gave the headers up to it: it has the bodies, whatever it moves on to meanwhile. */
function saysItHas(peer: Peer | undefined, id: BlockId): boolean {
  return peer?.status?.tip === id || peer?.promised === id;
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
