/**
 * Headers first: fetches a peer's headers and keeps them once they prove more work than our own chain has.
 *
 * Until then nothing is stored, or a peer could fill the disk with easy headers. A chain that takes many
 * headers to prove itself is walked twice: first only checked, with an id remembered now and then; then
 * fetched again past those ids and kept.
 */
import type { Chain } from '../chain/chain.ts';
import type { HeaderRun } from '../chain/header-run.ts';
import { blockId } from '../core/hashing.ts';
import { type BlockId, idFromBytes, idToBytes } from '../core/identifiers.ts';
import type { SealedHeader } from '../core/types.ts';
import { type Clock, type Network, type PeerId, RequestError } from './ports.ts';
import { decodeWire, HeadersRequestType, HeadersType, MAX_HEADERS, MAX_HEADERS_BYTES } from './wire.ts';

/** For 320 kB: a link of 40 kB/s is still served. */
const HEADERS_DEADLINE_MS = 15_000;
/** Headers held in memory while they prove nothing yet: 3 MB. Longer runs are walked twice. */
const MAX_UNPROVEN_HEADERS = 20_000;

/** The peer's headers do not keep what its status promised. */
export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise';
}

export interface HeaderSyncOptions {
  readonly chain: Chain;
  readonly network: Network;
  readonly clock: Clock;
  /** Headers were stored: their bodies can be fetched. */
  readonly onHeaders: () => void;
}

/** A point of the first walk the second one must pass. */
interface Waypoint {
  readonly count: number;
  readonly id: BlockId;
}

export class HeaderSync {
  readonly #options: HeaderSyncOptions;

  constructor(options: HeaderSyncOptions) {
    this.#options = options;
  }

  /**
   * Fetches what the peer has beyond our best headers.
   *
   * @param claimedWork what its status says its tip has
   * @throws RuleError if a header breaks a rule, BrokenPromise if they end before proving anything new though
   *   more was claimed, RequestError if the peer does not answer
   */
  async run(peer: PeerId, claimedWork: bigint): Promise<void> {
    const { chain, clock, onHeaders } = this.#options;
    let locator = chain.locator(chain.bestHeader);
    for (;;) {
      const headers = await this.#request(peer, locator);
      const first = headers[0];
      if (first === undefined) break;
      const start = chain.byId(idFromBytes<BlockId>(first.header.parent));
      if (start === undefined) throw new BrokenPromise('its headers follow no id of our locator');
      const last = await this.#takeProven(peer, chain.headerRun(start), headers);
      if (last === undefined) break;
      onHeaders();
      if (headers.length < MAX_HEADERS && last.isEnd) break;
      locator = [last.id];
    }
    const proven = chain.bestHeader.work >= claimedWork;
    if (!proven && claimedWork > chain.tip.work && !this.#endsEarly(clock.now())) {
      throw new BrokenPromise(
        `it claims work ${claimedWork}, its headers show no more than ${chain.bestHeader.work}`,
      );
    }
  }

  /** The last answer stopped at a header that is not due yet: no broken promise. */
  #stoppedEarlyAtMs = 0;
  #endsEarly(nowMs: number): boolean {
    return nowMs - this.#stoppedEarlyAtMs < HEADERS_DEADLINE_MS;
  }

  /**
   * Follows one run of headers from its start until it has more work than our tip, and stores it.
   *
   * @returns the last header stored, and whether the peer has no more; undefined if nothing was stored
   */
  async #takeProven(
    peer: PeerId,
    run: HeaderRun,
    firstAnswer: SealedHeader[],
  ): Promise<{ id: BlockId; isEnd: boolean } | undefined> {
    const { chain, clock } = this.#options;
    const start = run.tip;
    let held: SealedHeader[] = [];
    const waypoints: Waypoint[] = [];
    let answer = firstAnswer;
    let count = 0;
    for (;;) {
      const taken = run.extend(answer, clock.now());
      if (taken < answer.length) this.#stoppedEarlyAtMs = clock.now();
      count += taken;
      waypoints.push({ count, id: run.tip.id });
      if (waypoints.length * MAX_HEADERS <= MAX_UNPROVEN_HEADERS) held.push(...answer.slice(0, taken));
      else held = [];
      const isEnd = answer.length < MAX_HEADERS || taken < answer.length;
      if (run.tip.work > chain.tip.work) {
        if (held.length < count) return this.#fetchAgain(peer, start.id, waypoints, isEnd);
        chain.addHeaders(held, clock.now());
        return { id: run.tip.id, isEnd };
      }
      if (isEnd) return undefined;
      answer = await this.#request(peer, [run.tip.id]);
      if (answer.length === 0) return undefined;
    }
  }

  /** The second walk: the same headers again, stored up to each waypoint as it is reached. */
  async #fetchAgain(
    peer: PeerId,
    start: BlockId,
    waypoints: readonly Waypoint[],
    isEnd: boolean,
  ): Promise<{ id: BlockId; isEnd: boolean }> {
    const { chain, clock } = this.#options;
    let id = start;
    let count = 0;
    for (const waypoint of waypoints) {
      const wanted = waypoint.count - count;
      const headers = (await this.#request(peer, [id])).slice(0, wanted);
      const last = headers.at(-1);
      if (last === undefined || headers.length < wanted || blockId(last) !== waypoint.id) {
        throw new BrokenPromise('asked twice, it told two different chains of headers');
      }
      chain.addHeaders(headers, clock.now());
      id = waypoint.id;
      count = waypoint.count;
    }
    return { id, isEnd };
  }

  async #request(peer: PeerId, locator: readonly BlockId[]): Promise<SealedHeader[]> {
    const request = HeadersRequestType.serialize({ locator: locator.map(idToBytes) });
    const [answer] = await this.#options.network.request(peer, 'headers', request, {
      deadlineMs: HEADERS_DEADLINE_MS,
      maxChunks: 1,
      maxChunkBytes: MAX_HEADERS_BYTES,
    });
    if (answer === undefined) throw new RequestError('malformed', 'an empty answer to headers');
    return decodeWire(HeadersType, answer, 'headers');
  }
}
