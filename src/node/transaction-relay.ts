/**
 * Transactions between nodes: checked before they are passed on, and gossiped in batches, for a message
 * costs more than the signatures in it.
 */
import type { Mempool } from '../chain/mempool.ts';
import { PolicyError } from '../chain/policy.ts';
import { sizeInBlock } from '../core/encoding.ts';
import { RuleError } from '../core/errors.ts';
import { type Address, idFromBytes, type TransactionId } from '../core/identifiers.ts';
import type { SignedTransaction } from '../core/types.ts';
import type { BodyChecker, TransactionVerdict } from './block-check.ts';
import type { Conduct } from './conduct.ts';
import type { NodeEvent } from './events.ts';
import type { PoolKeeping } from './pool-keeping.ts';
import type { Clock, Network, PeerId, Random, Verdict } from './ports.ts';
import type { RecentlyConfirmed } from './recently-confirmed.ts';
import { Submissions } from './submissions.ts';
import { WaitingTransactions } from './transaction-waiting.ts';
import type { Turns } from './turns.ts';
import {
  decodeWire,
  MAX_GOSSIP_TRANSACTIONS,
  MAX_GOSSIP_TRANSACTIONS_BYTES,
  TransactionsMessageType,
} from './wire.ts';

/** Between two batches, unless one is full. After a lull the first leaves at once: nothing comes to wait for. */
const BATCH_MS = 50;
/** Admitting so many takes half a millisecond. */
const MANY_TRANSACTIONS = 64;
/** A full batch leaves at once: a good size for a gossip message. */
const BATCH_BYTES = 32 * 1_024;

/** By then a batch has been checked by nearly everybody. */
const FRESH_MS = 200;

export type SubmitOutcome =
  | { readonly id: TransactionId; readonly accepted: true; readonly known: boolean }
  | { readonly id: TransactionId; readonly accepted: false; readonly error: RuleError | PolicyError };

export interface TransactionRelayOptions {
  readonly network: Network;
  readonly pool: Mempool;
  readonly checker: BodyChecker;
  readonly conduct: Conduct;
  readonly clock: Clock;
  readonly random: Random;
  readonly keeping: PoolKeeping;
  readonly turns: Turns;
  readonly recentlyConfirmed: RecentlyConfirmed;
  /** A predecessor of what the peer sent is missing here. */
  readonly onGap: (peer: PeerId) => void;
  readonly emit: (event: NodeEvent) => void;
}

export class TransactionRelay {
  readonly #options: TransactionRelayOptions;
  #batch: SignedTransaction[] = [];
  #batchBytes = 0;
  #cancelBatch: (() => void) | undefined;
  #lastBatchMs = Number.NEGATIVE_INFINITY;
  /** Batches that left lately, oldest first. */
  #left: { readonly atMs: number; readonly transactions: readonly SignedTransaction[] }[] = [];
  readonly #waiting = new WaitingTransactions();
  readonly #submissions: Submissions;
  /** Resolves once all that came so far is admitted. */
  #admitted: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: TransactionRelayOptions) {
    this.#options = options;
    this.#submissions = new Submissions(options.turns, (transactions) => this.#takeSubmitted(transactions));
    options.network.subscribe('transactions', (message, from) => this.#receive(message, from));
  }

  sizes(): { waitingTransactions: number; transactionsToPass: number } {
    return { waitingTransactions: this.#waiting.size, transactionsToPass: this.#batch.length };
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelBatch?.();
  }

  /**
   * Takes transactions from a caller of this node. An outcome for each, in the same order; resolved once
   * the accepted ones survive a crash.
   */
  submit(transactions: readonly SignedTransaction[]): Promise<SubmitOutcome[]> {
    return this.#submissions.add(transactions);
  }

  /** Takes transactions fetched from a peer's pool. */
  async takeFetched(transactions: readonly SignedTransaction[], from: PeerId): Promise<void> {
    const outcomes = await this.#checkAndAdmit(transactions, from);
    for (const outcome of outcomes) this.#punish(outcome, from);
    this.#passAccepted(outcomes, transactions);
    this.#options.keeping.later();
  }

  /** A sender's earlier transactions may have come in a block: perhaps the next one waits for it. */
  admitWaiting(sender: Address): void {
    const { clock, pool } = this.#options;
    while (this.#waiting.size > 0) {
      const next = this.#waiting.take(sender, pool.pendingAccount(sender).sequence, clock.elapsed());
      if (next === undefined || !this.#admit({ checked: next.checked }, next.from).accepted) return;
      this.pass(next.checked.signed);
    }
  }

  /** The same for all of them: too much has come to go through it. */
  admitAllWaiting(): void {
    for (const sender of this.#waiting.senders()) this.admitWaiting(sender);
  }

  /** Passes on transactions of abandoned blocks: those on the other side may never have heard of them. */
  passReturned(ids: readonly TransactionId[]): void {
    for (const id of ids) {
      const checked = this.#options.pool.get(id);
      if (checked !== undefined) this.pass(checked.signed);
    }
  }

  /** Puts a transaction of the pool into the next batch to everybody. */
  pass(signed: SignedTransaction): void {
    const { clock } = this.#options;
    if (this.#stopped) return;
    this.#batch.push(signed);
    this.#batchBytes += sizeInBlock(signed);
    if (this.#batchBytes >= BATCH_BYTES || this.#batch.length >= MAX_GOSSIP_TRANSACTIONS) this.#flush();
    else this.#cancelBatch ??= clock.after(this.#untilNextBatch(), () => this.#flush());
  }

  #untilNextBatch(): number {
    return Math.max(this.#lastBatchMs + BATCH_MS - this.#options.clock.elapsed(), 0);
  }

  /** Transactions this node told others of a moment ago, or is about to: a block may overtake them. */
  fresh(): ReadonlySet<SignedTransaction> {
    this.#forgetOldBatches();
    return new Set([...this.#left.flatMap(({ transactions }) => transactions), ...this.#batch]);
  }

  #forgetOldBatches(): void {
    const since = this.#options.clock.elapsed() - FRESH_MS;
    this.#left = this.#left.filter(({ atMs }) => atMs > since);
  }

  async #takeSubmitted(transactions: readonly SignedTransaction[]): Promise<SubmitOutcome[]> {
    const outcomes = await this.#checkAndAdmit(transactions, undefined);
    const accepted = outcomes.filter((outcome) => outcome.accepted);
    if (accepted.length > 0) await this.#options.keeping.kept(accepted.map(({ id }) => id));
    await this.#turnFor(transactions);
    this.#passAccepted(outcomes, transactions);
    return outcomes;
  }

  #flush(): void {
    this.#cancelBatch?.();
    this.#cancelBatch = undefined;
    const transactions = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    if (transactions.length === 0) return;
    const { clock, network, random } = this.#options;
    this.#forgetOldBatches();
    this.#lastBatchMs = clock.elapsed();
    this.#left.push({ atMs: this.#lastBatchMs, transactions });
    const salt = Math.floor(random.next() * 2 ** 32);
    network.publish('transactions', TransactionsMessageType.serialize({ salt, transactions })).catch(() => {
      // Nobody heard it: whoever connects next compares pools.
    });
  }

  async #receive(message: Uint8Array, from: PeerId): Promise<Verdict> {
    const { conduct, keeping } = this.#options;
    let transactions: SignedTransaction[];
    try {
      if (message.length > MAX_GOSSIP_TRANSACTIONS_BYTES)
        throw new RuleError('malformed-encoding', 'transactions message: too long');
      ({ transactions } = decodeWire(TransactionsMessageType, message, 'transactions message'));
      if (transactions.length === 0) throw new RuleError('malformed-encoding', 'transactions message: empty');
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      conduct.penalise(from, 'malformed-message', error.message);
      return 'reject';
    }
    const outcomes = await this.#checkAndAdmit(transactions, from);
    keeping.later();
    if (outcomes.some((outcome) => this.#punish(outcome, from))) {
      this.#passAccepted(outcomes, transactions);
      return 'reject';
    }
    if (outcomes.every((outcome) => outcome.accepted)) {
      for (const { transaction } of transactions) this.admitWaiting(idFromBytes(transaction.sender));
      return outcomes.some((outcome) => outcome.accepted && !outcome.known) ? 'accept' : 'ignore';
    }
    // Some are refused here: the others go on in a batch of our own.
    this.#passAccepted(outcomes, transactions);
    return 'ignore';
  }

  /** What came first is admitted first, however long it takes to check: no transaction overtakes its predecessor. */
  async #checkAndAdmit(
    transactions: readonly SignedTransaction[],
    from: PeerId | undefined,
  ): Promise<SubmitOutcome[]> {
    const before = this.#admitted;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#admitted = promise;
    try {
      const verdicts = await this.#options.checker.checkTransactions(transactions);
      await before;
      await this.#turnFor(transactions);
      return verdicts.map((verdict) => this.#admit(verdict, from));
    } finally {
      resolve();
    }
  }

  /** Many at once get a turn of the event loop for themselves. */
  async #turnFor({ length }: readonly SignedTransaction[]): Promise<void> {
    if (length > MANY_TRANSACTIONS) await this.#options.turns.next();
  }

  #passAccepted(outcomes: readonly SubmitOutcome[], transactions: readonly SignedTransaction[]): void {
    outcomes.forEach((outcome, index) => {
      if (!outcome.accepted || outcome.known) return;
      const signed = transactions[index] as SignedTransaction;
      this.pass(signed);
      this.admitWaiting(idFromBytes(signed.transaction.sender));
    });
  }

  /** @returns true if the peer is at fault: a wrong signature cannot be an accident, anything else may be a race */
  #punish(outcome: SubmitOutcome, from: PeerId): boolean {
    if (outcome.accepted || outcome.error.code !== 'invalid-signature') return false;
    this.#options.conduct.penalise(from, 'invalid-transaction', outcome.error.message);
    return true;
  }

  #admit(verdict: TransactionVerdict, from: PeerId | undefined): SubmitOutcome {
    const { emit, onGap, pool, recentlyConfirmed } = this.#options;
    try {
      if ('error' in verdict) throw verdict.error;
      const { id, signed } = verdict.checked;
      // Its block overtook it on the way here. A caller of this node is told that the sequence is used.
      if (from !== undefined && recentlyConfirmed.get(id) !== undefined)
        return { id, accepted: true, known: true };
      const result = pool.add(verdict.checked);
      if (result.kind === 'known') return { id, accepted: true, known: true };
      const { amount, fee, recipient, sender } = signed.transaction;
      emit({
        event: 'transaction.accepted',
        id,
        sender: idFromBytes(sender),
        recipient: idFromBytes(recipient),
        amount,
        fee,
        ...(from === undefined ? {} : { from }),
      });
      return { id, accepted: true, known: false };
    } catch (error) {
      if (!(error instanceof RuleError || error instanceof PolicyError)) throw error;
      const id = 'checked' in verdict ? verdict.checked.id : verdict.id;
      if (from !== undefined && 'checked' in verdict && error.code === 'sequence-gap') {
        this.#waiting.add(verdict.checked, from, this.#options.clock.elapsed());
        onGap(from);
      }
      emit({
        event: 'transaction.refused',
        id,
        code: error.code,
        message: error.message,
        ...(from === undefined ? {} : { from }),
      });
      return { id, accepted: false, error };
    }
  }
}
