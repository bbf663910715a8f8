/** Signs a payment, keeps it, and gives it to the daemon. */
import type { PaymentRequest } from '../../client/payment.ts';
import type { WalletAccount } from '../../client/wallet-account.ts';
import { client } from '../state/daemon.ts';
import { network } from '../state/status.ts';
import { dismiss, remember, type Sent } from './sent.ts';

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
    amount: request.amount.toString(),
    to: request.to,
    ...(file === undefined ? {} : { file }),
  });
  try {
    await client.value.submit(payment);
  } catch (error) {
    dismiss(payment.id);
    throw error;
  }
}
