/**
 * Headers first: fetches a peer's headers and keeps them once they prove more work than our own chain has.
 *
 * Until then nothing is stored, or a peer could fill the disk with easy headers. A chain that takes many
 * headers to prove itself is walked twice: first only checked, with an id remembered now and then; then
 * fetched again past those ids and kept.
 */
import type { Chain } from '../chain/chain.ts';
import type { BlockRecord } from '../chain/records.ts';
import { blockId } from '../core/hashing.ts';
import { type BlockId, idFromBytes, idToBytes } from '../core/identifiers.ts';
import type { SealedHeader } from '../core/types.ts';
import { BrokenPromise } from './faults.ts';
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

/** A turn lasts seconds, and an honest peer reorganises once in minutes. */
const MAX_MOVES = 3;
/** Headers ahead of their blocks: those are in memory still. */
const MAX_AHEAD = MAX_HEADERS;
/** As long as an answer takes on a slow line. */
const MAX_FOLLOWING_MS = 500;
const FOLLOWING_LOOK_MS = 2;

export interface HeaderSyncOptions {
  readonly chain: Chain;
  readonly network: Network;
  readonly clock: Clock;
  /** Headers a peer gave were stored, `last` the last of them: their bodies can be fetched. */
  readonly onHeaders: (peer: PeerId, last: BlockId) => void;
}

/**
 * What came of following a run of headers: some were stored; they prove nothing new; or the peer has moved to another
 * chain meanwhile, and is to be asked anew.
 */
type Walk =
  | { readonly kind: 'stored'; readonly last: BlockId /** The peer has no more. */; readonly isEnd: boolean }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'moved' };

/** A point of the first walk the second one must pass. */
interface Waypoint {
  readonly count: number;
  readonly id: BlockId;
}

/** A peer's turn: what has come of it so far, for the caller that may end it. */
export class HeaderTurn {
  /** Headers it has given. */
  headers = 0;
  /** Work of the heaviest header it has shown. */
  shownWork = 0n;
  /** When its last answer came, or it began, by elapsed time. */
  answeredAtMs: number;
  /** Others are to have their turn: it ends with the next answer, and what that says is dropped. */
  isOver = false;
  readonly beganAtMs: number;

  constructor(atMs: number) {
    this.beganAtMs = atMs;
    this.answeredAtMs = atMs;
  }
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
  async run(peer: PeerId, claimedWork: bigint, turn: HeaderTurn): Promise<void> {
    const { chain, clock, onHeaders } = this.#options;
    let from = chain.bestHeader;
    let endsAtMs = clock.elapsed() + MAX_FRUITLESS_MS;
    let moves = 0;
    for (let fruitless = 0; fruitless < MAX_FRUITLESS_ANSWERS; fruitless++) {
      const headers = await this.#request(peer, chain.locator(from), turn);
      const parent = headers[0]?.header.parent;
      if (turn.isOver) return;
      if (parent === undefined) break;
      const start = chain.byId(idFromBytes(parent));
      if (start === undefined) throw new BrokenPromise('its headers follow no id of our locator');
      const bestWork = chain.bestHeader.work;
      const walk = await this.#takeProven(peer, start, headers, endsAtMs, turn);
      if (turn.isOver) return;
      if (walk.kind === 'moved') {
        if (++moves > MAX_MOVES)
          throw new BrokenPromise('asked again, it tells other headers, time after time');
        continue;
      }
      const last = walk.kind === 'stored' ? chain.byId(walk.last) : undefined;
      if (walk.kind === 'nothing' || last === undefined) break;
      onHeaders(peer, last.id);
      if (walk.isEnd) break;
      await this.#untilFollowed();
      if (chain.bestHeader.work > bestWork) {
        fruitless = -1;
        endsAtMs = clock.elapsed() + MAX_FRUITLESS_MS;
      }
      from = last;
    }
    if (claimedWork > turn.shownWork && claimedWork > chain.bestHeader.work) {
      throw new BrokenPromise(`it claims work ${claimedWork}, its headers show ${turn.shownWork}`);
    }
  }

  /**
   * Headers far ahead of their blocks are read back from disk when their turn comes: better to let the blocks follow.
   * But not for long, for a peer that withholds them must not hold up the headers of others.
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
    turn: HeaderTurn,
  ): Promise<Walk> {
    const { chain, clock } = this.#options;
    const run = chain.headerRun(start);
    let held: SealedHeader[] = [];
    const waypoints: Waypoint[] = [];
    let answer = firstAnswer;
    let count = 0;
    for (;;) {
      const taken = run.extend(answer, clock.now());
      const { id, work } = run.tip;
      count += taken;
      turn.headers += taken;
      waypoints.push({ count, id });
      if (waypoints.length * MAX_HEADERS <= MAX_UNPROVEN_HEADERS) held.push(...answer.slice(0, taken));
      else held = [];
      // Those not due yet are not kept, but the peer may count them: so they must keep the rules too.
      const early = answer.slice(taken);
      for (const sealed of early) run.append(sealed);
      if (run.tip.work > turn.shownWork) turn.shownWork = run.tip.work;
      const isEnd = answer.length < MAX_HEADERS || early.length > 0;
      if (work > chain.tip.work) {
        if (held.length === count) chain.addHeaders(held, clock.now());
        else if (!(await this.#fetchAgain(peer, start.id, waypoints, turn))) return { kind: 'moved' };
        return { kind: 'stored', last: id, isEnd };
      }
      if (isEnd) return { kind: 'nothing' };
      if (clock.elapsed() > endsAtMs) throw new BrokenPromise('its headers go on and on and prove nothing');
      answer = await this.#request(peer, [id], turn);
      if (answer.length === 0) return { kind: 'nothing' };
      if (turn.isOver || !follows(answer, id)) return { kind: 'moved' };
    }
  }

  /**
   * The second walk: the same headers again, stored up to each waypoint as it is reached.
   *
   * @returns false if they are not the same any more
   */
  async #fetchAgain(
    peer: PeerId,
    start: BlockId,
    waypoints: readonly Waypoint[],
    turn: HeaderTurn,
  ): Promise<boolean> {
    const { chain, clock } = this.#options;
    let id = start;
    let count = 0;
    for (const waypoint of waypoints) {
      const wanted = waypoint.count - count;
      const headers = (await this.#request(peer, [id], turn)).slice(0, wanted);
      const last = headers.at(-1);
      if (turn.isOver || !follows(headers, id) || last === undefined || blockId(last) !== waypoint.id) {
        return false;
      }
      chain.addHeaders(headers, clock.now());
      id = waypoint.id;
      count = waypoint.count;
    }
    return true;
  }

  async #request(peer: PeerId, locator: readonly BlockId[], turn: HeaderTurn): Promise<SealedHeader[]> {
    const { clock, network } = this.#options;
    const request = HeadersRequestType.serialize({ locator: locator.map(idToBytes) });
    const [answer] = await network.request(peer, 'headers', request, {
      deadlineMs: HEADERS_DEADLINE_MS,
      maxChunks: 1,
      maxChunkBytes: MAX_HEADERS_BYTES,
    });
    turn.answeredAtMs = clock.elapsed();
    if (answer === undefined) throw new RequestError('malformed', 'an empty answer to headers');
    return decodeWire(HeadersType, answer, 'headers');
  }
}

/** A peer answers from where its chain leaves what it was asked for: if that is elsewhere, it has reorganised meanwhile. */
function follows(headers: readonly SealedHeader[], id: BlockId): boolean {
  const parent = headers[0]?.header.parent;
  return parent !== undefined && idFromBytes<BlockId>(parent) === id;
}
