/**
 * Signatures checked on several threads, so that a block's worth neither takes long nor holds up the event
 * loop. A batch is cut into pieces; each thread has a piece or two at a time, and `piece-queue.ts` says whose is next.
 *
 * A handful of signatures is checked at once on the calling thread: that takes less than a thread's answer.
 *
 * Nothing is queued but the callers' own batches: those hold what they ask for, and await the answer. Of
 * copies there are at most `PIECE_CHECKS` × `PIECES_PER_THREAD` checks a thread: 32 KiB.
 */
import { availableParallelism } from 'node:os';
import type { SignatureCheck, Urgency } from '../core/signature.ts';
import { packChecks, requireCheck, type VerifyAnswer, type VerifyRequest } from './packed-checks.ts';
import { PieceQueue } from './piece-queue.ts';
import { verifySignature } from './signatures.ts';
import { WorkerThread } from './worker-thread.ts';

/** A batch up to this long is checked on the calling thread: about 0.7 ms. */
export const INLINE_CHECKS = 16;
/** But only so many in one turn of the event loop, however many batches come: about 2.5 ms. */
const INLINE_CHECKS_PER_TURN = 32;
/** About 8 ms of a thread's time: much more than its message costs, little enough to share out evenly. */
const PIECE_CHECKS = 128;
/** Below this, what another thread would save is lost again in messages. */
const MIN_PIECE_CHECKS = 8;
/** The second is there when the first is done, even if the calling thread is busy just then. */
const PIECES_PER_THREAD = 2;
/** Of what threads left undone, so many are checked here in one turn of the event loop: about 1.5 ms. */
const RETRIED_CHECKS_PER_TURN = 16;
/** Deaths without an answer between them, after which threads are given up and all is checked here. */
const MAX_DEATHS = 3;
/** More than any machine has cores. */
const MAX_THREADS = 1_024;

export interface SignatureVerifierOptions {
  /** Default: as many as there are cores. */
  readonly threads?: number;
  /** What a thread runs. Default: `verifier-worker.ts`. */
  readonly worker?: URL;
}

export interface ThreadedSignatureVerifier {
  readonly threads: number;
  /**
   * @param urgency `block` unless given
   * @returns a verdict for each check, in the same order
   * @throws RangeError if a check's field has a wrong length: the caller broke its promise
   * @throws VerifierClosedError if the verifier is closed before the answer
   */
  verify(checks: readonly SignatureCheck[], urgency?: Urgency): Promise<boolean[]>;
  /** Ends the threads. May be called again. */
  close(): Promise<void>;
}

/** The verifier was closed: no answer will come. */
export class VerifierClosedError extends Error {
  override readonly name = 'VerifierClosedError';

  constructor() {
    super('the signature verifier is closed: the daemon is stopping');
  }
}

/** @throws RangeError if `threads` is out of range */
export function createSignatureVerifier(options: SignatureVerifierOptions = {}): ThreadedSignatureVerifier {
  return new WorkerVerifier(options);
}

/** One call of `verify`. */
interface Batch {
  readonly checks: readonly SignatureCheck[];
  readonly pieceLength: number;
  readonly verdicts: boolean[];
  /** Checks handed out so far. */
  next: number;
  /** Verdicts still missing. */
  missing: number;
  readonly resolve: (verdicts: boolean[]) => void;
  readonly reject: (error: VerifierClosedError) => void;
}

/** Some checks of a batch, on their way. */
interface Piece {
  readonly batch: Batch;
  readonly start: number;
  readonly checks: readonly SignatureCheck[];
}

interface Thread {
  readonly worker: WorkerThread<VerifyRequest, VerifyAnswer>;
  /** Pieces it has not answered yet, by their number. */
  readonly pieces: Map<number, Piece>;
}

class WorkerVerifier implements ThreadedSignatureVerifier {
  readonly threads: number;
  readonly #workerFile: URL;
  readonly #threads: (Thread | undefined)[];
  /** Batches with checks not handed out yet. */
  readonly #waiting = new PieceQueue<Batch>();
  /** Every batch not answered yet. */
  readonly #open = new Set<Batch>();
  /** Pieces to be checked on the calling thread, with the verdicts so far. */
  readonly #here: { readonly piece: Piece; readonly verdicts: boolean[] }[] = [];
  #pieces = 0;
  #inlineThisTurn = 0;
  #deaths = 0;
  #closed: Promise<unknown> | undefined;

  constructor({
    threads = availableParallelism(),
    worker = new URL('./verifier-worker.ts', import.meta.url),
  }: SignatureVerifierOptions) {
    if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS) {
      throw new RangeError(`threads: ${threads}, expected 1 to ${MAX_THREADS}`);
    }
    this.threads = threads;
    this.#workerFile = worker;
    this.#threads = Array.from({ length: threads }, () => undefined);
  }

  async verify(checks: readonly SignatureCheck[], urgency: Urgency = 'block'): Promise<boolean[]> {
    if (this.#closed !== undefined) throw new VerifierClosedError();
    for (const check of checks) requireCheck(check);
    if (checks.length === 0) return [];
    if (checks.length <= INLINE_CHECKS && this.#inlineThisTurn < INLINE_CHECKS_PER_TURN) {
      this.#countInline(checks.length);
      return checks.map(verifySignature);
    }
    const { promise, resolve, reject } = Promise.withResolvers<boolean[]>();
    const batch: Batch = {
      checks,
      pieceLength: Math.min(
        PIECE_CHECKS,
        Math.max(MIN_PIECE_CHECKS, Math.ceil(checks.length / this.threads)),
      ),
      verdicts: new Array(checks.length).fill(false),
      next: 0,
      missing: checks.length,
      resolve,
      reject,
    };
    this.#open.add(batch);
    this.#waiting.push(batch, urgency);
    this.#handOut();
    return promise;
  }

  async close(): Promise<void> {
    this.#closed ??= Promise.all(this.#threads.map((thread) => thread?.worker.end()));
    for (const { reject } of this.#open) reject(new VerifierClosedError());
    this.#open.clear();
    this.#waiting.clear();
    await this.#closed;
  }

  #countInline(checks: number): void {
    if (this.#inlineThisTurn === 0) {
      setImmediate(() => {
        this.#inlineThisTurn = 0;
      });
    }
    this.#inlineThisTurn += checks;
  }

  /** Gives every thread as many pieces as it may have. */
  #handOut(): void {
    if (this.#deaths >= MAX_DEATHS) this.#verifyWaitingHere();
    for (let load = 0; load < PIECES_PER_THREAD; load++) {
      for (let index = 0; index < this.threads && this.#waiting.size > 0; index++) {
        this.#threads[index] ??= this.#startThread(index);
        const thread = this.#threads[index];
        if (thread !== undefined && thread.pieces.size <= load) this.#give(thread);
      }
    }
  }

  #give({ worker, pieces }: Thread): void {
    const piece = this.#takePiece();
    if (piece === undefined) return;
    const number = this.#pieces++;
    pieces.set(number, piece);
    const packed = packChecks(piece.checks);
    const request: VerifyRequest = { piece: number, checks: packed, count: piece.checks.length };
    worker.post(request, [packed.buffer]);
  }

  /** The next piece of the batch whose turn it is. */
  #takePiece(): Piece | undefined {
    const next = this.#waiting.take();
    if (next === undefined) return undefined;
    const { batch, urgency } = next;
    const start = batch.next;
    batch.next = Math.min(start + batch.pieceLength, batch.checks.length);
    if (batch.next < batch.checks.length) this.#waiting.push(batch, urgency);
    return { batch, start, checks: batch.checks.slice(start, batch.next) };
  }

  #startThread(index: number): Thread {
    const worker = new WorkerThread<VerifyRequest, VerifyAnswer>(
      this.#workerFile,
      { name: `verifier-${index}` },
      {
        message: ({ piece, verdicts }) => this.#answered(thread, piece, verdicts),
        // Whatever the reason, its pieces are checked here.
        exit: () => {
          if (this.#threads[index] === thread) this.#threads[index] = undefined;
          this.#died(thread);
        },
      },
    );
    const thread: Thread = { worker, pieces: new Map() };
    return thread;
  }

  #answered(thread: Thread, number: number, verdicts: Uint8Array): void {
    const piece = thread.pieces.get(number);
    if (piece === undefined) return;
    this.#deaths = 0;
    thread.pieces.delete(number);
    this.#fill(piece, (i) => verdicts[i] === 1);
    this.#handOut();
    // A thread that has nothing to do must not keep the process alive.
    if (thread.pieces.size === 0) thread.worker.idle();
  }

  #died(thread: Thread): void {
    if (this.#closed !== undefined) return;
    this.#deaths++;
    for (const piece of thread.pieces.values()) this.#verifyHere(piece);
    this.#handOut();
  }

  #verifyWaitingHere(): void {
    for (let piece = this.#takePiece(); piece !== undefined; piece = this.#takePiece())
      this.#verifyHere(piece);
  }

  /** Checks a piece on the calling thread, after those before it, a little in each turn of the event loop. */
  #verifyHere(piece: Piece): void {
    this.#here.push({ piece, verdicts: [] });
    if (this.#here.length === 1) setImmediate(() => this.#verifyNextHere());
  }

  #verifyNextHere(): void {
    const next = this.#here[0];
    if (next === undefined || this.#closed !== undefined) return;
    const { piece, verdicts } = next;
    const done = verdicts.length;
    verdicts.push(...piece.checks.slice(done, done + RETRIED_CHECKS_PER_TURN).map(verifySignature));
    if (verdicts.length === piece.checks.length) {
      this.#here.shift();
      this.#fill(piece, (i) => verdicts[i] === true);
    }
    if (this.#here.length > 0) setImmediate(() => this.#verifyNextHere());
  }

  #fill({ batch, start, checks }: Piece, verdict: (i: number) => boolean): void {
    for (let i = 0; i < checks.length; i++) batch.verdicts[start + i] = verdict(i);
    batch.missing -= checks.length;
    if (batch.missing > 0) return;
    this.#open.delete(batch);
    batch.resolve(batch.verdicts);
  }
}
