/** What the daemon asks of a payment, and whether there is enough for it. */
import { formatTally } from '../../client/amount.ts';
import type { AnswerOf } from '../../client/contract.ts';
import { sizeWith } from '../state/pool.ts';
import { status } from '../state/status.ts';

/** Notches. @param dataBytes of memo or record */
export function leastFee(dataBytes: number): bigint {
  return BigInt(status.value?.pool.minFeeRate ?? '0') * BigInt(sizeWith(dataBytes));
}

/** @returns what is missing, in words; undefined if nothing is */
export function shortfall(
  { amount, fee }: { readonly amount: bigint; readonly fee: bigint },
  { balance, pending }: AnswerOf<'account'>,
): string | undefined {
  const available = BigInt(pending.balance);
  if (amount + fee <= available) return undefined;
  const waiting = BigInt(balance) - available;
  const spent =
    waiting > 0n ? `, ${formatTally(waiting)} of it spent by transactions that wait for a block` : '';
  return `${formatTally(amount)} tally and a fee of ${formatTally(fee)} are more than the account has: ${formatTally(BigInt(balance))} tally${spent}.`;
}
