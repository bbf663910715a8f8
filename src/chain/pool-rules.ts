/** What this node asks of a transaction before the pool takes it: its policies, each in one place. */
import { invariant } from '../core/errors.ts';
import type { Transaction } from '../core/types.ts';
import type { FeeRate } from './fee-rate.ts';
import { PolicyError } from './policy.ts';
import type { SenderQueue, Standing } from './sender-queue.ts';

/** Notches a byte: flooding costs something, a payment next to nothing. */
const DEFAULT_MIN_FEE_RATE = 1n;
/** 32 MiB: some 200,000 payments, a few hundred MB of memory at the worst. */
const DEFAULT_MAX_BYTES = 32 * 1_024 * 1_024;
/**
 * Of one sender: a batch of a thousand fits, and so much is checked again whenever a block touches the
 * sender. A sender that needs more spreads them over several addresses.
 */
const DEFAULT_MAX_PER_SENDER = 1_024;
/**
 * What drives others out pays at least a tenth more than they do, or replacing would be a free way to make everybody's
 * work: each time all have to check it and pass it on, and of all those fees only the last is ever paid.
 */
const BETTER_TENTHS = 11n;

export interface MempoolOptions {
  /** Notches a byte. */
  readonly minFeeRate?: bigint;
  /** SSZ bytes of all transactions together. */
  readonly maxBytes?: number;
  readonly maxPerSender?: number;
}

export class PoolRules {
  /** Notches a byte. */
  readonly minFeeRate: bigint;
  /** SSZ bytes of all transactions together. */
  readonly maxBytes: number;
  readonly maxPerSender: number;

  constructor({ maxBytes, maxPerSender, minFeeRate }: MempoolOptions) {
    this.minFeeRate = minFeeRate ?? DEFAULT_MIN_FEE_RATE;
    this.maxBytes = maxBytes ?? DEFAULT_MAX_BYTES;
    this.maxPerSender = maxPerSender ?? DEFAULT_MAX_PER_SENDER;
  }

  /** @param size SSZ bytes @throws PolicyError `fee-too-low` */
  requireFee({ fee }: Transaction, size: number): void {
    const lowest = this.minFeeRate * BigInt(size);
    if (fee < lowest) throw new PolicyError('fee-too-low', `${fee} notches, at least ${lowest}`);
  }

  /** @param count of the sender's that wait before it @throws PolicyError `too-many-pending` */
  requirePlace(count: number): void {
    if (count >= this.maxPerSender)
      throw new PolicyError('too-many-pending', `${count} of at most ${this.maxPerSender}`);
  }

  /**
   * A share more than the old fee; enough more to pay for the bytes passed on again; and no less than all it drives out
   * would have paid, for those behind it that cannot be paid any more have been passed on too.
   *
   * @throws PolicyError `replacement-underpriced`
   */
  requireHigherFee(entry: Standing, queue: SenderQueue, position: number): void {
    const old = queue.entries[position];
    invariant(old !== undefined, 'what is replaced is in the queue');
    const floors = [this.betterFee(old.fee), old.fee + this.minFeeRate * BigInt(entry.size)];
    let lowest = floors.reduce((a, b) => (a > b ? a : b));
    this.#requireReplacementFee(entry.fee, lowest);
    const driven = queue.unpayableBehind(position, entry).reduce((sum, { fee }) => sum + fee, old.fee);
    if (driven > lowest) lowest = driven;
    this.#requireReplacementFee(entry.fee, lowest);
  }

  /** Notches: what is asked of a second one with the same sequence. */
  betterFee(fee: bigint): bigint {
    return (fee * BETTER_TENTHS + 9n) / 10n;
  }

  /** The fee rate others in a full pool must be below to make room for one of this rate. */
  drivesOut({ fee, size }: FeeRate): FeeRate {
    return { fee: fee * 10n, size: size * Number(BETTER_TENTHS) };
  }

  #requireReplacementFee(fee: bigint, lowest: bigint): void {
    if (fee < lowest) throw new PolicyError('replacement-underpriced', `${fee} notches, at least ${lowest}`);
  }
}
