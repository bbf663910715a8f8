/** Signs a payment, keeps it, and gives it to the daemon. */
import { signal } from '@preact/signals';
import { ApiError } from '../../client/errors.ts';
import type { PaymentRequest } from '../../client/payment.ts';
import type { WalletAccount } from '../../client/wallet-account.ts';
import { client } from '../state/daemon.ts';
import { network } from '../state/status.ts';
import { dismiss, noteSubmitted, remember, type Sent } from './sent.ts';

/** Id of what the daemon is being given now. */
export const inFlight = signal<string | undefined>(undefined);

/**
 * @param file if the payment is a record of one
 * @throws ApiError with the rule's name if the daemon refuses; then it is as if nothing had been signed
 */
export async function submit(
  from: WalletAccount,
  request: PaymentRequest,
  file?: Sent['file'],
): Promise<void> {
  const payment = await client.value.signPayment(from, request);
  remember({
    payment,
    networkId: network.value?.id ?? '',
    isSubmitted: false,
    amount: request.amount.toString(),
    to: request.to,
    ...(file === undefined ? {} : { file }),
  });
  inFlight.value = payment.id;
  try {
    await client.value.submit(payment);
    noteSubmitted(payment.id);
  } catch (error) {
    // Without an answer it may have got there: it stays, to be sent again.
    if (error instanceof ApiError) dismiss(payment.id);
    throw error;
  } finally {
    inFlight.value = undefined;
  }
}
