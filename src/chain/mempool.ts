/**
 * The transactions waiting for a block. Everything in it could be mined next: each sender's sequences
 * follow the confirmed one without a gap, and the confirmed balance pays for all of them.
 *
 * It follows the chain by itself. It does no I/O; `pool-journal.ts` keeps it over a restart.
 */
import { signedTransactionSize } from '../core/encoding.ts';
import { RuleError } from '../core/errors.ts';
import { type Address, idFromBytes, type TransactionId } from '../core/identifiers.ts';
import type { Account } from '../core/state.ts';
import type { BlockAssembly } from './block-assembly.ts';
import type { Chain } from './chain.ts';
import { EvictionOrder, type Victim } from './eviction.ts';
import type { FeeRate } from './fee-rate.ts';
import { Foresight } from './foresight.ts';
import { ParkedTransactions } from './parked.ts';
import { PolicyError } from './policy.ts';
import { PoolEntries } from './pool-entries.ts';
import { type MempoolOptions, PoolRules } from './pool-rules.ts';
import { type CheckedBlock, type CheckedTransaction, type TipChange, trustTransaction } from './records.ts';
import { selectTransactions } from './selection.ts';
import { type PoolEntry, SenderQueue } from './sender-queue.ts';

/** Ids compared with a block's at once: some 2 ms, so that the event loop breathes. */
const OFFERED_AT_ONCE = 16_384;
/** Senders and transactions gone through in one step after a long move of the tip: some 5 ms. */
const STEP = 256;
/** After a move of the tip, as much is gone through at once; more in steps. */
const MOST_AT_ONCE = 1_024;
/** Ids looked up in one step. */
const IDS_PER_STEP = 4_096;
/** Share of `maxBytes` for transactions that cannot be paid for the moment, beyond those in the pool. */
const PARKED_SHARE = 8;

export type PoolAddResult =
  | { readonly kind: 'known' }
  | {
      readonly kind: 'added';
      /** The one of the same sequence that made room. */
      readonly replaced?: TransactionId;
      /** Others that had to go: worth less in a full pool, or not payable beside the replacement. */
      readonly evicted: readonly TransactionId[];
    };

/** What a move of the tip did to the pool. */
export interface PoolUpdate {
  readonly change: TipChange;
  /** Transactions of abandoned blocks that are back, in the order they had. */
  readonly returned: readonly TransactionId[];
}

/** Is told what is to be kept over a restart, and what no longer. */
export interface PoolKeeper {
  keep(checked: CheckedTransaction): void;
  drop(id: TransactionId): void;
}

export class Mempool {
  readonly #chain: Chain;
  readonly #rules: PoolRules;
  readonly #entries = new PoolEntries();
  readonly #queues = new Map<Address, SenderQueue>();
  readonly #eviction = new EvictionOrder(this.#queues);
  readonly #parked: ParkedTransactions;
  readonly #listeners = new Set<(update: PoolUpdate) => void>();
  #keeper: PoolKeeper | undefined;
  #bytes = 0;
  /** Long moves of the tip so far. A queue of an earlier generation has not followed the last one yet. */
  #generation = 0;

  constructor(chain: Chain, options: MempoolOptions = {}) {
    this.#chain = chain;
    this.#rules = new PoolRules(options);
    this.#parked = new ParkedTransactions(this.#rules.maxBytes / PARKED_SHARE);
    chain.followWith((change) => this.#follow(change));
  }

  get count(): number {
    return this.#entries.size;
  }

  /** SSZ bytes of all transactions together. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Notches a byte. */
  get minFeeRate(): bigint {
    return this.#rules.minFeeRate;
  }

  has(id: TransactionId): boolean {
    return this.#entries.has(id);
  }

  get(id: TransactionId): CheckedTransaction | undefined {
    return this.#entries.get(id)?.checked;
  }

  /** In the order they came. */
  ids(): TransactionId[] {
    return [...this.#entries.ids()];
  }

  /** Ids in the order they came, 32 bytes each, one after the other. */
  page(from: number, count: number): Uint8Array {
    return this.#entries.page(from, count);
  }

  /** In the order they came: from the one with so many before it, at most so many. */
  transactions(from = 0, count = Number.POSITIVE_INFINITY): CheckedTransaction[] {
    const found: CheckedTransaction[] = [];
    let at = 0;
    for (const { checked } of this.#entries.values()) {
      if (found.length >= count) break;
      if (at++ >= from) found.push(checked);
    }
    return found;
  }

  /** The account as it will be once all its waiting transactions are confirmed; money on its way in not counted. */
  pendingAccount(address: Address): Account {
    return this.#queue(address)?.pending() ?? this.#chain.account(address);
  }

  /** The best for a block. @param maxBytes for transactions, as `sizeInBlock` counts them */
  select(maxBytes: number): CheckedTransaction[] {
    const current = [...this.#queues.values()].filter(({ generation }) => generation === this.#generation);
    return selectTransactions(current, maxBytes);
  }

  /**
   * Shows a part of the pool to a block that looks for its transactions. What leaves the pool or joins it between two
   * parts may be missed, nothing else is.
   *
   * @param below where the part before began; the pool's `count` at first
   * @returns where this part began; 0: that was all
   */
  offer(assembly: BlockAssembly, below: number): number {
    const to = Math.min(below, this.#entries.size);
    const from = Math.max(0, to - OFFERED_AT_ONCE);
    this.#entries.show(from, to, (ids, transactionAt) => assembly.offer(ids, transactionAt));
    return from;
  }

  /** Is told after the pool has followed a move of the tip. @returns what ends it */
  onUpdate(listener: (update: PoolUpdate) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * @throws RuleError `wrong-sequence` (used already), `amount-overflow`, `insufficient-balance` (with what
   *   waits already); PolicyError. Nothing changed then.
   */
  add(checked: CheckedTransaction): PoolAddResult {
    if (this.#entries.has(checked.id)) return { kind: 'known' };
    const { transaction } = checked.signed;
    this.#rules.requireFee(transaction, checked.size);
    const sender = idFromBytes<Address>(transaction.sender);
    const queue = this.#queue(sender) ?? this.#newQueue(sender);
    const position = queue.position(transaction.sequence);
    if (position > queue.entries.length) {
      throw new PolicyError('sequence-gap', `${transaction.sequence}, next is ${queue.pending().sequence}`);
    }
    const entry = queue.entryFor(checked, position);
    const old = queue.entries[position];
    if (old === undefined) this.#rules.requirePlace(queue.entries.length);
    else this.#rules.requireHigherFee(entry, queue, position);
    const evicted = this.#makeRoom(entry, old, queue);

    this.#queues.set(sender, queue);
    let gone: PoolEntry[] = [];
    if (old === undefined) queue.push(entry);
    else gone = queue.replace(position, entry);
    for (const { checked: other } of gone) this.#remove(other);
    this.#insert(entry);
    this.#eviction.changed(queue);
    this.#unpark(sender, queue);
    return {
      kind: 'added',
      ...(old === undefined ? {} : { replaced: old.checked.id }),
      evicted: [...evicted, ...gone.slice(1).map((other) => other.checked.id)],
    };
  }

  /** For the transactions of one message, in their order: what the pool would say before they are verified. */
  foresight(): Foresight {
    return new Foresight(this.#rules, {
      find: (id) => this.#entries.get(id),
      queue: (sender) => this.#queue(sender) ?? this.#newQueue(sender),
      requireRoom: (worth, queue) => this.#victims(this.#bytes + worth.size, worth, queue),
    });
  }

  /** Tells `keeper` of every change from now on. There is one at most. */
  keepWith(keeper: PoolKeeper): void {
    this.#keeper = keeper;
  }

  /**
   * Takes back transactions that were in a pool before, whatever their fees and order: those whose sequence
   * is used are dropped, those that cannot be paid now are parked.
   */
  restore(transactions: readonly CheckedTransaction[]): void {
    for (const [sender, theirs] of bySender(transactions)) this.#rebuild(sender, theirs);
    this.#trim();
  }

  /** Takes back what may follow now. The rest stays as it is: a sender may have thousands, and add as many. */
  #unpark(sender: Address, queue: SenderQueue): void {
    if (!this.#parked.has(sender)) return;
    const parked = this.#parked.bySequence(sender);
    let isLonger = false;
    for (;;) {
      const followers = parked.get(queue.pending().sequence) ?? [];
      const found = followers
        .map((checked) => nextEntry(queue, checked))
        .find((entry) => typeof entry !== 'string');
      if (found === undefined) break;
      this.#parked.takeOne(sender, found.checked);
      this.#requeue(queue, found);
      isLonger = true;
    }
    if (!isLonger) return;
    this.#eviction.changed(queue);
    // What came back follows the newcomer and is worth no more, so it goes first if there is no room.
    this.#trim();
  }

  #makeRoom(entry: PoolEntry, old: PoolEntry | undefined, queue: SenderQueue): TransactionId[] {
    const victims = this.#victims(this.#bytes + entry.size - (old?.size ?? 0), entry.floor, queue);
    return victims.map((victim) => this.#evict(victim.queue, victim.entry));
  }

  /** What has to go for the pool to hold `bytes`. @throws PolicyError `pool-full` */
  #victims(bytes: number, worth: FeeRate, queue: SenderQueue): Victim[] {
    const excess = bytes - this.#rules.maxBytes;
    if (excess <= 0) return [];
    const victims = this.#eviction.choose(excess, this.#rules.drivesOut(worth), queue);
    if (victims === undefined)
      throw new PolicyError('pool-full', `${this.#bytes} of ${this.#rules.maxBytes} bytes`);
    return victims;
  }

  #trim(): void {
    const victims = this.#eviction.choose(this.#bytes - this.#rules.maxBytes) ?? [];
    for (const { queue, entry } of victims) this.#evict(queue, entry);
  }

  #evict(queue: SenderQueue, entry: PoolEntry): TransactionId {
    queue.pop();
    if (queue.entries.length === 0) this.#queues.delete(idFromBytes(entry.checked.signed.transaction.sender));
    this.#remove(entry.checked);
    return entry.checked.id;
  }

  #insert(entry: PoolEntry): void {
    this.#entries.set(entry.checked.id, entry);
    this.#bytes += entry.size;
    this.#keeper?.keep(entry.checked);
  }

  #remove(checked: CheckedTransaction): void {
    if (this.#entries.delete(checked.id)) this.#bytes -= checked.size;
    this.#keeper?.drop(checked.id);
  }

  /** What is much is followed in steps; until its turn comes, a sender's queue follows when it is asked for. */
  #follow(change: TipChange): Iterable<void> {
    if (change.isLong) {
      this.#generation += 1;
      return this.#followInSteps(change);
    }
    const abandoned = abandonedTransactions(change);
    const returning = bySender(abandoned);
    const isConcerned = (address: Address): boolean =>
      this.#queues.has(address) || returning.has(address) || this.#parked.has(address);
    // While catching up there is nothing to follow with.
    const isEmpty = returning.size === 0 && this.#queues.size === 0 && this.#parked.size === 0;
    const concerned = isEmpty ? [] : [...touchedAddresses(change)].filter(isConcerned);
    const work = concerned.reduce((sum, address) => sum + this.#workOf(address, returning), 0);
    const steps = this.#rebuildAll(change, concerned, abandoned, returning);
    if (work > MOST_AT_ONCE) {
      for (const address of concerned) this.#queues.get(address)?.expire();
      return steps;
    }
    for (const _ of steps);
    return [];
  }

  /** Transactions gone through for a sender, and one for the sender. */
  #workOf(sender: Address, returning: ReadonlyMap<Address, readonly unknown[]>): number {
    return (
      1 +
      (this.#queues.get(sender)?.entries.length ?? 0) +
      (returning.get(sender)?.length ?? 0) +
      this.#parked.countOf(sender)
    );
  }

  /** The senders a short move concerns, in steps. */
  *#rebuildAll(
    change: TipChange,
    senders: readonly Address[],
    abandoned: readonly CheckedTransaction[],
    returning: ReadonlyMap<Address, readonly CheckedTransaction[]>,
  ): Generator<void> {
    let work = 0;
    for (const sender of senders) {
      work += this.#workOf(sender, returning);
      this.#rebuild(sender, returning.get(sender) ?? []);
      if (work < STEP) continue;
      work = 0;
      yield;
    }
    if (senders.length > 0) this.#trim();
    const returned = abandoned.map(({ id }) => id).filter((id) => this.#entries.has(id));
    this.#tell(change, returned);
  }

  *#followInSteps(change: TipChange): Generator<void> {
    const returned = new Set<TransactionId>();
    let work = 0;
    for (const block of change.disconnected) {
      // Reading it was work too.
      if (block.transactionIds.length >= STEP) yield;
      for (const [sender, theirs] of bySender(checkedTransactions(block))) {
        this.#return(sender, theirs);
        for (const { id } of theirs) returned.add(id);
        work += theirs.length;
        if (work < STEP) continue;
        work = 0;
        this.#trim();
        yield;
      }
    }
    for (const sender of this.#queues.keys()) {
      work += 1 + (this.#queue(sender)?.entries.length ?? 0);
      if (work < STEP) continue;
      work = 0;
      yield;
    }
    for (const sender of this.#parked.senders()) {
      if (this.#parked.has(sender)) this.#rebuild(sender, []);
      if (++work % STEP === 0) yield;
    }
    this.#trim();
    for (const id of returned) {
      if (!this.#entries.has(id)) returned.delete(id);
      if (++work % IDS_PER_STEP === 0) yield;
    }
    this.#tell(change, [...returned]);
  }

  #tell(change: TipChange, returned: readonly TransactionId[]): void {
    for (const listener of this.#listeners) listener({ change, returned });
  }

  /** As of the tip. */
  #queue(sender: Address): SenderQueue | undefined {
    const queue = this.#queues.get(sender);
    if (queue === undefined || queue.generation === this.#generation) return queue;
    this.#rebuild(sender, []);
    return this.#queues.get(sender);
  }

  #newQueue(sender: Address): SenderQueue {
    return new SenderQueue(this.#chain.account(sender), this.#generation);
  }

  /** Transactions come back that may follow those that are back already. */
  #return(sender: Address, returning: readonly CheckedTransaction[]): void {
    const queue = this.#queues.get(sender);
    const canFollow = queue?.generation === this.#generation && !this.#parked.has(sender);
    if (!canFollow) this.#rebuild(sender, returning);
    else
      this.#fill(
        sender,
        queue,
        returning.filter(({ id }) => !this.#entries.has(id)),
      );
  }

  /** Builds a sender's queue anew on its account at the tip, from all we have of it. */
  #rebuild(sender: Address, returning: readonly CheckedTransaction[]): void {
    const waiting = this.#queues.get(sender)?.retire() ?? [];
    const all = new Map([...waiting, ...returning, ...this.#parked.take(sender)].map((one) => [one.id, one]));
    this.#fill(sender, this.#newQueue(sender), [...all.values()]);
  }

  #fill(sender: Address, queue: SenderQueue, transactions: CheckedTransaction[]): void {
    const unpayable: CheckedTransaction[] = [];
    for (const checked of bySequence(transactions)) {
      const entry = nextEntry(queue, checked);
      if (entry === 'used') this.#remove(checked);
      else if (entry === 'unpayable') unpayable.push(checked);
      else this.#requeue(queue, entry);
    }
    if (queue.entries.length === 0) this.#queues.delete(sender);
    else this.#queues.set(sender, queue);
    this.#eviction.changed(queue);
    this.#park(sender, unpayable);
  }

  #requeue(queue: SenderQueue, entry: PoolEntry): void {
    queue.push(entry);
    // Setting a key again keeps its place in the order.
    if (this.#entries.has(entry.checked.id)) this.#entries.set(entry.checked.id, entry);
    else this.#insert(entry);
  }

  #park(sender: Address, transactions: readonly CheckedTransaction[]): void {
    for (const checked of transactions) {
      if (this.#entries.delete(checked.id)) this.#bytes -= checked.size;
      this.#keeper?.keep(checked);
    }
    for (const checked of this.#parked.park(sender, transactions)) this.#keeper?.drop(checked.id);
  }
}

/** What a transaction is at the end of a queue. */
function nextEntry(queue: SenderQueue, checked: CheckedTransaction): PoolEntry | 'used' | 'unpayable' {
  const position = queue.position(checked.signed.transaction.sequence);
  if (position < queue.entries.length) return 'used';
  if (position > queue.entries.length) return 'unpayable';
  try {
    return queue.entryFor(checked, position);
  } catch (error) {
    if (error instanceof RuleError) return 'unpayable';
    throw error;
  }
}

/** Of equal sequences the first given comes first. */
function bySequence(transactions: CheckedTransaction[]): CheckedTransaction[] {
  return transactions.sort((a, b) => {
    const difference = a.signed.transaction.sequence - b.signed.transaction.sequence;
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  });
}

function bySender(transactions: readonly CheckedTransaction[]): Map<Address, CheckedTransaction[]> {
  return Map.groupBy(transactions, ({ signed }) => idFromBytes<Address>(signed.transaction.sender));
}

/** Lowest block first, each block's in its order; without those the new branch has too. */
function abandonedTransactions({ disconnected, connected }: TipChange): CheckedTransaction[] {
  if (disconnected.length === 0) return [];
  const confirmed = new Set([...connected].flatMap(({ transactionIds }) => transactionIds));
  return [...disconnected].flatMap(checkedTransactions).filter(({ id }) => !confirmed.has(id));
}

/** A checked block's signatures have been verified. */
function checkedTransactions({ block, transactionIds }: CheckedBlock): CheckedTransaction[] {
  return block.transactions.map((signed, index) =>
    trustTransaction({
      id: transactionIds[index] as TransactionId,
      signed,
      size: signedTransactionSize(signed),
    }),
  );
}

/** Every account that may have changed. */
function touchedAddresses({ disconnected, connected }: TipChange): Set<Address> {
  const addresses = new Set<Address>();
  for (const { block } of [...disconnected, ...connected]) {
    addresses.add(idFromBytes(block.sealed.header.miner));
    for (const { transaction } of block.transactions) {
      addresses.add(idFromBytes(transaction.sender));
      addresses.add(idFromBytes(transaction.recipient));
    }
  }
  return addresses;
}
