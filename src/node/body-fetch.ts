/** Asks peers for what a compact block's pool did not have: the missing transactions first, then the whole block. */
import type { BlockAssembly } from '../chain/block-assembly.ts';
import { decodeBlock, decodeTransactions, encodeSignedTransaction } from '../core/encoding.ts';
import { blockId } from '../core/hashing.ts';
import { bytesEqual } from '../core/hex.ts';
import { idToBytes } from '../core/identifiers.ts';
import type { NetworkDefinition } from '../core/network-params.ts';
import type { SignedTransaction } from '../core/types.ts';
import { askInTurn } from './ask-in-turn.ts';
import { type BodyChecker, type BodyVerdict, isAnothersBody } from './block-check.ts';
import type { ArrivedBlock } from './block-waiting.ts';
import type { Conduct } from './conduct.ts';
import { BrokenPromise, type During } from './faults.ts';
import { type Peer, type Peers, tipOf } from './peers.ts';
import { type Clock, type Network, type PeerId, RequestError } from './ports.ts';
import { BlocksRequestType, BlockTransactionsRequestType } from './wire.ts';

/** For all of it: sync, which needs the next status to begin, would not be slower. */
const FETCH_MS = 20_000;
/** One answer: 2 MiB at most, a link of 250 kB/s is still served. */
const ANSWER_DEADLINE_MS = 8_000;
/** Twice a round trip around the planet: whoever takes longer gets company. */
const PATIENCE_MS = 1_000;
/** Peers asked for the missing transactions, and again for the whole block: one may be slow, one may lie, one may leave. */
const MAX_SOURCES = 4;
/** Transactions hashed at once: some 4 ms. */
const HASHED_AT_ONCE = 1_024;

export interface BodyFetchOptions {
  readonly definition: NetworkDefinition;
  readonly network: Network;
  readonly clock: Clock;
  readonly peers: Peers;
  readonly conduct: Conduct;
  readonly during: During;
  readonly checker: BodyChecker;
}

/** What a peer says stands in the block. */
interface Given {
  readonly peer: PeerId;
  readonly indexes: readonly number[];
  readonly transactions: readonly SignedTransaction[];
}

export class BodyFetch {
  readonly #options: BodyFetchOptions;
  readonly #arrived: ArrivedBlock;
  readonly #relayers: ReadonlySet<PeerId>;
  readonly #endsAtMs: number;
  /** Gave nothing when asked: others are asked before. */
  readonly #empty = new Set<PeerId>();
  /** Gave something that did not fit, though the message may be to blame: asked last. */
  readonly #doubted = new Set<PeerId>();
  readonly #given: Given[] = [];

  /** @param relayers that sent this block, in whatever words */
  constructor(options: BodyFetchOptions, arrived: ArrivedBlock, relayers: ReadonlySet<PeerId>) {
    this.#options = options;
    this.#arrived = arrived;
    this.#relayers = relayers;
    this.#endsAtMs = options.clock.elapsed() + FETCH_MS;
  }

  /** Fetches what is missing by its places. @returns false if nobody gives something that fits */
  async missing(assembly: BlockAssembly): Promise<boolean> {
    return (await this.#ask((peer) => this.#askTransactions(peer, assembly))) === true;
  }

  /**
   * Fetches the whole block.
   *
   * @returns undefined if no peer gives it; an error if the body is the header's, and breaks the rule
   */
  async whole(): Promise<BodyVerdict | undefined> {
    for (const { peer } of this.#given) this.#doubted.add(peer);
    return this.#ask((peer) => this.#askWhole(peer));
  }

  /**
   * Now that the block is known, so are the peers that said something else stands in it; and if it is bad, those that
   * served parts of it, for a daemon serves none before it has checked it.
   */
  settle(verdict: BodyVerdict): void {
    const { conduct } = this.#options;
    if ('error' in verdict) {
      for (const { peer } of this.#given) {
        if (!this.#doubted.has(peer)) conduct.penalise(peer, 'invalid-block', verdict.error.message);
      }
      return;
    }
    const { block } = verdict.checked;
    for (const { indexes, peer, transactions } of this.#given) {
      if (!this.#doubted.has(peer)) continue;
      const isTrue = transactions.every((signed, at) => {
        const real = block.transactions[indexes[at] as number];
        return (
          real !== undefined && bytesEqual(encodeSignedTransaction(real), encodeSignedTransaction(signed))
        );
      });
      if (!isTrue) {
        conduct.penalise(peer, 'broken-promise', 'gave transactions that are not in the block');
      }
    }
  }

  #ask<T>(ask: (peer: PeerId) => Promise<T | undefined>): Promise<T | undefined> {
    const asked = new Set<PeerId>();
    return askInTurn({
      clock: this.#options.clock,
      patienceMs: PATIENCE_MS,
      next: () => this.#next(asked),
      ask: async (peer) => {
        const answer = await ask(peer);
        if (answer === undefined) this.#empty.add(peer);
        return answer;
      },
    });
  }

  /** The most promising of those not asked yet. */
  #next(asked: Set<PeerId>): PeerId | undefined {
    if (asked.size >= MAX_SOURCES || this.#leftMs() <= 0) return undefined;
    let best: { readonly id: PeerId; readonly promise: number } | undefined;
    for (const peer of this.#options.peers.all()) {
      const { id } = peer.connection;
      const promise = this.#promiseOf(peer);
      if (!asked.has(id) && (best === undefined || promise > best.promise)) best = { id, promise };
    }
    if (best !== undefined) asked.add(best.id);
    return best?.id;
  }

  /** Anybody may have it: gossip brought it to most at the same time. */
  #promiseOf(peer: Peer): number {
    const { id } = peer.connection;
    const has = tipOf(peer);
    if (this.#doubted.has(id)) return -2;
    if (this.#empty.has(id)) return -1;
    if (id === this.#arrived.from) return 4;
    if (this.#relayers.has(id)) return 3;
    if (has?.tip === this.#arrived.id) return 2;
    return has !== undefined && has.height + 1 >= this.#arrived.height ? 1 : 0;
  }

  #leftMs(): number {
    return this.#endsAtMs - this.#options.clock.elapsed();
  }

  async #askTransactions(peer: PeerId, assembly: BlockAssembly): Promise<true | undefined> {
    const { clock, during } = this.#options;
    const indexes = assembly.missing();
    if (indexes.length === 0) return true; // another one gave it meanwhile
    const transactions = await during(peer, 'block-transactions', () => this.#transactions(peer, indexes));
    if (transactions === undefined) return undefined;
    this.#given.push({ peer, indexes, transactions });
    for (let start = 0; start < indexes.length; start += HASHED_AT_ONCE) {
      const end = start + HASHED_AT_ONCE;
      if (start > 0) await new Promise<void>((resolve) => clock.after(0, resolve));
      if (assembly.put(indexes.slice(start, end), transactions.slice(start, end))) continue;
      this.#doubted.add(peer);
      return undefined;
    }
    return true;
  }

  async #transactions(peer: PeerId, indexes: number[]): Promise<SignedTransaction[]> {
    const request = BlockTransactionsRequestType.serialize({ block: idToBytes(this.#arrived.id), indexes });
    const [answer] = await this.#request(peer, 'block-transactions', request);
    if (answer === undefined) throw new RequestError('malformed', 'an empty answer to block-transactions');
    const transactions = decodeTransactions(answer);
    if (transactions.length !== indexes.length) {
      throw new RequestError('malformed', `${transactions.length} transactions of ${indexes.length}`);
    }
    return transactions;
  }

  async #askWhole(peer: PeerId): Promise<BodyVerdict | undefined> {
    const { checker, definition, during } = this.#options;
    const { id } = this.#arrived;
    let verdict: BodyVerdict | undefined;
    await during(peer, 'blocks', async () => {
      const request = BlocksRequestType.serialize({ ids: [idToBytes(id)] });
      const [answer] = await this.#request(peer, 'blocks', request);
      if (answer === undefined) return; // it has not got it either
      const block = decodeBlock(answer, definition.params);
      if (blockId(block.sealed) !== id) throw new BrokenPromise(`asked for block ${id}, it sent another`);
      verdict = await checker.checkBlock(id, block);
      if ('error' in verdict) throw verdict.error;
    });
    return verdict === undefined || isAnothersBody(verdict) ? undefined : verdict;
  }

  #request(
    peer: PeerId,
    protocol: 'block-transactions' | 'blocks',
    request: Uint8Array,
  ): Promise<Uint8Array[]> {
    const { definition, network } = this.#options;
    return network.request(peer, protocol, request, {
      deadlineMs: Math.max(1, Math.min(ANSWER_DEADLINE_MS, this.#leftMs())),
      maxChunks: 1,
      maxChunkBytes: definition.params.maxBlockBytes,
    });
  }
}
