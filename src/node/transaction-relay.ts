/**
 * Transactions between nodes: checked before they are passed on, and gossiped in batches, for a message
 * costs more than the signatures in it.
 */
import type { Mempool } from '../chain/mempool.ts';
import type { PolicyError } from '../chain/policy.ts';
import type { CheckedTransaction } from '../chain/records.ts';
import { sizeInBlock } from '../core/encoding.ts';
import type { RuleError } from '../core/errors.ts';
import { type Address, idFromBytes, type TransactionId } from '../core/identifiers.ts';
import type { NetworkDefinition } from '../core/network-params.ts';
import type { SignedTransaction } from '../core/types.ts';
import type { NodeEvent } from './events.ts';
import type { Background, During } from './faults.ts';
import type { PoolKeeping } from './pool-keeping.ts';
import type { Clock, Network, PeerId, Random, SignatureVerifier } from './ports.ts';
import type { RecentlyConfirmed } from './recently-confirmed.ts';
import { Submissions } from './submissions.ts';
import { TransactionAdmission } from './transaction-admission.ts';
import {
  forgedSignature,
  TransactionChecker,
  type Weighed,
  type WeighedTransaction,
} from './transaction-check.ts';
import { TransactionIntake } from './transaction-intake.ts';
import type { Turns } from './turns.ts';
import { MAX_GOSSIP_TRANSACTIONS, TransactionsMessageType } from './wire.ts';
import type { WorkBudgets } from './work-budget.ts';

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
  readonly definition: NetworkDefinition;
  readonly network: Network;
  readonly pool: Mempool;
  readonly verifier: SignatureVerifier;
  readonly budgets: WorkBudgets;
  readonly background: Background;
  readonly during: During;
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
  readonly #checker: TransactionChecker;
  readonly #admission: TransactionAdmission;
  readonly #intake: TransactionIntake;
  readonly #submissions: Submissions;
  /** Resolves once all that callers submitted so far is admitted. */
  #admitted: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: TransactionRelayOptions) {
    this.#options = options;
    this.#checker = new TransactionChecker(options);
    this.#admission = new TransactionAdmission(options.pool, options.emit);
    this.#intake = new TransactionIntake({
      ...options,
      checker: this.#checker,
      admission: this.#admission,
      pass: (signed) => this.pass(signed),
    });
    this.#submissions = new Submissions(options.turns, (transactions) => this.#takeSubmitted(transactions));
    options.network.subscribe('transactions', (message, from) => this.#intake.receive(message, from));
  }

  sizes(): { waitingTransactions: number; transactionsToPass: number; transactionMessages: number } {
    return {
      waitingTransactions: this.#intake.waiting,
      transactionsToPass: this.#batch.length,
      transactionMessages: this.#intake.queued,
    };
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

  /** Takes transactions fetched from a peer's pool. @returns how many of them were new */
  takeFetched(transactions: readonly SignedTransaction[], from: PeerId): Promise<number> {
    return this.#intake.takeFetched(transactions, from);
  }

  /** A sender's earlier transactions may have come in a block: perhaps the next one waits for it. */
  admitWaiting(sender: Address): void {
    this.#intake.admitWaiting(sender);
  }

  /** The same for all of them: too much has come to go through it. */
  admitAllWaiting(): void {
    this.#intake.admitAllWaiting();
  }

  /** A peer is gone, or banned: nothing of it is checked any more. */
  forget(peer: PeerId): void {
    this.#intake.disconnected(peer);
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
    const sinceLast = this.#options.clock.elapsed() - this.#lastBatchMs;
    return Math.max(BATCH_MS - sinceLast, 0);
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
    const outcomes = await this.#checkAndAdmit(transactions);
    const accepted = outcomes.filter((outcome) => outcome.accepted);
    if (accepted.length > 0) await this.#options.keeping.kept(accepted.map(({ id }) => id));
    await this.#turnFor(transactions);
    outcomes.forEach((outcome, index) => {
      if (!outcome.accepted || outcome.known) return;
      const signed = transactions[index] as SignedTransaction;
      this.pass(signed);
      this.#intake.admitWaiting(idFromBytes(signed.transaction.sender));
    });
    return outcomes;
  }

  /** What came first is admitted first, however long it takes to check: no transaction overtakes its predecessor. */
  async #checkAndAdmit(transactions: readonly SignedTransaction[]): Promise<SubmitOutcome[]> {
    const before = this.#admitted;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#admitted = promise;
    try {
      const weighed = await this.#checker.weigh(transactions, 'own', () => this.#options.turns.next());
      const toVerify = weighed.flatMap((one) => (isDecidedBySignature(one) ? [one.of] : []));
      const verdicts = await this.#checker.verify(toVerify, 'own');
      const verified = new Map(toVerify.map((of, index) => [of, verdicts[index]]));
      await before;
      if (this.#isFollower(weighed)) await this.#intake.settled();
      await this.#turnFor(transactions);
      return weighed.map((one) => this.#settle(one, verified));
    } finally {
      resolve();
    }
  }

  /** What some follow is not here, but may have come by gossip and be checked just now. */
  #isFollower(weighed: readonly Weighed[]): boolean {
    if (!weighed.some(({ weight }) => weight.kind === 'gap')) return false;
    const foresight = this.#options.pool.foresight();
    return weighed.some(({ of }) => foresight.of(of.id, of.signed, of.size).kind === 'gap');
  }

  #settle(
    { of, weight }: Weighed,
    verified: ReadonlyMap<WeighedTransaction, CheckedTransaction | undefined>,
  ): SubmitOutcome {
    const { id } = of;
    if (weight.kind === 'known') return { id, accepted: true, known: true };
    const checked = verified.get(of);
    const error = weight.kind === 'refused' ? weight.error : forgedSignature(id);
    const admitted =
      checked === undefined
        ? this.#admission.refuse(id, error, undefined)
        : this.#admission.admit(checked, undefined);
    if (admitted.kind === 'refused') return { id, accepted: false, error: admitted.error };
    return { id, accepted: true, known: admitted.kind === 'known' };
  }

  /** Many at once get a turn of the event loop for themselves. */
  async #turnFor({ length }: readonly SignedTransaction[]): Promise<void> {
    if (length > MANY_TRANSACTIONS) await this.#options.turns.next();
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
      // No peer heard it: the next that connects compares pools.
    });
  }
}

/** A caller is told what is wrong with its own. Whether there is a gap shows when those before it are admitted. */
function isDecidedBySignature({ weight }: Weighed): boolean {
  return weight.kind === 'wanted' || weight.kind === 'gap' || weight.kind === 'variant';
}
