/**
 * What happened when, sampled all the time, so that any stretch of it can be measured afterwards: answers' latency,
 * memory, blocks and confirmed payments.
 */
import { formatAddress } from '../../src/core/address.ts';
import type { HonestNetwork } from './honest-network.ts';
import { call } from './hostile/http.ts';

/** A status a daemon every three of these. */
const STATUS_EVERY_MS = 150;
const MEMORY_EVERY_MS = 500;
const CHAIN_EVERY_MS = 700;
const PAGE_BLOCKS = 50;
/** Blocks below the tip that may still be left for others. */
const UNSETTLED = 4;
/** A transaction on the disk without its data: itself, its places in three indexes, its part of the undo record. */
const BYTES_OF_TRANSACTION = 600;
/** What takes longer counts as this long. */
export const LONGEST_MS = 10_000;

export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

interface Sample {
  /** On the monotonic clock. */
  readonly atMs: number;
}

export interface Answer extends Sample {
  readonly tookMs: number;
}

interface MemorySample extends Sample {
  readonly bytes: readonly number[];
}

interface HeightSample extends Sample {
  readonly daemon: number;
  readonly height: number;
  readonly tip: string;
}

interface BlockSample extends Sample {
  /** Mined by one of the daemons. */
  readonly isHonest: boolean;
  /** Of the load. */
  readonly payments: number;
  /** What the transactions of others take up on the disk: their fees have paid for it. */
  readonly paidBytes: number;
}

export class Timeline {
  readonly statuses: Answer[] = [];
  /** When each was given to a daemon. */
  readonly submissions: Answer[] = [];
  readonly memory: MemorySample[] = [];
  readonly heights: HeightSample[] = [];
  readonly blocks: BlockSample[] = [];
  readonly #network: HonestNetwork;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #miners: ReadonlySet<string>;
  readonly #payers: ReadonlySet<string>;
  #next = 0;
  #followed = 0;
  #isFollowing = false;

  constructor(network: HonestNetwork) {
    this.#network = network;
    this.#miners = new Set(network.targets.map(({ miner }) => miner));
    this.#payers = new Set(network.payers.map(({ address }) => formatAddress(address)));
  }

  start(): void {
    this.#timers.push(
      setInterval(() => void this.#askStatus(), STATUS_EVERY_MS),
      setInterval(() => void this.#weigh(), MEMORY_EVERY_MS),
      setInterval(() => void this.#follow(), CHAIN_EVERY_MS),
    );
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  async #askStatus(): Promise<void> {
    const daemon = this.#next++ % this.#network.targets.length;
    const atMs = performance.now();
    try {
      const { body } = await call(`${this.#network.targets[daemon]?.api}/v1/status`, {
        deadlineMs: LONGEST_MS,
      });
      const { height, tip } = JSON.parse(body.toString()) as { height: number; tip: string };
      this.heights.push({ atMs: performance.now(), daemon, height, tip });
      this.statuses.push({ atMs, tookMs: performance.now() - atMs });
    } catch {
      this.statuses.push({ atMs, tookMs: LONGEST_MS });
    }
  }

  async #weigh(): Promise<void> {
    const atMs = performance.now();
    this.memory.push({ atMs, bytes: await this.#network.memory() });
  }

  /** The chain, a few blocks behind its tip, from whichever daemon answers. */
  async #follow(): Promise<void> {
    if (this.#isFollowing) return;
    this.#isFollowing = true;
    try {
      for (const { api } of this.#network.targets) {
        if (await this.#readChain(api)) return;
      }
    } finally {
      this.#isFollowing = false;
    }
  }

  async #readChain(api: string): Promise<boolean> {
    try {
      const { body } = await call(`${api}/v1/chain?from=${this.#followed + 1}&limit=${PAGE_BLOCKS}`, {
        deadlineMs: LONGEST_MS,
      });
      const { blocks, length } = JSON.parse(body.toString()) as ChainPage;
      for (const { header, transactions } of blocks) {
        if (header.height > length - 1 - UNSETTLED) break;
        this.#followed = header.height;
        this.blocks.push({
          atMs: performance.now(),
          isHonest: this.#miners.has(header.miner),
          payments: transactions.filter(({ sender }) => this.#payers.has(sender)).length,
          paidBytes: transactions
            .filter(({ sender }) => !this.#payers.has(sender))
            .reduce((sum, { data }) => sum + BYTES_OF_TRANSACTION + data.length / 2, 0),
        });
      }
      return true;
    } catch {
      return false;
    }
  }
}

interface ChainPage {
  readonly length: number;
  readonly blocks: readonly {
    readonly header: { readonly height: number; readonly miner: string };
    readonly transactions: readonly { readonly sender: string; readonly data: string }[];
  }[];
}
