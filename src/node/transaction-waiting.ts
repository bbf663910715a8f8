/** Transactions that overtook their predecessor on the way here: kept a little while, a few of them. */
import type { CheckedTransaction } from '../chain/records.ts';
import { type Address, idFromBytes } from '../core/identifiers.ts';
import type { PeerId } from './ports.ts';

/** At most 5 MB. */
const MAX_WAITING = 4_096;
/** Longer than any message is under way. */
const WAITING_MS = 30_000;

interface Waiting {
  readonly checked: CheckedTransaction;
  readonly from: PeerId;
  readonly untilMs: number;
}

export class WaitingTransactions {
  /** By sender and sequence: there is only one next. */
  readonly #waiting = new Map<string, Waiting>();

  get size(): number {
    return this.#waiting.size;
  }

  senders(): Address[] {
    return [...this.#waiting.values()].map(({ checked }) => idFromBytes(checked.signed.transaction.sender));
  }

  add(checked: CheckedTransaction, from: PeerId, nowMs: number): void {
    const { sender, sequence } = checked.signed.transaction;
    const key = keyOf(idFromBytes(sender), sequence);
    this.#waiting.delete(key);
    this.#waiting.set(key, { checked, from, untilMs: nowMs + WAITING_MS });
    const oldest = this.#waiting.keys().next().value;
    if (this.#waiting.size > MAX_WAITING && oldest !== undefined) this.#waiting.delete(oldest);
  }

  /** Takes out the sender's transaction with this sequence, if it waits here. */
  take(sender: Address, sequence: bigint, nowMs: number): Waiting | undefined {
    if (this.#waiting.size === 0) return undefined;
    const key = keyOf(sender, sequence);
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    return waiting !== undefined && waiting.untilMs >= nowMs ? waiting : undefined;
  }
}

function keyOf(sender: Address, sequence: bigint): string {
  return `${sender}:${sequence}`;
}
