/** The fee of a payment whose payer names none. */

/**
 * Notches a byte, a hundred times what a daemon asks unless its operator says otherwise. A daemon that asks for more may be
 * after the whole balance: it can mine the payment itself.
 */
export const MAX_UNASKED_FEE_RATE = 100n;

/**
 * @param feeRate what the daemon says it takes at least, notches a byte
 * @param bytes of the signed transaction
 * @returns notches
 * @throws RangeError if it is so much that the payer is to say it
 */
export function unaskedFee(feeRate: bigint, bytes: number): bigint {
  if (feeRate > MAX_UNASKED_FEE_RATE)
    throw new RangeError(
      `the daemon asks for a fee of ${feeRate} notches a byte, over ${MAX_UNASKED_FEE_RATE}: if that is right, name the fee yourself`,
    );
  return feeRate * BigInt(bytes);
}
