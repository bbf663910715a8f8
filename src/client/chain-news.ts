/** Tells that the chain may have changed, for those who look at it anew then: one bit, however much happens. */
import { type ConnectionState, resumeEvents } from './event-stream.ts';
import type { Transport } from './transport.ts';

export interface ChainNewsOptions {
  readonly signal?: AbortSignal;
  /** Told whenever the connection comes and goes. */
  readonly onConnection?: (state: ConnectionState) => void;
}

export class ChainNews {
  readonly #listening: Promise<void>;
  readonly #stop = new AbortController();
  #isFresh = true;
  #wake: (() => void) | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** Listens until `stop()`, or until the signal aborts. There is news at first. */
  constructor(transport: Transport, { onConnection, signal }: ChainNewsOptions) {
    const signals = signal === undefined ? [] : [signal];
    this.#listening = this.#listen(transport, AbortSignal.any([this.#stop.signal, ...signals]), onConnection);
  }

  /**
   * Waits for news since the last call, which then count as heard.
   *
   * @returns whether there are; false: it was stopped, the signal aborted, or `deadline` did
   * @throws ApiError if the daemon refuses to tell
   */
  async next(deadline?: AbortSignal): Promise<boolean> {
    while (!this.#isFresh) {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#stop.signal.aborted || deadline?.aborted === true) return false;
      const { promise, resolve } = Promise.withResolvers<void>();
      const wake = (): void => resolve();
      this.#wake = wake;
      deadline?.addEventListener('abort', wake);
      await promise;
      deadline?.removeEventListener('abort', wake);
    }
    this.#isFresh = false;
    return true;
  }

  /** What was told last could not be looked at: it is news once more. */
  again(): void {
    this.#tell();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#listening;
  }

  async #listen(
    transport: Transport,
    signal: AbortSignal,
    told: ChainNewsOptions['onConnection'],
  ): Promise<void> {
    try {
      const onConnection = (state: ConnectionState): void => {
        if (state.connected) this.#tell();
        told?.(state);
      };
      for await (const { type } of resumeEvents(transport, { signal, onConnection })) {
        if (type === 'block' || type === 'reorganisation' || type === 'missed') this.#tell();
      }
    } catch (error) {
      this.#failure = { error };
    }
    this.#stop.abort();
    this.#wake?.();
  }

  #tell(): void {
    this.#isFresh = true;
    this.#wake?.();
  }
}
