/**
 * Mining: takes a template, lets the miner port search its nonce, connects what it finds and lets it go.
 * A new tip, a better template or the passing of time starts the search anew; searching has no memory, so
 * nothing is lost by it.
 */
import type { Chain } from '../chain/chain.ts';
import type { Mempool } from '../chain/mempool.ts';
import { type CheckedBlock, trustBlock } from '../chain/records.ts';
import { type BlockTemplate, blockTemplate } from '../chain/template.ts';
import { formatAddress } from '../core/address.ts';
import { blockId, headerRoot } from '../core/hashing.ts';
import { isEarly, MAX_FUTURE_MS } from '../core/header.ts';
import type { Address, BlockId } from '../core/identifiers.ts';
import { requireTarget } from '../core/target.ts';
import type { NodeEvent } from './events.ts';
import { type Background, own } from './faults.ts';
import { type Clock, type Miner, OperationError } from './ports.ts';

/** A template is never older than this, so that timestamps stay true. */
const TEMPLATE_MS = 1_000;
/** New transactions wait this long for company before they restart the search. */
const BETTER_TEMPLATE_MS = 100;
/** And this many times as long as the last template took to make: a full pool's takes its time. */
const TEMPLATE_SHARE = 20;
/** Blocks on demand may come faster than a millisecond each; a user who waits longer for the tip's time is told. */
const SHORT_WAIT_MS = 1_000;
/** Why a search ends. Without a reason every abort would make an exception with a stack. */
const OUTDATED = 'the template is out of date';
/** Blocks one call may ask for. */
const MAX_BLOCKS_ON_DEMAND = 100_000;

export interface MiningOptions {
  readonly chain: Chain;
  readonly pool: Mempool;
  readonly miner: Miner;
  readonly clock: Clock;
  readonly address: Address;
  readonly background: Background;
  readonly emit: (event: NodeEvent) => void;
  /** While true, mining would only lengthen a chain that is about to be left behind. */
  readonly isCatchingUp: () => boolean;
  /** Connects the block and sends it out. @returns false if it is not due yet: the clock was set back */
  readonly onMined: (block: CheckedBlock) => Promise<boolean>;
}

export class Mining {
  readonly #options: MiningOptions;
  #active = false;
  /** A loop is there; one that was told to end and then not to goes on. */
  #isLooping = false;
  /** Aborts the search under way: its template is out of date. */
  #search: AbortController | undefined;
  #cancelRestart: (() => void) | undefined;
  /** The loops take turns: whoever asked first mines first. */
  #turn: Promise<unknown> = Promise.resolve();
  #onDemand = 0;
  #templateTookMs = 0;
  /** That it waits for the tip's time has been told. */
  /** The last template could not pay its miner. */
  #isUnpayable = false;
  #isWaitTold = false;
  #stopped = false;

  constructor(options: MiningOptions) {
    this.#options = options;
  }

  /** True while it mines continuously. */
  get active(): boolean {
    return this.#active;
  }

  get threads(): number {
    return this.#options.miner.threads;
  }

  /**
   * Until when no block can follow the tip, milliseconds since 1970; undefined if one can. So it is after this machine's
   * clock was set back, and before the network begins.
   */
  get waitsUntilMs(): number | undefined {
    const { chain, clock } = this.#options;
    const dueMs = Number(chain.tip.sealed.header.timestamp) + 1 - MAX_FUTURE_MS;
    return dueMs - clock.now() > SHORT_WAIT_MS ? dueMs : undefined;
  }

  hashrate(): number {
    return this.#options.miner.hashrate();
  }

  start(): void {
    if (this.#active || this.#stopped) return;
    this.#active = true;
    if (this.#isLooping) return;
    this.#isLooping = true;
    this.#options.background(own(this.#mineContinuously()));
  }

  /** Blocks on demand are mined nevertheless. Resolves once nothing is searched for any more. */
  async stop(): Promise<void> {
    this.#active = false;
    this.#restart();
    await this.#turn;
  }

  /** Ends everything, on-demand mining too. */
  async close(): Promise<void> {
    this.#stopped = true;
    await this.stop();
  }

  /**
   * Mines exactly `count` blocks, one on the other, and sends each out.
   *
   * @param address gets the rewards; default: whoever gets those of continuous mining
   * @returns their ids, in order; fewer only if `signal` aborts or the node stops
   * @throws OperationError if the tip is ahead of this machine's clock, so that no block can follow it yet, or if the
   *   reward has no room in the balance
   */
  async mine(count: number, signal?: AbortSignal, address = this.#options.address): Promise<BlockId[]> {
    if (!Number.isSafeInteger(count) || count < 1 || count > MAX_BLOCKS_ON_DEMAND) {
      throw new RangeError(`blocks to mine: 1 to ${MAX_BLOCKS_ON_DEMAND}, not ${count}`);
    }
    const { promise: givenUp, resolve: giveUp } = Promise.withResolvers<BlockId[]>();
    let isItsTurn = false;
    const abort = (): void => {
      if (isItsTurn) this.#restart();
      else giveUp([]);
    };
    if (signal?.aborted === true) return [];
    signal?.addEventListener('abort', abort);
    this.#onDemand++;
    this.#restart();
    try {
      const mined = this.#inTurn(async () => {
        isItsTurn = true;
        const ids: BlockId[] = [];
        while (ids.length < count && !this.#stopped && signal?.aborted !== true) {
          this.#requireDue();
          const block = await this.#mineOne(address);
          if (this.#isUnpayable) throw unpayable(address);
          if (block !== undefined) ids.push(block.id);
          await this.#turnOfOthers();
        }
        return ids;
      });
      return await Promise.race([mined, givenUp]);
    } finally {
      this.#onDemand--;
      signal?.removeEventListener('abort', abort);
    }
  }

  /** The tip changed: whatever is searched for now would be a fork. */
  tipChanged(): void {
    this.#restart();
  }

  /** The pool has something new: worth a new template in a moment. */
  poolChanged(): void {
    if (this.#search === undefined) return;
    const delayMs = Math.max(BETTER_TEMPLATE_MS, TEMPLATE_SHARE * this.#templateTookMs);
    this.#cancelRestart ??= this.#options.clock.after(delayMs, () => this.#restart());
  }

  async #mineContinuously(): Promise<void> {
    while (this.#active && !this.#stopped) {
      await this.#inTurn(async () => {
        while (this.#active && !this.#stopped && this.#onDemand === 0) {
          if (this.#options.isCatchingUp()) await this.#pause(TEMPLATE_MS);
          else await this.#mineOne(this.#options.address);
          await this.#turnOfOthers();
        }
      });
    }
    this.#isLooping = false;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  /** One search. @returns the block, or undefined if the search was aborted or the block was no use any more */
  async #mineOne(address: Address): Promise<CheckedBlock | undefined> {
    const { chain, clock, emit, miner, onMined, pool } = this.#options;
    if (this.waitsUntilMs !== undefined) {
      this.#tellWait(this.waitsUntilMs);
      // Not until then: the clock may be set right at any moment.
      await this.#pause(TEMPLATE_MS);
      return undefined;
    }
    const begunMs = clock.elapsed();
    const template = blockTemplate(chain, pool, { miner: address, nowMs: clock.now() });
    this.#templateTookMs = clock.elapsed() - begunMs;
    this.#isUnpayable = template === undefined;
    if (template === undefined) {
      if (!this.#isWaitTold) emit({ event: 'mining.unpayable', miner: address });
      this.#isWaitTold = true;
      await this.#pause(TEMPLATE_MS);
      return undefined;
    }
    this.#isWaitTold = false;
    const { header } = template;
    if (isEarly(header, clock.now())) {
      // Blocks on demand came faster than a millisecond each: others would set this one aside.
      const aheadMs = Number(header.timestamp) - clock.now() - MAX_FUTURE_MS;
      await this.#pause(Math.min(Math.max(1, aheadMs), TEMPLATE_MS));
      return undefined;
    }
    const search = new AbortController();
    this.#search = search;
    const cancelRefresh = clock.after(TEMPLATE_MS, () => search.abort(OUTDATED));
    try {
      const job = { headerRoot: headerRoot(header), target: requireTarget(header.bits) };
      const nonce = await miner.search(job, search.signal);
      if (nonce === undefined || chain.tip.id !== template.parent.id) return undefined;
      const block = seal(template, nonce);
      return (await onMined(block)) ? block : undefined;
    } finally {
      cancelRefresh();
      this.#searchEnded();
    }
  }

  #tellWait(untilMs: number): void {
    if (this.#isWaitTold) return;
    this.#isWaitTold = true;
    const { chain, clock, emit } = this.#options;
    emit({
      event: 'mining.waiting',
      height: chain.tip.height,
      aheadMs: untilMs + MAX_FUTURE_MS - clock.now(),
      untilMs,
    });
  }

  /** @throws OperationError */
  #requireDue(): void {
    const { chain, clock } = this.#options;
    if (this.waitsUntilMs === undefined) return;
    const aheadMs = Number(chain.tip.sealed.header.timestamp) - clock.now();
    const seconds = Math.ceil(aheadMs / 1_000).toLocaleString('en-US');
    throw new OperationError(
      `no block can follow #${chain.tip.height} yet, it is ${seconds} s ahead of this machine's clock: set the clock right, or wait`,
    );
  }

  #searchEnded(): void {
    this.#cancelRestart?.();
    this.#cancelRestart = undefined;
    this.#search = undefined;
  }

  #restart(): void {
    this.#search?.abort(OUTDATED);
  }

  /** With an easy target blocks follow each other without a pause; everybody else wants to run too. */
  #turnOfOthers(): Promise<void> {
    return new Promise((resolve) => this.#options.clock.after(0, resolve));
  }

  /** Waits, unless something happens that makes it worth looking again. */
  async #pause(ms: number): Promise<void> {
    const pause = new AbortController();
    this.#search = pause;
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(ms, resolve);
      pause.signal.addEventListener('abort', () => {
        cancel();
        resolve();
      });
    });
    this.#searchEnded();
  }
}

function unpayable(address: Address): OperationError {
  return new OperationError(
    `the balance of ${formatAddress(address)} has no room for a reward: name another address for it`,
  );
}

/** The template's transactions come from the pool, where they were checked. */
function seal(template: BlockTemplate, nonce: Uint8Array): CheckedBlock {
  const sealed = { header: template.header, nonce };
  return trustBlock({
    id: blockId(sealed),
    block: { sealed, transactions: template.transactions.map(({ signed }) => signed) },
    transactionIds: template.transactions.map(({ id }) => id),
  });
}
