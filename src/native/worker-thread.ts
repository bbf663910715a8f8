/**
 * A worker thread that is ended between two pieces of work, never within native code: a thread that is terminated while
 * it loads a native module can take the whole process with it (V8: `Check failed: (location_) != nullptr`, once in some
 * hundred times), and so can a process that ends meanwhile. So a thread says when it has loaded, keeps the process alive
 * until then, and is asked to end.
 */
import { parentPort, type TransferListItem, Worker, type WorkerOptions } from 'node:worker_threads';
import { invariant } from '../core/errors.ts';

/** A thread loads in a tenth of a second, a second on a busy machine. One that takes longer is terminated after all. */
const END_DEADLINE_MS = 1_000;
/** From a thread: it has loaded. */
const READY = 'ready';
/** To a thread: after this, nothing. */
const END = 'end';

export interface ThreadListeners<Answer> {
  message(answer: Answer): void;
  /** It is gone. @param failure why, unless it was asked to end */
  exit(failure: unknown): void;
}

export class WorkerThread<Request, Answer> {
  readonly #worker: Worker;
  readonly #gone: Promise<void>;
  #isReady = false;
  #isIdle = false;

  /** @param file runs `serveThread` once it has loaded */
  constructor(
    file: URL,
    options: Pick<WorkerOptions, 'name' | 'workerData'>,
    { exit, message }: ThreadListeners<Answer>,
  ) {
    // The process's own flags are not for its threads; some, like --input-type, would keep them from starting.
    this.#worker = new Worker(file, { ...options, execArgv: [] });
    let failure: unknown;
    this.#worker.on('error', (error) => {
      failure = error;
    });
    this.#worker.on('message', (answer: Answer | typeof READY) => {
      if (answer === READY) this.#ready();
      else message(answer);
    });
    this.#gone = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        exit(failure ?? new Error(`exit code ${code}`));
        resolve();
      });
    });
  }

  /** Hands over work; the process lives until `idle()`. */
  post(request: Request, transfer: readonly TransferListItem[] = []): void {
    this.#isIdle = false;
    this.#worker.ref();
    this.#worker.postMessage(request, transfer);
  }

  /** It has nothing to do: once it has loaded, it keeps no process alive. */
  idle(): void {
    this.#isIdle = true;
    if (this.#isReady) this.#worker.unref();
  }

  /** Ends it after the work it has. May be called again. */
  async end(): Promise<void> {
    this.#worker.ref();
    this.#worker.postMessage(END);
    const deadline = setTimeout(() => void this.#worker.terminate(), END_DEADLINE_MS);
    await this.#gone;
    clearTimeout(deadline);
  }

  #ready(): void {
    this.#isReady = true;
    if (this.#isIdle) this.#worker.unref();
  }
}

/** In the thread, once all is loaded. @param work a piece of it; must come to an end by itself */
export function serveThread<Request, Answer>(work: (request: Request) => Answer | undefined): void {
  const port = parentPort;
  invariant(port !== null, 'this file is run as a worker thread only');
  port.on('message', (request: Request | typeof END) => {
    if (request === END) {
      port.close();
      return;
    }
    const answer = work(request);
    if (answer !== undefined) port.postMessage(answer);
  });
  port.postMessage(READY);
}
