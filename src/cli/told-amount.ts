/** Amounts as a daemon tells them. */
import { ConnectionError } from '../client/errors.ts';

/** Notches, or any other number of the ledger's: as many digits as 2^64 has. */
const AMOUNT = /^[0-9]{1,20}$/;

/** @throws ConnectionError if it is text of another kind: no daemon of ours tells that */
export function toldAmount(text: string): bigint {
  if (!AMOUNT.test(text))
    throw new ConnectionError(
      'what answers is no tally daemon: it tells something else where an amount belongs',
    );
  return BigInt(text);
}
