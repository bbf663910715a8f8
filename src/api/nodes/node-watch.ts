/** Follows one daemon: whether it is there, how it stands, and every block that reaches it. */
import { pause } from '../../client/back-off.ts';
import type { BlockSummaryJson, PeerJson, StatusJson } from '../../client/contract.ts';
import type { LiveEventJson } from '../../client/live-event.ts';
import type { NodeBlockJson, NodeJson, NodeReorganisationJson } from '../../client/nodes-json.ts';
import { TallyClient } from '../../client/tally-client.ts';
import { CALL_TIMEOUT_MS } from './limits.ts';

/** Between two tries with something that refuses for good: it may be replaced by a daemon. */
const REFUSED_RETRY_MS = 5_000;
/** After an event, for others to come: their effects are looked at together. */
const SETTLE_MS = 120;
/** Heights of the tree asked for when a daemon appears, so that its forks are seen at once. */
const FIRST_HEIGHTS = 40;
/** Before all events: the daemon tells every one it keeps. */
const FROM_THE_FIRST = '0';

export interface WatchedDaemon {
  /** From 1. */
  readonly number: number;
  readonly name: string;
  /** Of its API. */
  readonly url: string;
}

export interface NodeWatchListeners {
  /** Its view is another now. */
  changed(): void;
  block(news: NodeBlockJson): void;
  reorganisation(news: NodeReorganisationJson): void;
}

export class NodeWatch {
  readonly daemon: WatchedDaemon;
  readonly #client: TallyClient;
  readonly #listeners: NodeWatchListeners;
  readonly #ending = new AbortController();
  #state: Pick<NodeJson, 'state' | 'sinceMs' | 'reason'> = { state: 'connecting', sinceMs: Date.now() };
  #status: StatusJson | undefined;
  #peers: readonly PeerJson[] | undefined;
  #settling: NodeJS.Timeout | undefined;
  #isLooking = false;

  constructor(daemon: WatchedDaemon, listeners: NodeWatchListeners) {
    this.daemon = daemon;
    this.#listeners = listeners;
    this.#client = new TallyClient({ url: daemon.url, retry: false, timeoutMs: CALL_TIMEOUT_MS });
  }

  get view(): NodeJson {
    return {
      ...this.daemon,
      ...this.#state,
      ...(this.#status === undefined ? {} : { status: this.#status }),
      ...(this.#peers === undefined ? {} : { peers: this.#peers }),
    };
  }

  start(): void {
    void this.#follow();
  }

  stop(): void {
    this.#ending.abort();
    clearTimeout(this.#settling);
  }

  /** Asks how it stands. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const { signal } = this.#ending;
    try {
      const [status, { peers }] = await Promise.all([
        this.#client.call('status', {}, { signal }),
        this.#client.call('peers', {}, { signal }),
      ]);
      this.#status = status;
      this.#peers = peers;
      this.#become('up');
      this.#listeners.changed();
    } catch (error) {
      this.#become('down', messageOf(error));
    } finally {
      this.#isLooking = false;
    }
  }

  async #follow(): Promise<void> {
    const { signal } = this.#ending;
    const events = () =>
      this.#client.events({
        after: FROM_THE_FIRST,
        resume: true,
        signal,
        onConnection: (state) => {
          if (state.connected) void this.#appeared();
          else this.#become('down', state.error.message);
        },
      });
    while (!signal.aborted) {
      try {
        for await (const { data, type } of events()) if (type !== 'missed') this.#hear(data);
      } catch (error) {
        this.#become('down', messageOf(error));
      }
      await pause(REFUSED_RETRY_MS, signal);
    }
  }

  async #appeared(): Promise<void> {
    try {
      const query = { limit: FIRST_HEIGHTS };
      const { blocks } = await this.#client.call('chainTree', { query }, { signal: this.#ending.signal });
      for (const block of blocks) {
        if (block.state !== 'header') this.#listeners.block(this.#known(block));
      }
    } catch {
      // The look that follows says so.
    }
    await this.look();
  }

  #hear(event: LiveEventJson): void {
    const node = this.daemon.number;
    const atMs = Date.parse(event.at);
    if (event.event === 'block.accepted') {
      const { height, id, miner, onChain, parent, source, transactions } = event;
      this.#listeners.block({ node, id, parent, height, miner, transactions, onChain, source, atMs });
    } else if (event.event === 'chain.reorganised') {
      const { depth, forkHeight, height, newTip, oldTip, returned } = event;
      this.#listeners.reorganisation({ node, atMs, oldTip, newTip, forkHeight, height, depth, returned });
    }
    this.#settling ??= setTimeout(() => {
      this.#settling = undefined;
      void this.look();
    }, SETTLE_MS);
  }

  #known({ height, id, miner, parent, state, transactions }: BlockSummaryJson): NodeBlockJson {
    return {
      ...{ node: this.daemon.number, id, parent, height, miner, onChain: state === 'chain' },
      ...(transactions === undefined ? {} : { transactions }),
    };
  }

  #become(state: NodeJson['state'], reason?: string): void {
    if (this.#ending.signal.aborted || this.#state.state === state) return;
    this.#state = { state, sinceMs: Date.now(), ...(reason === undefined ? {} : { reason }) };
    this.#listeners.changed();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
