/**
 * Strangers' transactions on their way in, by gossip or out of a peer's pool. Each message waits for its peer's turn,
 * is weighed without its signatures, then verified a portion at a time, then admitted. What is refused is of two kinds:
 *
 * - a wrong signature, or an amount no ledger can hold: no honest peer passes that on, so it is a broken rule;
 * - anything else may be a race, another policy or another branch: it draws on the peer's budget of work.
 */
import type { Mempool } from '../chain/mempool.ts';
import { PolicyError } from '../chain/policy.ts';
import type { CheckedTransaction } from '../chain/records.ts';
import { RuleError } from '../core/errors.ts';
import { type Address, idFromBytes } from '../core/identifiers.ts';
import type { SignedTransaction } from '../core/types.ts';
import { FairQueue, type Lane } from './fair-queue.ts';
import { type Background, type During, own } from './faults.ts';
import type { PoolKeeping } from './pool-keeping.ts';
import type { Clock, PeerId, Verdict } from './ports.ts';
import type { TransactionAdmission } from './transaction-admission.ts';
import {
  forgedSignature,
  type TransactionChecker,
  type Weighed,
  type WeighedTransaction,
} from './transaction-check.ts';
import { WaitingTransactions } from './transaction-waiting.ts';
import type { Turns } from './turns.ts';
import {
  decodeWire,
  MAX_GOSSIP_TRANSACTIONS,
  MAX_GOSSIP_TRANSACTIONS_BYTES,
  TransactionsMessageType,
} from './wire.ts';
import { WORK, type WorkBudgets } from './work-budget.ts';

/**
 * Signatures of a peer verified before the first of them has an answer: 3 ms. After each such portion without a wrong
 * one it is twice as much, up to a whole message.
 */
const FIRST_PORTION = 64;
/** Of one message, events that tell what was refused: a stranger's garbage must not push the rest out of the feed of all callers. */
const MAX_TOLD_REFUSALS = 8;
/** Rules no honest node ever finds kept, whatever it knows of the ledger. */
const NEVER_VALID: ReadonlySet<string> = new Set(['invalid-signature', 'amount-overflow']);

export interface TransactionIntakeOptions {
  readonly pool: Mempool;
  readonly checker: TransactionChecker;
  readonly admission: TransactionAdmission;
  readonly budgets: WorkBudgets;
  readonly during: During;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly keeping: PoolKeeping;
  readonly background: Background;
  /** A predecessor of what the peer sent is missing here. */
  readonly onGap: (peer: PeerId) => void;
  /** Puts a transaction of the pool into the next batch to everybody. */
  readonly pass: (signed: SignedTransaction) => void;
}

/** What became of a stranger's transaction. */
type Fate = 'new' | 'known' | 'waiting' | 'refused' | 'unwanted' | 'unchecked';

interface Outcome {
  readonly of: WeighedTransaction;
  readonly fate: Fate;
}

/** What became of a message's transactions. */
interface Taken {
  readonly outcomes: readonly Outcome[];
  /** The rule something in it breaks that no honest peer passes on. */
  readonly fault: RuleError | undefined;
}

const NOTHING: Taken = { outcomes: [], fault: undefined };

export class TransactionIntake {
  readonly #options: TransactionIntakeOptions;
  readonly #queue: FairQueue;
  readonly #waiting = new WaitingTransactions();
  /** How much of a peer's is verified at once, of those that have shown some. */
  readonly #portions = new Map<PeerId, number>();

  constructor(options: TransactionIntakeOptions) {
    this.#options = options;
    this.#queue = new FairQueue((peer) => options.budgets.drawn(peer));
  }

  /** Transactions that overtook their predecessors. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Messages not looked at yet. */
  get queued(): number {
    return this.#queue.size;
  }

  /** A message of the topic. */
  async receive(message: Uint8Array, from: PeerId): Promise<Verdict> {
    if (this.#options.budgets.isSpent(from)) return this.#unread(from);
    const { background, during } = this.#options;
    const work = async (lane: Lane): Promise<Verdict> => {
      const taken = during(from, 'transactions', () => this.#take(message, lane));
      // The network drops a message whose check fails; that our disk is broken must be heard of, too.
      background(taken);
      return (await taken) ?? 'reject';
    };
    const verdict = await this.#queue.run<Verdict>(from, message.length, work, 'unread');
    return verdict === 'unread' ? this.#unread(from) : verdict;
  }

  /** It may have been worth it: what the peer's pool has is asked for later. */
  #unread(from: PeerId): Verdict {
    this.#options.onGap(from);
    return 'unread';
  }

  /** Transactions fetched from a peer's pool. @returns how many of them were new */
  takeFetched(transactions: readonly SignedTransaction[], from: PeerId): Promise<number> {
    const work = async (lane: Lane): Promise<number> => {
      await this.#turn();
      const { fault, outcomes } = await this.#checkAndAdmit(transactions, lane);
      this.#pass(outcomes);
      if (fault !== undefined) throw fault;
      return outcomes.filter(({ fate }) => fate === 'new').length;
    };
    const { during } = this.#options;
    const inBorder = async (lane: Lane): Promise<number> =>
      (await during(from, 'transactions', () => work(lane))) ?? 0;
    return this.#queue.run(from, 0, inBorder, 0);
  }

  /** A sender's earlier transactions are here or in a block: perhaps the next one waits for them. */
  admitWaiting(sender: Address): void {
    if (this.#waiting.size === 0) return;
    const { background, clock, during, pool } = this.#options;
    const { sequence } = pool.pendingAccount(sender);
    const next = this.#waiting.take(sender, sequence, clock.elapsed(), MAX_GOSSIP_TRANSACTIONS);
    if (next === undefined) return;
    const { from, row } = next;
    const work = (lane: Lane): Promise<void> =>
      during(from, 'transactions', () => this.#takeWaiting(row, lane));
    background(own(this.#queue.run<void>(from, 0, work, undefined)));
  }

  /** The same for all of them: too much has come to go through it. */
  admitAllWaiting(): void {
    for (const sender of this.#waiting.senders()) this.admitWaiting(sender);
  }

  /** What is left of the peer's is not looked at any more. */
  disconnected(peer: PeerId): void {
    this.#queue.drop(peer);
    this.#waiting.drop(peer);
    this.#portions.delete(peer);
  }

  /** Resolves once what is being checked now is admitted. */
  settled(): Promise<void> {
    return this.#queue.settled();
  }

  #turn(): Promise<void> {
    return this.#options.turns.nextForStranger();
  }

  /** @throws RuleError of its encoding, or that no honest peer would have passed on */
  async #take(message: Uint8Array, lane: Lane): Promise<Verdict> {
    await this.#turn();
    if (lane.isDropped || this.#options.budgets.isSpent(lane.peer)) return 'unread';
    const { fault, outcomes } = await this.#checkAndAdmit(decode(message), lane);
    if (fault !== undefined) {
      this.#pass(outcomes);
      throw fault;
    }
    if (isWorthPassing(outcomes)) {
      for (const { of } of outcomes) this.admitWaiting(idFromBytes(of.signed.transaction.sender));
      return 'accept';
    }
    // The good ones go on in a batch of our own.
    this.#pass(outcomes);
    return 'ignore';
  }

  /** A row that has waited for what came before it. */
  async #takeWaiting(row: readonly WeighedTransaction[], lane: Lane): Promise<void> {
    await this.#turn();
    const { fault, outcomes } = await this.#checkAndAdmit(
      row.map(({ signed }) => signed),
      lane,
    );
    this.#pass(outcomes);
    // Another peer may have brought the same in better shape.
    const [first] = row;
    if (first !== undefined) this.admitWaiting(idFromBytes(first.signed.transaction.sender));
    if (fault !== undefined) throw fault;
  }

  #pass(outcomes: readonly Outcome[]): void {
    for (const { fate, of } of outcomes) {
      if (fate !== 'new') continue;
      this.#options.pass(of.signed);
      this.admitWaiting(idFromBytes(of.signed.transaction.sender));
    }
  }

  async #checkAndAdmit(transactions: readonly SignedTransaction[], lane: Lane): Promise<Taken> {
    if (lane.isDropped) return NOTHING;
    const { checker, keeping } = this.#options;
    const weighed = await checker.weigh(transactions, 'stranger', () => this.#turn());
    const wanted = weighed.flatMap(({ of, weight }) => (weight.kind === 'wanted' ? [of] : []));
    const isBad = weighed.some(
      ({ weight }) => weight.kind === 'refused' && NEVER_VALID.has(weight.error.code),
    );
    const verified = isBad ? new Map() : await this.#verify(wanted, lane);
    if (lane.isDropped) return NOTHING;
    if (verified.size > FIRST_PORTION) await this.#turn();
    let told = 0;
    const tellsMore = (): boolean => told++ < MAX_TOLD_REFUSALS;
    const outcomes = weighed.map(
      (one): Outcome => ({ of: one.of, fate: this.#settle(one, verified, lane, tellsMore) }),
    );
    const fault = faultOf(weighed, verified);
    this.#charge(outcomes, verified, lane.peer);
    keeping.later();
    return { outcomes, fault };
  }

  /**
   * A portion at a time: nothing behind a wrong one is verified, nor anything of a peer that is gone.
   *
   * @returns of those it came to; undefined: wrongly signed
   */
  async #verify(
    wanted: readonly WeighedTransaction[],
    lane: Lane,
  ): Promise<Map<WeighedTransaction, CheckedTransaction | undefined>> {
    const verified = new Map<WeighedTransaction, CheckedTransaction | undefined>();
    let portion = this.#portions.get(lane.peer) ?? FIRST_PORTION;
    for (let at = 0; at < wanted.length && !lane.isDropped; ) {
      const some = wanted.slice(at, at + portion);
      at += some.length;
      const verdicts = await this.#options.checker.verify(some, 'stranger');
      for (const [index, of] of some.entries()) verified.set(of, verdicts[index]);
      if (verdicts.includes(undefined)) {
        this.#portions.delete(lane.peer);
        return verified;
      }
      if (some.length === portion) portion = Math.min(2 * portion, MAX_GOSSIP_TRANSACTIONS);
    }
    if (!lane.isDropped) this.#portions.set(lane.peer, portion);
    return verified;
  }

  #settle(
    { of, weight }: Weighed,
    verified: ReadonlyMap<WeighedTransaction, CheckedTransaction | undefined>,
    { peer }: Lane,
    tellsMore: () => boolean,
  ): Fate {
    const { admission } = this.#options;
    if (weight.kind === 'known') return 'known';
    if (weight.kind === 'variant') return 'refused';
    if (weight.kind === 'gap') return this.#wait(of, peer, tellsMore());
    if (weight.kind === 'refused') {
      admission.refuse(of.id, weight.error, peer, tellsMore());
      return fateOf(weight.error);
    }
    if (!verified.has(of)) return 'unchecked';
    const checked = verified.get(of);
    if (checked === undefined) {
      admission.refuse(of.id, forgedSignature(of.id), peer, tellsMore());
      return 'refused';
    }
    const admitted = admission.admit(checked, peer);
    if (admitted.kind !== 'refused') return admitted.kind;
    // What came before it was refused, or had to go.
    if (admitted.error.code === 'sequence-gap') this.#wait(of, peer, false);
    return fateOf(admitted.error);
  }

  #wait(of: WeighedTransaction, peer: PeerId, isTold: boolean): Fate {
    const { admission, clock, onGap, pool } = this.#options;
    const { sender, sequence } = of.signed.transaction;
    this.#waiting.add(of, peer, clock.elapsed());
    onGap(peer);
    if (!isTold) return 'waiting';
    const next = pool.pendingAccount(idFromBytes(sender)).sequence;
    admission.refuse(of.id, new PolicyError('sequence-gap', `${sequence}, next is ${next}`), peer);
    return 'waiting';
  }

  #charge(
    outcomes: readonly Outcome[],
    verified: ReadonlyMap<WeighedTransaction, unknown>,
    peer: PeerId,
  ): void {
    const { budgets } = this.#options;
    budgets.grant(outcomes.filter(({ fate }) => fate === 'new').length);
    let units = 0;
    for (const { fate, of } of outcomes) {
      if (fate === 'known') units += WORK.known;
      else if (fate === 'waiting') units += WORK.unwanted;
      else if (fate === 'refused' || fate === 'unwanted') {
        units += verified.has(of) ? WORK.verified : WORK[fate];
        if (budgets.refusedAgain(peer, of.key)) units += WORK.toldAgain;
      }
    }
    budgets.draw(peer, units);
  }
}

function fateOf(error: RuleError | PolicyError): Fate {
  return error instanceof PolicyError ? 'unwanted' : 'refused';
}

/** The first rule broken that no honest peer finds kept; undefined if all is well or may be a race. */
function faultOf(
  weighed: readonly Weighed[],
  verified: ReadonlyMap<WeighedTransaction, CheckedTransaction | undefined>,
): RuleError | undefined {
  for (const { of, weight } of weighed) {
    const isForged = verified.has(of) && verified.get(of) === undefined;
    const error = weight.kind === 'refused' ? weight.error : isForged ? forgedSignature(of.id) : undefined;
    if (error instanceof RuleError && NEVER_VALID.has(error.code)) return error;
  }
  return undefined;
}

/** @throws RuleError `malformed-encoding` */
function decode(message: Uint8Array): SignedTransaction[] {
  if (message.length > MAX_GOSSIP_TRANSACTIONS_BYTES)
    throw new RuleError('malformed-encoding', 'transactions message: too long');
  const { transactions } = decodeWire(TransactionsMessageType, message, 'transactions message');
  if (transactions.length === 0) throw new RuleError('malformed-encoding', 'transactions message: empty');
  return transactions;
}

/**
 * As it came, a message goes on if all in it is good and at least half of it new here: the peer that is told it next should
 * find it so too, or an honest relayer would look like one that wastes others' time.
 */
function isWorthPassing(outcomes: readonly Outcome[]): boolean {
  const count = (wanted: Fate): number => outcomes.filter(({ fate }) => fate === wanted).length;
  const fresh = count('new');
  return fresh > 0 && fresh + count('known') === outcomes.length && 2 * fresh >= outcomes.length;
}
