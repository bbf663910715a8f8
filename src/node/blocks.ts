/**
 * A block's way in, from wherever it comes: header and proof of work first, then it is passed on; then its body is
 * put together from the pool or fetched, and checked; then it is connected, or set aside until its parent or its time comes.
 */
import type { AddResult } from '../chain/add-result.ts';
import type { Chain } from '../chain/chain.ts';
import { InvalidBlockError, invalidAncestor } from '../chain/errors.ts';
import type { Mempool } from '../chain/mempool.ts';
import type { CheckedBlock } from '../chain/records.ts';
import { blockSize } from '../core/encoding.ts';
import { InvariantError, RuleError } from '../core/errors.ts';
import { checkHeader, checkTargetLimit, isEarly } from '../core/header.ts';
import { type BlockId, idFromBytes } from '../core/identifiers.ts';
import { checkProofOfWork, workOfBits } from '../core/target.ts';
import type { Header, SignedTransaction } from '../core/types.ts';
import { acceptedEvent, type Origin } from './accepted-event.ts';
import { BlockCompletion } from './block-completion.ts';
import type { AddedBlocks, BlockQueue } from './block-queue.ts';
import { type ArrivedBlock, type PlacedBlock, WaitingBlocks } from './block-waiting.ts';
import type { BodyFetchOptions } from './body-fetch.ts';
import type { FetchedBlock } from './body-sync.ts';
import { compactBlock, decodeCompactBlock, encodeCompactBlock } from './compact-block.ts';
import { EarlyBlocks } from './early-blocks.ts';
import type { NodeEvent } from './events.ts';
import type { Background } from './faults.ts';
import type { PeerId, Verdict } from './ports.ts';

/** A third of the miners mines as many in the time in which they are not outweighed, ten times over. */
const MAX_WITHHELD = 64;

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

interface Ancestors {
  readonly parent: Header;
  readonly grandparent: Header | undefined;
  /** From the genesis to the parent. */
  readonly work: bigint;
}

export class Blocks {
  readonly #options: BlocksOptions;
  readonly #completion: BlockCompletion;
  readonly #orphans = new WaitingBlocks();
  readonly #early: EarlyBlocks;
  /** Blocks passed on that no peer gave whole; longest ago first. */
  readonly #withheld = new Set<BlockId>();
  #stopped = false;

  constructor(options: BlocksOptions) {
    this.#options = options;
    this.#completion = new BlockCompletion(options);
    this.#early = new EarlyBlocks(options.clock, (due) => this.#enterLater(due));
    options.network.subscribe('block', (message, from) => this.#receive(message, from));
  }

  stop(): void {
    this.#stopped = true;
    this.#options.queue.stop();
    this.#early.stop();
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
    const adding = this.#options.queue.add([checked], 'full');
    const result = await this.#connect(checked, adding, { source: 'mined', from: undefined, publishedAt: 0 });
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
    const added = await this.#options.queue.add(checked, 'bulk');
    const results = added?.results ?? [];
    const culprit = blocks[results.length];
    if (added?.refused !== undefined && culprit !== undefined) {
      this.#refusedByState(added.refused, culprit.checked.id, culprit.from);
    }
    results.forEach((result, index) => {
      const block = blocks[index];
      if (block === undefined || (result.kind !== 'connected' && result.kind !== 'stored')) return;
      const origin: Origin = { source: 'sync', from: block.from, publishedAt: 0 };
      this.#options.emit(acceptedEvent(block.checked, origin, undefined, result.kind === 'connected'));
    });
    for (const { id } of checked) this.#placeOrphansOf(id);
  }

  /** A fetched body broke a rule: the block is bad for good, unless the body was simply another's. */
  refuse(id: BlockId, error: RuleError, from: PeerId): void {
    if (this.#stopped) return;
    if (error.code !== 'wrong-transactions-root') this.#options.chain.markInvalid(id);
    this.#tellRefused(error, id, from);
    this.#punishFollowers();
  }

  async #receive(message: Uint8Array, from: PeerId): Promise<Verdict> {
    const { background, during } = this.#options;
    const refused = (error: RuleError): void => this.#tellRefused(error, undefined, from);
    const taken = during(from, 'block', () => this.#take(message, from), refused);
    // The network drops a message whose check fails; that our disk is broken must be heard of, too.
    background(taken);
    return (await taken) ?? 'reject';
  }

  /** @throws RuleError of its encoding, or of its header */
  #take(message: Uint8Array, from: PeerId): Verdict {
    const { chain, definition } = this.#options;
    const compact = decodeCompactBlock(message, definition.params);
    const { header } = compact.sealed;
    checkTargetLimit(definition.params, header);
    const id = idFromBytes<BlockId>(checkProofOfWork(compact.sealed));
    if (chain.byId(id)?.status === 'body' || this.#isUnderWay(id)) {
      this.#completion.alsoFrom(id, from);
      return 'ignore';
    }
    return this.#enter({
      id,
      parent: idFromBytes(header.parent),
      height: Number(header.height),
      compact,
      byteLength: message.length,
      from,
    });
  }

  /**
   * A block that is new here, or whose parent or time has come: from the header on.
   *
   * @throws RuleError of its header
   */
  #enter(arrived: ArrivedBlock): Verdict {
    const { background, chain, clock, definition, during, emit, onUnknownParent } = this.#options;
    const { checked, from, id } = arrived;
    const { header } = arrived.compact.sealed;
    const ancestors = this.#ancestorsOf(arrived);
    if (ancestors === 'unknown') {
      this.#orphans.add(arrived);
      onUnknownParent(from);
      return 'ignore';
    }
    if (ancestors === 'invalid') {
      // A relayer may not know yet that the block, or one before it, is bad.
      this.#tellRefused(invalidAncestor(id, 'it, or one before it, is known to be invalid'), id, from);
      return 'ignore';
    }
    checkHeader(definition.params, header, ancestors.parent, ancestors.grandparent);
    const work = ancestors.work + workOfBits(header.bits);
    if (chain.isOutweighed(work)) return 'ignore';
    if (isEarly(header, clock.now())) {
      const aheadMs = this.#early.add(arrived);
      emit({ event: 'block.early', id, height: arrived.height, aheadMs });
      return 'ignore';
    }
    if (checked !== undefined) {
      background(during(from, 'block', () => this.#connectArrived(arrived, checked)));
      return 'accept';
    }
    const placed = { ...arrived, work };
    if (!this.#completion.enter(placed)) return 'ignore';
    background(during(from, 'block', () => this.#completeAndConnect(placed)));
    // Told again in other words; this peer is asked for it as well, but its work is spent.
    return this.#withheld.has(arrived.id) ? 'ignore' : 'accept';
  }

  #isUnderWay(id: BlockId): boolean {
    return this.#completion.has(id) || this.#orphans.has(id) || this.#early.has(id);
  }

  /** The two headers before a block, whether stored or of blocks that are still being completed, and their work. */
  #ancestorsOf({ id, parent: parentId }: ArrivedBlock): Ancestors | 'unknown' | 'invalid' {
    if (this.#options.chain.byId(id)?.status === 'invalid') return 'invalid';
    const parent = this.#find(parentId);
    if (typeof parent === 'string') return parent;
    const { header, work } = parent;
    if (header.height === 0n) return { parent: header, grandparent: undefined, work };
    // The parent's parent may have been refused while the parent is still being completed.
    const grandparent = this.#find(idFromBytes(header.parent));
    return typeof grandparent === 'string'
      ? grandparent
      : { parent: header, grandparent: grandparent.header, work };
  }

  #find(id: BlockId): { header: Header; work: bigint } | 'unknown' | 'invalid' {
    const record = this.#options.chain.byId(id);
    if (record?.status === 'invalid') return 'invalid';
    if (record !== undefined) return { header: record.sealed.header, work: record.work };
    const placed = this.#completion.find(id);
    return placed === undefined ? 'unknown' : { header: placed.compact.sealed.header, work: placed.work };
  }

  /** Of a block that has entered the completion. */
  async #completeAndConnect(placed: PlacedBlock): Promise<void> {
    const { from, id } = placed;
    try {
      const verdict = await this.#completion.complete(id);
      if (this.#stopped) return;
      if (verdict === undefined) {
        this.#rememberWithheld(id);
        return;
      }
      if ('error' in verdict) {
        this.#tellRefused(verdict.error, id, from);
        this.#rememberInvalid(placed);
        return;
      }
      const { checked } = verdict;
      await this.#connectArrived({ ...placed, checked, byteLength: blockSize(checked.block) }, checked);
    } finally {
      this.#completion.leave(id);
    }
  }

  #rememberWithheld(id: BlockId): void {
    this.#withheld.delete(id);
    this.#withheld.add(id);
    const [oldest] = this.#withheld;
    if (this.#withheld.size > MAX_WITHHELD && oldest !== undefined) this.#withheld.delete(oldest);
  }

  /** Its own body broke a rule, so the block is bad for good. Sync may have brought its header, or known it before. */
  #rememberInvalid({ compact, id, parent }: ArrivedBlock): void {
    const { chain, clock } = this.#options;
    if (chain.byId(id) === undefined && chain.byId(parent)?.status === 'body') {
      chain.addHeaders([compact.sealed], clock.now());
    }
    chain.markInvalid(id);
  }

  async #connectArrived(arrived: ArrivedBlock, checked: CheckedBlock): Promise<void> {
    const { byteLength, from } = arrived;
    const { publishedAt } = arrived.compact;
    const adding = this.#options.queue.addFrom(from, checked, byteLength);
    const result = await this.#connect(checked, adding, { source: 'gossip', from, publishedAt });
    if (result === undefined || result instanceof RuleError) return;
    if (result.kind === 'orphan') this.#orphans.add(arrived);
    if (result.kind === 'early') this.#early.add(arrived);
  }

  /** @returns what became of it, or the rule it broke; undefined if the node stopped, or had no room for it */
  async #connect(
    checked: CheckedBlock,
    adding: Promise<AddedBlocks | undefined>,
    origin: Origin,
  ): Promise<AddResult | RuleError | undefined> {
    const { chain, clock, emit, peers } = this.#options;
    const added = await adding;
    if (added?.refused !== undefined) {
      this.#refusedByState(added.refused, checked.id, origin.from);
      return added.refused;
    }
    const result = added?.results[0];
    if (result === undefined || this.#stopped) return result;
    if (result.kind === 'connected' || result.kind === 'stored') {
      const latencyMs = origin.publishedAt > 0 ? Math.max(0, clock.now() - origin.publishedAt) : undefined;
      emit(acceptedEvent(checked, origin, latencyMs, result.kind === 'connected'));
      const record = chain.byId(checked.id);
      if (origin.from !== undefined && record !== undefined) peers.showed(origin.from, record);
      this.#placeOrphansOf(checked.id);
    }
    return result;
  }

  /**
   * A block broke a rule when it was connected. A peer that keeps it on a side branch never applied it and cannot
   * know; those who say they are on that branch do.
   */
  #refusedByState(error: RuleError, added: BlockId, from: PeerId | undefined): void {
    this.#tellRefused(error, error instanceof InvalidBlockError ? error.block : added, from);
    this.#punishFollowers();
  }

  #tellRefused({ code, message }: RuleError, id: BlockId | undefined, from: PeerId | undefined): void {
    this.#options.emit({
      event: 'block.refused',
      code,
      message,
      ...(id === undefined ? {} : { id }),
      ...(from === undefined ? {} : { from }),
    });
  }

  /** Blocks that waited for this one. */
  #placeOrphansOf(parent: BlockId): void {
    for (const orphan of this.#orphans.takeChildren(parent)) this.#enterLater(orphan);
  }

  #enterLater(arrived: ArrivedBlock): void {
    const { background, during } = this.#options;
    const { from, id } = arrived;
    const refused = (error: RuleError): void => this.#tellRefused(error, id, from);
    background(during(from, 'block', () => this.#enter(arrived), refused));
  }

  /** Peers that say themselves that their tip descends from a block now known to be invalid. */
  #punishFollowers(): void {
    const { chain, conduct, peers } = this.#options;
    for (const { connection, status } of peers.all()) {
      if (status !== undefined && chain.byId(status.tip)?.status === 'invalid') {
        conduct.penalise(connection.id, 'invalid-block', `its tip ${status.tip} is on an invalid branch`);
      }
    }
  }
}
