/** An API that comes back where it was, as after a restart of its daemon. */
import { type Api, createApi } from '../../src/api/server.ts';
import { type ServedLedger, SILENT } from './served-ledger.ts';

export class RestartedApi {
  readonly #ledger: ServedLedger;
  #api: Api | undefined;
  #port = 0;

  constructor(ledger: ServedLedger) {
    this.#ledger = ledger;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    // Numbers of events are to rise over a restart.
    this.#api = await createApi(
      { ...this.#ledger.daemon, startedAtMs: this.#startedAtMs() },
      { host: '127.0.0.1', port: this.#port, log: SILENT },
    );
    this.#port = Number(new URL(this.#api.url).port);
  }

  async stop(): Promise<void> {
    await this.#api?.close();
    this.#api = undefined;
  }

  #starts = 0;
  #startedAtMs(): number {
    return this.#ledger.daemon.startedAtMs + 1_000_000 * this.#starts++;
  }
}
