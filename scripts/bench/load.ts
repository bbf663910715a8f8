/** A process that sends transactions: `load-process.ts`, as a case uses it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

export interface PrepareRequest {
  readonly kind: 'prepare';
  readonly networkFile: string;
  /** So many bench keys send, from this number on. */
  readonly firstKey: number;
  readonly keys: number;
  /** Connections, each with senders of its own. */
  readonly lanes: number;
  /** Those not sent yet counted. */
  readonly transactionsPerLane: number;
  /** Transactions of a request. */
  readonly batch: number;
  readonly encoding: 'json' | 'ssz';
}

export interface SendRequest {
  readonly kind: 'send';
  /** APIs; the first lanes go to the first, and so on. */
  readonly urls: readonly string[];
  readonly lanesPerServer: number;
  /** Transactions sent but not confirmed, at most; undefined: as fast as they are answered. */
  readonly underWay?: number;
  /** The same requests are sent once more afterwards. */
  readonly rehearsal?: boolean;
}

export type LoadRequest =
  | PrepareRequest
  | SendRequest
  | { readonly kind: 'confirmed'; readonly transactions: number }
  | { readonly kind: 'stop' };

export interface Sent {
  readonly kind: 'sent';
  /** Transactions answered as accepted. */
  readonly accepted: number;
  /** From the first request to the last answer. */
  readonly elapsedMs: number;
  /** Processor time of the sender itself. */
  readonly cpuMs: number;
  /** Of a request. */
  readonly medianMs: number;
  readonly p99Ms: number;
}

export type LoadAnswer =
  | { readonly kind: 'prepared' }
  | Sent
  | { readonly kind: 'failed'; readonly message: string };

export class Load {
  readonly #process: ChildProcess = fork(new URL('./load-process.ts', import.meta.url));

  /** Signs, and puts requests together, as many as are missing. */
  async prepare(request: Omit<PrepareRequest, 'kind'>): Promise<void> {
    await this.#ask({ kind: 'prepare', ...request });
  }

  /** Sends what was prepared, until all of it is answered or `stop` is called. @throws Error if some is refused */
  async send(request: Omit<SendRequest, 'kind'>): Promise<Sent> {
    const answer = await this.#ask({ kind: 'send', ...request });
    if (answer.kind !== 'sent') throw new Error(`unexpected: ${answer.kind}`);
    return answer;
  }

  /** So many of those under way are confirmed: as many more may be sent. */
  confirmed(transactions: number): void {
    this.#process.send({ kind: 'confirmed', transactions } satisfies LoadRequest);
  }

  /** The rest waits for the next `send`. */
  stop(): void {
    this.#process.send({ kind: 'stop' } satisfies LoadRequest);
  }

  close(): void {
    this.#process.kill('SIGKILL');
  }

  async #ask(request: LoadRequest): Promise<LoadAnswer> {
    const gone = new AbortController();
    const answered = once(this.#process, 'message', { signal: gone.signal });
    const exited = once(this.#process, 'exit', { signal: gone.signal });
    this.#process.send(request);
    try {
      const [answer] = (await Promise.race([answered, exited])) as [LoadAnswer | number | null];
      if (typeof answer !== 'object' || answer === null) throw new Error('the sender died');
      if (answer.kind === 'failed') throw new Error(`the sender: ${answer.message}`);
      return answer;
    } finally {
      gone.abort();
      await Promise.allSettled([answered, exited]);
    }
  }
}
