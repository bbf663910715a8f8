/** A payment made ready: what the daemon knows is asked of it, the rest is signed here. */
import { ApiError } from './errors.ts';
import { unaskedFee } from './fee.ts';
import type { KeyPair } from './keys.ts';
import type { SubmittedJson } from './schemas.ts';
import type { TallyClient } from './tally-client.ts';
import type { CallOptions } from './transport.ts';
import type { WalletAccount } from './wallet-account.ts';

/** Who pays: an account of a wallet, or a bare key. */
export type Signer = WalletAccount | KeyPair;

export interface PaymentRequest {
  /** Address, bech32m. */
  readonly to: string;
  /** Notches. */
  readonly amount: bigint;
  /** Notches. Default: the least this daemon takes, if that is no more than 100 a byte. */
  readonly fee?: bigint;
  /** Up to 1,024 bytes, for everybody to read. */
  readonly data?: Uint8Array;
  /** The count of the sender's transactions before this one. Default: behind all that wait in the daemon's pool. */
  readonly sequence?: number;
}

export interface SignedPayment {
  readonly id: string;
  /** As JSON, to be kept and submitted. */
  readonly transaction: SubmittedJson;
}

/** @throws RangeError, TypeError naming what does not fit; Error if the daemon is not of the network it claims */
export async function signPaymentFor(
  client: TallyClient,
  from: Signer,
  payment: PaymentRequest,
  options: CallOptions | undefined,
): Promise<SignedPayment> {
  // Hashing and signing takes a while to load, which programs that only read can do without.
  const [
    { signPayment },
    { transactionToJson },
    { formatAddress, parseAddress },
    encoding,
    network,
    hashing,
  ] = await Promise.all([
    import('./keys.ts'),
    import('./json.ts'),
    import('../core/address.ts'),
    import('../core/encoding.ts'),
    import('../core/network-file.ts'),
    import('../core/hashing.ts'),
  ]);
  const recipient = parseAddress(payment.to);
  const [account, status, described] = await Promise.all([
    client.account(formatAddress(from.address), options),
    client.status(options),
    client.call('network', {}, options),
  ]);
  // What is signed is worth something on one network only: not on one whose parameters do not make its id.
  const id = hashing.networkId(network.parseNetworkFile(described.params));
  if (id !== described.id) {
    throw new Error(`the daemon names its network ${described.id}, but by its parameters it is ${id}`);
  }
  const data = payment.data ?? new Uint8Array(0);
  const filled = {
    recipient,
    sequence: BigInt(payment.sequence ?? account.pending.sequence),
    amount: payment.amount,
    fee:
      payment.fee ??
      unaskedFee(BigInt(status.pool.minFeeRate), encoding.SIGNED_TRANSACTION_BYTES + data.length),
    data,
  };
  const signed = 'seed' in from ? signPayment(id, from, filled) : from.signPayment(id, filled);
  return { id: signed.id, transaction: transactionToJson(signed.id, signed.signed) };
}

export async function submitPayment(
  client: TallyClient,
  { id, transaction }: SignedPayment,
  options: CallOptions | undefined,
): Promise<void> {
  try {
    await client.call('submit', { body: transaction }, options);
  } catch (error) {
    // So a daemon refuses what is in a block already: perhaps this one, whose first answer was lost.
    if (!(error instanceof ApiError) || error.code !== 'wrong-sequence') throw error;
    if (!(await isKnown(client, id, options))) throw error;
  }
}

async function isKnown(client: TallyClient, id: string, options: CallOptions | undefined): Promise<boolean> {
  try {
    await client.transaction(id, options);
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    throw error;
  }
}
