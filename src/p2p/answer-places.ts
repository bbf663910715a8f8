/**
 * Places for answers under way, of each kind its own. An answer goes as fast as the peer reads, so a peer that does not read
 * would hold its places to the deadline: the least progress ends that, and while all are taken, the peer with most of them
 * and is slow gives one to a peer with fewer.
 */
import type { PeerId } from '../node/ports.ts';
import {
  type AnswerKind,
  LEAST_PROGRESS_BYTES,
  LEAST_PROGRESS_MS,
  MAX_ANSWERS,
  MAX_ANSWERS_PER_PEER,
  MAX_STALLS,
  PRESSED_AFTER_MS,
  PRESSED_BYTES_PER_SECOND,
} from './request-limits.ts';

export interface Answer {
  readonly kind: AnswerKind;
  readonly peer: PeerId;
  /** The address the peer shares with others, if it does. */
  readonly host: string;
  /** Bytes the peer took. */
  taken(): number;
  /** Whether it is the peer's turn: there are bytes it has not taken. */
  isWaiting(): boolean;
  end(reason: Error): void;
}

interface Reader {
  readonly answers: Map<Answer, { readonly sinceMs: number }>;
  /** Of answers that are over, bytes. */
  takenBefore: number;
  /** When it last had taken enough, and what it had taken then. */
  markAtMs: number;
  markTaken: number;
  /** In a row, and when the last one was. */
  stalls: number;
  stalledAtMs: number;
}

/** Two stalls further apart have nothing to do with each other. */
const STALLS_TOGETHER_MS = 60_000;

/** Peers whose stalls are remembered; the one unchanged for longest goes first. */
const MAX_REMEMBERED = 1_024;

export class AnswerPlaces {
  readonly #now: () => number;
  readonly #onStalling: (peer: PeerId) => void;
  readonly #readers = new Map<PeerId, Reader>();

  /**
   * @param now ms on a clock that never runs back
   * @param onStalling a peer asks and does not read, again and again
   */
  constructor(now: () => number, onStalling: (peer: PeerId) => void) {
    this.#now = now;
    this.#onStalling = onStalling;
  }

  /** @returns what gives the place back; undefined if there is none: the peer may ask again later */
  enter(answer: Answer): (() => void) | undefined {
    if (this.#countOf(answer.kind, (other) => other.peer === answer.peer) >= MAX_ANSWERS_PER_PEER)
      return undefined;
    if (this.#countOf(answer.kind) >= MAX_ANSWERS[answer.kind] && !this.#makeRoom(answer)) return undefined;
    const now = this.#now();
    const reader = this.#readerOf(answer.peer);
    if (reader.answers.size === 0) this.#mark(reader, now);
    reader.answers.set(answer, { sinceMs: now });
    return () => this.#leave(reader, answer);
  }

  /** To be called about once a second: ends what makes no progress. */
  watch(): void {
    const now = this.#now();
    for (const [peer, reader] of [...this.#readers]) {
      const waiting = [...reader.answers.keys()].filter((answer) => answer.isWaiting());
      if (waiting.length === 0 || takenBy(reader) - reader.markTaken >= LEAST_PROGRESS_BYTES) {
        this.#mark(reader, now);
        if (waiting.length > 0) reader.stalls = 0;
        continue;
      }
      if (now - reader.markAtMs < LEAST_PROGRESS_MS) continue;
      this.#mark(reader, now);
      reader.stalls = now - reader.stalledAtMs < STALLS_TOGETHER_MS ? reader.stalls + 1 : 1;
      reader.stalledAtMs = now;
      for (const answer of waiting) answer.end(new Error('the peer reads nothing of what it asked for'));
      if (reader.stalls >= MAX_STALLS) {
        this.#readers.delete(peer);
        this.#onStalling(peer);
      }
    }
  }

  #leave(reader: Reader, answer: Answer): void {
    if (reader.answers.delete(answer)) reader.takenBefore += answer.taken();
  }

  #mark(reader: Reader, now: number): void {
    reader.markAtMs = now;
    reader.markTaken = takenBy(reader);
  }

  #readerOf(peer: PeerId): Reader {
    const known = this.#readers.get(peer);
    const reader = known ?? newReader();
    this.#readers.delete(peer);
    this.#readers.set(peer, reader);
    for (const [oldest, { answers }] of this.#readers) {
      if (this.#readers.size <= MAX_REMEMBERED) break;
      if (answers.size === 0) this.#readers.delete(oldest);
    }
    return reader;
  }

  #countOf(kind: AnswerKind, counts: (answer: Answer) => boolean = () => true): number {
    let count = 0;
    for (const { answers } of this.#readers.values())
      for (const answer of answers.keys()) if (answer.kind === kind && counts(answer)) count++;
    return count;
  }

  /** Ends a slow answer of the peer with most, if that is more than the newcomer would have. */
  #makeRoom(newcomer: Answer): boolean {
    const now = this.#now();
    const { kind } = newcomer;
    const ofHost = (host: string) => this.#countOf(kind, (answer) => answer.host === host);
    const ofPeer = (peer: PeerId) => this.#countOf(kind, (answer) => answer.peer === peer);
    let victim: { readonly answer: Answer; readonly host: number; readonly peer: number } | undefined;
    for (const { answers } of this.#readers.values()) {
      for (const [answer, { sinceMs }] of answers) {
        if (answer.kind !== kind || !isSlow(answer, now - sinceMs)) continue;
        const [host, peer] = [ofHost(answer.host), ofPeer(answer.peer)];
        const isMore =
          victim === undefined || host > victim.host || (host === victim.host && peer > victim.peer);
        if (isMore) victim = { answer, host, peer };
      }
    }
    if (victim === undefined) return false;
    const { answer } = victim;
    // Neighbours share an address in good faith, so among them the peers count.
    const isGreedier =
      answer.host === newcomer.host
        ? victim.peer > ofPeer(newcomer.peer) + 1
        : victim.host > ofHost(newcomer.host) + 1;
    if (!isGreedier) return false;
    const reader = this.#readers.get(answer.peer);
    if (reader !== undefined) this.#leave(reader, answer);
    answer.end(new Error('the peer reads slowly while others wait for a place'));
    return true;
  }
}

function newReader(): Reader {
  return {
    ...{ answers: new Map(), takenBefore: 0, markAtMs: 0, markTaken: 0 },
    ...{ stalls: 0, stalledAtMs: Number.NEGATIVE_INFINITY },
  };
}

function takenBy({ answers, takenBefore }: Reader): number {
  let taken = takenBefore;
  for (const answer of answers.keys()) taken += answer.taken();
  return taken;
}

function isSlow(answer: Answer, ageMs: number): boolean {
  return (
    ageMs >= PRESSED_AFTER_MS &&
    answer.isWaiting() &&
    answer.taken() < (PRESSED_BYTES_PER_SECOND * ageMs) / 1_000
  );
}
