/**
 * A block's way in, from wherever it comes: header and proof of work first, then it is passed on; then its body is
 * put together from the pool or fetched, and checked; then it is connected, or set aside until its parent or its time comes.
 */
import type { AddResult } from '../chain/add-result.ts';
import type { Chain } from '../chain/chain.ts';
import { InvalidBlockError } from '../chain/errors.ts';
import type { Mempool } from '../chain/mempool.ts';
import type { CheckedBlock } from '../chain/records.ts';
import { blockSize } from '../core/encoding.ts';
import { InvariantError, RuleError } from '../core/errors.ts';
import { checkHeader, isEarly, MAX_FUTURE_MS } from '../core/header.ts';
import { type BlockId, idFromBytes, type TransactionId } from '../core/identifiers.ts';
import { checkProofOfWork } from '../core/target.ts';
import type { Header, SignedTransaction } from '../core/types.ts';
import type { Background } from './background.ts';
import { BlockCompletion } from './block-completion.ts';
import type { BlockQueue } from './block-queue.ts';
import { type ArrivedBlock, WaitingBlocks } from './block-waiting.ts';
import type { BodyFetchOptions } from './body-fetch.ts';
import type { FetchedBlock } from './body-sync.ts';
import { compactBlock, decodeCompactBlock, encodeCompactBlock } from './compact-block.ts';
import type { Offence } from './conduct.ts';
import { type BlockSource, MAX_FIRST_TRANSACTIONS, type NodeEvent } from './events.ts';
import type { PeerId, Verdict } from './ports.ts';

export interface BlocksOptions extends BodyFetchOptions {
  readonly chain: Chain;
  readonly pool: Mempool;
  readonly queue: BlockQueue;
  readonly background: Background;
  readonly emit: (event: NodeEvent) => void;
  /** The peer is on a chain we do not know yet. */
  readonly onUnknownParent: (peer: PeerId) => void;
  /** Transactions of this node that others may not have heard of yet. */
  readonly fresh: () => ReadonlySet<SignedTransaction>;
}

/** Where a block came from, for the log and for the price of a bad one. */
interface Origin {
  readonly source: BlockSource;
  readonly from: PeerId | undefined;
  /** When its miner let go of it; 0 if unknown. */
  readonly publishedAt: number;
}

export class Blocks {
  readonly #options: BlocksOptions;
  readonly #completion: BlockCompletion;
  readonly #orphans = new WaitingBlocks();
  readonly #early = new WaitingBlocks();
  readonly #cancelEarly = new Map<BlockId, () => void>();
  #stopped = false;

  constructor(options: BlocksOptions) {
    this.#options = options;
    this.#completion = new BlockCompletion(options);
    options.network.subscribe('block', (message, from) => this.#receive(message, from));
  }

  stop(): void {
    this.#stopped = true;
    this.#options.queue.stop();
    for (const cancel of this.#cancelEarly.values()) cancel();
    this.#cancelEarly.clear();
  }

  sizes(): { orphans: number; early: number; completing: number; fetching: number } {
    return {
      orphans: this.#orphans.size,
      early: this.#early.size,
      completing: this.#completion.size,
      fetching: this.#completion.fetching,
    };
  }

  /** The transactions of a block that is on its way here, once they are; undefined if they do not come soon. */
  bodyOf(id: BlockId, asker: PeerId): Promise<readonly SignedTransaction[] | undefined> {
    return this.#completion.bodyOf(id, asker);
  }

  /** A block of our own: kept on disk before anybody hears of it. @returns false if it is not due yet */
  async mined(checked: CheckedBlock): Promise<boolean> {
    const { clock, emit, fresh, network } = this.#options;
    const { sealed, transactions } = checked.block;
    const result = await this.#connect(checked, { source: 'mined', from: undefined, publishedAt: 0 });
    if (result instanceof RuleError) {
      throw new InvariantError(`a block made by our own rules keeps them: ${result.message}`, {
        cause: result,
      });
    }
    if (result?.kind !== 'connected') return false;
    emit({
      event: 'block.mined',
      id: checked.id,
      height: Number(sealed.header.height),
      transactions: transactions.length,
    });
    network.publish('block', encodeCompactBlock(compactBlock(checked, clock.now(), fresh()))).catch(() => {
      // Nobody heard it: the next status exchange tells them.
    });
    return true;
  }

  /** Blocks fetched by sync, each the next one's parent. */
  async connectFetched(blocks: readonly FetchedBlock[]): Promise<void> {
    const checked = blocks.map((block) => block.checked);
    let results: readonly AddResult[];
    try {
      results = (await this.#options.queue.add(checked, 'bulk')) ?? [];
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      results = error instanceof InvalidBlockError ? error.results : [];
      const culprit = blocks[results.length];
      if (culprit !== undefined) this.#refusedByState(error, culprit.checked.id, culprit.from);
    }
    results.forEach((result, index) => {
      const block = blocks[index];
      if (block === undefined || (result.kind !== 'connected' && result.kind !== 'stored')) return;
      const origin: Origin = { source: 'sync', from: block.from, publishedAt: 0 };
      this.#options.emit(accepted(block.checked, origin, undefined, result.kind === 'connected'));
    });
    for (const { id } of checked) this.#placeOrphansOf(id);
  }

  /** A fetched body broke a rule: the block is bad for good, unless the body was simply another's. */
  refuse(id: BlockId, error: RuleError, from: PeerId): void {
    if (this.#stopped) return;
    if (error.code !== 'wrong-transactions-root') this.#options.chain.markInvalid(id);
    this.#refuse(error, id, from, 'invalid-block');
    this.#punishFollowers();
  }

  async #receive(message: Uint8Array, from: PeerId): Promise<Verdict> {
    const { background, chain, clock, definition, onUnknownParent } = this.#options;
    try {
      const compact = decodeCompactBlock(message, definition.params);
      const { header } = compact.sealed;
      const id = idFromBytes<BlockId>(checkProofOfWork(compact.sealed));
      const arrived: ArrivedBlock = {
        id,
        parent: idFromBytes(header.parent),
        height: Number(header.height),
        compact,
        byteLength: message.length,
        from,
      };
      const known = chain.byId(id);
      if (known?.status === 'body' || this.#isUnderWay(id)) {
        this.#completion.alsoFrom(id, from);
        return 'ignore';
      }
      if (known?.status === 'invalid')
        throw new RuleError('invalid-ancestor', `block ${id} is known to be invalid`);
      const ancestors = this.#ancestorsOf(arrived);
      if (ancestors === undefined) {
        this.#orphans.add(arrived);
        onUnknownParent(from);
        return 'ignore';
      }
      checkHeader(definition.params, header, ancestors.parent, ancestors.grandparent);
      if (isEarly(header, clock.now())) {
        this.#setAsideUntilDue(arrived);
        return 'ignore';
      }
      if (!this.#completion.enter(arrived)) return 'ignore';
      background(this.#completeAndConnect(arrived));
      return 'accept';
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      this.#refuse(error, undefined, from, offenceOf(error));
      return 'reject';
    }
  }

  #isUnderWay(id: BlockId): boolean {
    return this.#completion.has(id) || this.#orphans.has(id) || this.#early.has(id);
  }

  /**
   * The two headers before a block, whether stored or of blocks that are still being completed.
   *
   * @throws RuleError `invalid-ancestor`
   */
  #ancestorsOf(arrived: ArrivedBlock): { parent: Header; grandparent: Header | undefined } | undefined {
    const parent = this.#headerOf(arrived.parent);
    if (parent === undefined) return undefined;
    if (parent.height === 0n) return { parent, grandparent: undefined };
    // The parent's parent may have been refused while the parent is still being completed.
    const grandparent = this.#headerOf(idFromBytes(parent.parent));
    return grandparent && { parent, grandparent };
  }

  #headerOf(id: BlockId): Header | undefined {
    const record = this.#options.chain.byId(id);
    if (record?.status === 'invalid') throw new RuleError('invalid-ancestor', `block ${id}`);
    return record?.sealed.header ?? this.#completion.headerOf(id);
  }

  /** Whoever passed on a good block has its chain. */
  #noteTip(from: PeerId, id: BlockId): void {
    const { chain, clock, peers } = this.#options;
    const record = chain.byId(id);
    if (record !== undefined) peers.sawBlock(from, id, record.height, record.work, clock.elapsed());
  }

  /** Of a block that has entered the completion. */
  async #completeAndConnect(arrived: ArrivedBlock): Promise<void> {
    const { from, id } = arrived;
    try {
      const checked = await this.#completion.complete(id);
      if (checked === undefined || this.#stopped) return;
      await this.#connectArrived({ ...arrived, checked, byteLength: blockSize(checked.block) }, checked);
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      if (this.#stopped) return;
      this.#refuse(error, id, from, 'relayed-invalid-block');
      this.#remember(arrived);
    } finally {
      this.#completion.leave(id);
    }
  }

  /** Its own body broke a rule, so the block is bad for good. */
  #remember({ compact, id, parent }: ArrivedBlock): void {
    const { chain, clock } = this.#options;
    if (chain.byId(parent)?.status !== 'body') return;
    chain.addHeaders([compact.sealed], clock.now());
    chain.markInvalid(id);
  }

  async #connectArrived(arrived: ArrivedBlock, checked: CheckedBlock): Promise<void> {
    const { compact, from } = arrived;
    const result = await this.#connect(checked, { source: 'gossip', from, publishedAt: compact.publishedAt });
    if (result === undefined || result instanceof RuleError) return;
    if (result.kind === 'orphan') this.#orphans.add(arrived);
    if (result.kind === 'early') this.#setAsideUntilDue(arrived);
  }

  /** @returns what became of it, or the rule it broke; undefined if the node stopped */
  async #connect(checked: CheckedBlock, origin: Origin): Promise<AddResult | RuleError | undefined> {
    const { clock, emit, queue } = this.#options;
    let result: AddResult | undefined;
    try {
      [result] = (await queue.add([checked], 'full')) ?? [];
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      this.#refusedByState(error, checked.id, origin.from);
      return error;
    }
    if (result === undefined || this.#stopped) return result;
    if (result.kind === 'connected' || result.kind === 'stored') {
      const latencyMs = origin.publishedAt > 0 ? Math.max(0, clock.now() - origin.publishedAt) : undefined;
      emit(accepted(checked, origin, latencyMs, result.kind === 'connected'));
      if (origin.from !== undefined) this.#noteTip(origin.from, checked.id);
      this.#placeOrphansOf(checked.id);
    }
    return result;
  }

  /**
   * A block broke a rule when it was connected. Whoever keeps it on a side branch never applied it and cannot
   * know; those who say they are on that branch do.
   */
  #refusedByState(error: RuleError, added: BlockId, from: PeerId | undefined): void {
    const id = error instanceof InvalidBlockError ? error.block : added;
    this.#refuse(error, id, from, 'relayed-invalid-block');
    this.#punishFollowers();
  }

  #refuse(error: RuleError, id: BlockId | undefined, from: PeerId | undefined, offence: Offence): void {
    const { conduct, emit } = this.#options;
    const { code, message } = error;
    emit({
      event: 'block.refused',
      code,
      message,
      ...(id === undefined ? {} : { id }),
      ...(from === undefined ? {} : { from }),
    });
    if (from !== undefined) conduct.penalise(from, offence, `block: ${code}: ${message}`);
  }

  /** Blocks that waited for this one. */
  #placeOrphansOf(parent: BlockId): void {
    for (const orphan of this.#orphans.takeChildren(parent)) this.#options.background(this.#place(orphan));
  }

  /** A block whose parent or time has come: from the header on, for neither was checked before. */
  async #place(arrived: ArrivedBlock): Promise<void> {
    const { clock, definition } = this.#options;
    const { checked, compact, from, id } = arrived;
    const { header } = compact.sealed;
    try {
      const ancestors = this.#ancestorsOf(arrived);
      if (ancestors === undefined) return;
      checkHeader(definition.params, header, ancestors.parent, ancestors.grandparent);
      if (isEarly(header, clock.now())) this.#setAsideUntilDue(arrived);
      else if (checked !== undefined) this.#connectArrived(arrived, checked);
      else if (this.#completion.enter(arrived)) await this.#completeAndConnect(arrived);
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      this.#refuse(error, id, from, offenceOf(error));
    }
  }

  #setAsideUntilDue(arrived: ArrivedBlock): void {
    const { background, clock, emit } = this.#options;
    const { height, timestamp } = arrived.compact.sealed.header;
    const aheadMs = Number(timestamp) - clock.now();
    emit({ event: 'block.early', id: arrived.id, height: Number(height), aheadMs });
    if (aheadMs > LONGEST_WAIT_MS || this.#stopped) return;
    for (const { id } of this.#early.add(arrived)) this.#forgetEarly(id);
    const cancel = clock.after(aheadMs - MAX_FUTURE_MS, () => {
      this.#cancelEarly.delete(arrived.id);
      const due = this.#early.take(arrived.id);
      if (due !== undefined) background(this.#place(due));
    });
    this.#cancelEarly.set(arrived.id, cancel);
  }

  #forgetEarly(id: BlockId): void {
    this.#cancelEarly.get(id)?.();
    this.#cancelEarly.delete(id);
  }

  /** Peers whose tip descends from a block now known to be invalid told us so themselves. */
  #punishFollowers(): void {
    const { chain, conduct, peers } = this.#options;
    for (const { connection, status } of peers.all()) {
      if (status !== undefined && chain.byId(status.tip)?.status === 'invalid') {
        conduct.penalise(connection.id, 'invalid-block', `its tip ${status.tip} is on an invalid branch`);
      }
    }
  }
}

/** A block further ahead than this is dropped: by its time sync will bring it. */
const LONGEST_WAIT_MS = 10 * 60_000;

function accepted(
  checked: CheckedBlock,
  origin: Origin,
  latencyMs: number | undefined,
  onChain: boolean,
): NodeEvent {
  const { header } = checked.block.sealed;
  return {
    event: 'block.accepted',
    height: Number(header.height),
    id: checked.id,
    parent: idFromBytes(header.parent),
    miner: idFromBytes(header.miner),
    timestamp: Number(header.timestamp),
    transactions: checked.transactionIds.length,
    ...firstTransactions(checked),
    source: origin.source,
    onChain,
    ...(origin.from === undefined ? {} : { from: origin.from }),
    ...(latencyMs === undefined || origin.source === 'mined' ? {} : { latencyMs }),
  };
}

function firstTransactions({ transactionIds }: CheckedBlock): {
  firstTransactions?: readonly TransactionId[];
} {
  return transactionIds.length === 0
    ? {}
    : { firstTransactions: transactionIds.slice(0, MAX_FIRST_TRANSACTIONS) };
}

function offenceOf(error: RuleError): Offence {
  if (error.code === 'malformed-encoding' || error.code === 'oversized-block') return 'malformed-message';
  // Whoever passed it on may not know yet that the block, or one before it, is bad.
  return error.code === 'invalid-ancestor' ? 'relayed-invalid-block' : 'invalid-header';
}
