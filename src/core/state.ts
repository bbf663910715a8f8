/** The state (a balance and a sequence per address) and how a block changes it. */
import { RuleError } from './errors.ts';
import { type Address, idFromBytes } from './identifiers.ts';
import { subsidyAt } from './subsidy.ts';
import {
  type Header,
  MAX_UINT63,
  type NetworkParams,
  type SignedTransaction,
  type Transaction,
} from './types.ts';

export interface Account {
  /** Notches. */
  readonly balance: bigint;
  /** Transactions this address has sent so far; the next one must carry this number. */
  readonly sequence: bigint;
}

export const EMPTY_ACCOUNT: Account = Object.freeze({ balance: 0n, sequence: 0n });

/** Reads an account of the state a block is applied to; `EMPTY_ACCOUNT` for an address never seen. */
export type ReadAccount = (address: Address) => Account;

/** What a block does to one account. `before` is all it takes to undo it. */
export interface AccountChange {
  readonly before: Account;
  after: Account;
}

export type StateChange = Map<Address, AccountChange>;

/** The state after the genesis. */
export function genesisState(params: NetworkParams): Map<Address, Account> {
  return new Map(
    params.allocations.map(({ address, amount }) => [
      idFromBytes<Address>(address),
      { balance: amount, sequence: 0n },
    ]),
  );
}

/**
 * Applies a block's transactions in order and then its reward. Signatures are checked elsewhere
 * (`checkSignature`), for they need no state.
 *
 * @param read the state before the block; it is not changed
 * @returns every account touched
 * @throws RuleError `wrong-sequence`, `amount-overflow`, `insufficient-balance`, `balance-overflow`
 */
export function applyBlock(
  params: NetworkParams,
  header: Header,
  transactions: readonly SignedTransaction[],
  read: ReadAccount,
): StateChange {
  const changes: StateChange = new Map();
  let reward = subsidyAt(params, header.height);
  for (const { transaction } of transactions) {
    applyTransaction(transaction, changes, read);
    reward = add(reward, transaction.fee, 'the reward');
  }
  const miner = touch(idFromBytes(header.miner), changes, read);
  miner.after = { ...miner.after, balance: add(miner.after.balance, reward, "the miner's balance") };
  return changes;
}

/**
 * The sender pays amount and fee, then the recipient gains the amount; they may be the same address.
 *
 * @param changes what the block has done so far; this transaction's changes are added
 * @throws RuleError `wrong-sequence`, `amount-overflow`, `insufficient-balance`: `changes` says what it said; or
 *   `balance-overflow`: the sender has paid in `changes`, and they are of no more use
 */
export function applyTransaction(transaction: Transaction, changes: StateChange, read: ReadAccount): void {
  const sender = touch(idFromBytes(transaction.sender), changes, read);
  sender.after = accountAfterSending(sender.after, transaction);
  const recipient = touch(idFromBytes(transaction.recipient), changes, read);
  recipient.after = {
    ...recipient.after,
    balance: add(recipient.after.balance, transaction.amount, "the recipient's balance"),
  };
}

/**
 * The sender's account once it has sent `transaction`.
 *
 * @throws RuleError `wrong-sequence`, `amount-overflow`, `insufficient-balance`
 */
export function accountAfterSending(sender: Account, transaction: Transaction): Account {
  if (transaction.sequence !== sender.sequence) {
    throw new RuleError('wrong-sequence', `${transaction.sequence}, expected ${sender.sequence}`);
  }
  const spent = totalSpent(transaction);
  if (spent > sender.balance) {
    throw new RuleError('insufficient-balance', `${spent} of ${sender.balance} notches`);
  }
  return { balance: sender.balance - spent, sequence: sender.sequence + 1n };
}

/** amount + fee, in notches. @throws RuleError `amount-overflow` */
export function totalSpent(transaction: Transaction): bigint {
  const spent = transaction.amount + transaction.fee;
  if (spent > MAX_UINT63)
    throw new RuleError('amount-overflow', `${transaction.amount} + ${transaction.fee}`);
  return spent;
}

function touch(address: Address, changes: StateChange, read: ReadAccount): AccountChange {
  let change = changes.get(address);
  if (change === undefined) {
    const before = read(address);
    change = { before, after: before };
    changes.set(address, change);
  }
  return change;
}

function add(a: bigint, b: bigint, what: string): bigint {
  const sum = a + b;
  if (sum > MAX_UINT63) throw new RuleError('balance-overflow', `${what}: ${a} + ${b}`);
  return sum;
}
