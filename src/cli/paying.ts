/** What `send` and `record` have in common: who signs, for which network, and what the daemon asks of a payment. */
import { formatTally } from '../client/amount.ts';
import type { AnswerOf } from '../client/contract.ts';
import { unaskedFee } from '../client/fee.ts';
import type { TallyClient } from '../client/tally-client.ts';
import type { WalletAccount } from '../client/wallet-account.ts';
import { formatAddress } from '../core/address.ts';
import { SIGNED_TRANSACTION_BYTES } from '../core/encoding.ts';
import type { NetworkDefinition } from '../core/network-params.ts';
import { daemonNetwork } from './daemon-network.ts';
import { dataFolder } from './data-folder.ts';
import { CommandError } from './errors.ts';
import { openSigner } from './open-wallet.ts';
import type { ApiOptions, SignerOptions } from './options.ts';
import { toldAmount } from './told-amount.ts';

export interface Payer {
  readonly network: NetworkDefinition;
  readonly signer: WalletAccount;
  /** Of its next transaction. */
  readonly sequence: bigint;
  /** Notches: the least the daemon asks for, with so many bytes of data. @throws CommandError if that is too much to be paid unasked */
  leastFee(dataBytes: number): bigint;
  /** The daemon would say no as well, but not how much there is. @throws CommandError if it has less */
  requireBalance(amount: bigint, fee: bigint): void;
}

/** @throws CommandError if nobody can sign, or the daemon names a network that is not its own */
export async function openPayer(client: TallyClient, options: ApiOptions & SignerOptions): Promise<Payer> {
  const network = await daemonNetwork(client);
  const signer = await openSigner(dataFolder(options.data, network.name), options);
  const [account, status] = await Promise.all([
    client.call('account', { params: { address: formatAddress(signer.address) } }),
    client.call('status'),
  ]);
  const feeRate = toldAmount(status.pool.minFeeRate);
  return {
    network,
    signer,
    sequence: BigInt(account.pending.sequence),
    leastFee: (dataBytes) => leastFee(feeRate, dataBytes),
    requireBalance: (amount, fee) => requireBalance(amount, fee, account),
  };
}

function leastFee(feeRate: bigint, dataBytes: number): bigint {
  try {
    return unaskedFee(feeRate, SIGNED_TRANSACTION_BYTES + dataBytes);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new CommandError(`${cause.message}, with --fee`, { cause });
  }
}

function requireBalance(amount: bigint, fee: bigint, { balance, pending }: AnswerOf<'account'>): void {
  const available = toldAmount(pending.balance);
  if (amount + fee <= available) return;
  const waiting = toldAmount(balance) - available;
  const pendingText =
    waiting > 0n ? `, ${formatTally(waiting)} tally of it spent by transactions that wait for a block` : '';
  throw new CommandError(
    `${formatTally(amount)} tally and a fee of ${formatTally(fee)} are more than the sender has: ` +
      `${formatTally(toldAmount(balance))} tally${pendingText}`,
  );
}
