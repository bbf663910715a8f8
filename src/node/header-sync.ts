/**
 * Headers first: fetches a peer's headers and keeps them once they prove more work than our own chain has.
 *
 * Until then nothing is stored, or a peer could fill the disk with easy headers. A chain that takes many
 * headers to prove itself is walked twice: first only checked, with an id remembered now and then; then
 * fetched again past those ids and kept.
 */
import type { Chain } from '../chain/chain.ts';
import { UnknownParentError } from '../chain/errors.ts';
import type { BlockRecord } from '../chain/records.ts';
import { blockId } from '../core/hashing.ts';
import { type BlockId, idFromBytes, idToBytes } from '../core/identifiers.ts';
import type { SealedHeader } from '../core/types.ts';
import { type Clock, type Network, type PeerId, RequestError } from './ports.ts';
import { decodeWire, HeadersRequestType, HeadersType, MAX_HEADERS, MAX_HEADERS_BYTES } from './wire.ts';

/** For 320 kB: a link of 40 kB/s is still served. */
const HEADERS_DEADLINE_MS = 15_000;
/** Headers held in memory while they prove nothing yet: 3 MB. Longer runs are walked twice. */
const MAX_UNPROVEN_HEADERS = 20_000;
/** A turn that brought nothing new for so long is over: others wait. A fork of 16,000 headers over 40 kB/s fits. */
const MAX_FRUITLESS_MS = 2 * 60_000;
/** Answers in a row that do not better our best headers: as many as a turn that found its headers here already takes. */
const MAX_FRUITLESS_ANSWERS = 16;

/** Headers ahead of their blocks: those are in memory still. */
const MAX_AHEAD = MAX_HEADERS;
/** As long as an answer takes on a slow line. */
const MAX_FOLLOWING_MS = 500;
const FOLLOWING_LOOK_MS = 2;

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

/** What came of following a run of headers. */
interface Walk {
  /** The last header stored; undefined if they prove nothing new. */
  readonly stored: BlockId | undefined;
  /** Accumulated work of all the headers shown, also of those that are not due yet. */
  readonly shownWork: bigint;
  /** The peer has no more. */
  readonly isEnd: boolean;
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
   * @throws RuleError if a header breaks a rule; BrokenPromise if they do not follow each other, or end before
   *   showing the work claimed, or go on and on without proving anything; RequestError if the peer does not answer
   */
  async run(peer: PeerId, claimedWork: bigint): Promise<void> {
    const { chain, clock, onHeaders } = this.#options;
    let from = chain.bestHeader;
    let shownWork = 0n;
    let endsAtMs = clock.elapsed() + MAX_FRUITLESS_MS;
    for (let fruitless = 0; fruitless < MAX_FRUITLESS_ANSWERS; fruitless++) {
      const headers = await this.#request(peer, chain.locator(from));
      const parent = headers[0]?.header.parent;
      if (parent === undefined) break;
      const start = chain.byId(idFromBytes(parent));
      if (start === undefined) throw new BrokenPromise('its headers follow no id of our locator');
      const bestWork = chain.bestHeader.work;
      const walk = await this.#takeProven(peer, start, headers, endsAtMs);
      if (walk.shownWork > shownWork) shownWork = walk.shownWork;
      const last = walk.stored === undefined ? undefined : chain.byId(walk.stored);
      if (last === undefined) break;
      onHeaders();
      if (walk.isEnd) break;
      await this.#untilFollowed();
      if (chain.bestHeader.work > bestWork) {
        fruitless = -1;
        endsAtMs = clock.elapsed() + MAX_FRUITLESS_MS;
      }
      from = last;
    }
    if (claimedWork > shownWork && claimedWork > chain.bestHeader.work) {
      throw new BrokenPromise(`it claims work ${claimedWork}, its headers show ${shownWork}`);
    }
  }

  /**
   * Headers far ahead of their blocks are read back from disk when their turn comes: better to let the blocks follow.
   * But not for long, for whoever withholds them must not hold up the headers of others.
   */
  async #untilFollowed(): Promise<void> {
    const { chain, clock } = this.#options;
    const endsAtMs = clock.elapsed() + MAX_FOLLOWING_MS;
    while (chain.bestHeader.height - chain.tip.height > MAX_AHEAD && clock.elapsed() < endsAtMs) {
      await new Promise<void>((resolve) => clock.after(FOLLOWING_LOOK_MS, resolve));
    }
  }

  /** Follows one run of headers from its start until it has more work than our tip, and stores it. */
  async #takeProven(
    peer: PeerId,
    start: BlockRecord,
    firstAnswer: SealedHeader[],
    endsAtMs: number,
  ): Promise<Walk> {
    const { chain, clock } = this.#options;
    const run = chain.headerRun(start);
    let held: SealedHeader[] = [];
    const waypoints: Waypoint[] = [];
    let answer = firstAnswer;
    let count = 0;
    for (;;) {
      const taken = inOrder(() => run.extend(answer, clock.now()));
      const { id, work } = run.tip;
      count += taken;
      waypoints.push({ count, id });
      if (waypoints.length * MAX_HEADERS <= MAX_UNPROVEN_HEADERS) held.push(...answer.slice(0, taken));
      else held = [];
      // Those not due yet are not kept, but the peer may count them: so they must keep the rules too.
      const early = answer.slice(taken);
      inOrder(() => {
        for (const sealed of early) run.append(sealed);
      });
      const shownWork = run.tip.work;
      const isEnd = answer.length < MAX_HEADERS || early.length > 0;
      if (work > chain.tip.work) {
        if (held.length < count) await this.#fetchAgain(peer, start.id, waypoints);
        else chain.addHeaders(held, clock.now());
        return { stored: id, shownWork, isEnd };
      }
      if (isEnd) return { stored: undefined, shownWork, isEnd };
      if (clock.elapsed() > endsAtMs) throw new BrokenPromise('its headers go on and on and prove nothing');
      answer = await this.#request(peer, [id]);
      if (answer.length === 0) return { stored: undefined, shownWork, isEnd: true };
    }
  }

  /** The second walk: the same headers again, stored up to each waypoint as it is reached. */
  async #fetchAgain(peer: PeerId, start: BlockId, waypoints: readonly Waypoint[]): Promise<void> {
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

/** @throws BrokenPromise if the headers do not follow each other */
function inOrder<T>(follow: () => T): T {
  try {
    return follow();
  } catch (error) {
    if (!(error instanceof UnknownParentError)) throw error;
    throw new BrokenPromise('its headers do not follow each other', { cause: error });
  }
}
