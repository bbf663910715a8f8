/** What `send` and `record` have in common: a key, the network it signs for, and what the daemon asks of a payment. */
import '../native/hasher.ts';
import type { KeyPair } from '../client/keys.ts';
import type { TallyClient } from '../client/tally-client.ts';
import { formatAddress } from '../core/address.ts';
import { SIGNED_TRANSACTION_BYTES } from '../core/encoding.ts';
import { networkId } from '../core/hashing.ts';
import type { NetworkId } from '../core/identifiers.ts';
import { type NetworkFile, parseNetworkFile } from '../core/network-file.ts';
import { dataFolder } from './data-folder.ts';
import { CommandError } from './errors.ts';
import type { ApiOptions } from './options.ts';
import { readWallet } from './wallet-file.ts';

export interface Payer {
  readonly network: { readonly id: NetworkId; readonly params: NetworkFile };
  readonly key: KeyPair;
  /** Of its next transaction. */
  readonly sequence: bigint;
  /** Notches: the least the daemon asks for, with so many bytes of data. */
  leastFee(dataBytes: number): bigint;
}

/** @throws CommandError if there is no key, or the daemon names a network that is not its own */
export async function openPayer(client: TallyClient, options: ApiOptions): Promise<Payer> {
  const network = await networkOf(client);
  const key = await signingKey(options, network.params.name);
  const [account, status] = await Promise.all([
    client.call('account', { params: { address: formatAddress(key.address) } }),
    client.call('status'),
  ]);
  const feeRate = BigInt(status.pool.minFeeRate);
  return {
    network,
    key,
    sequence: BigInt(account.pending.sequence),
    leastFee: (dataBytes) => feeRate * BigInt(SIGNED_TRANSACTION_BYTES + dataBytes),
  };
}

/** The one place that knows where a command's key comes from. */
async function signingKey({ data }: ApiOptions, networkName: string): Promise<KeyPair> {
  return await readWallet(dataFolder(data, networkName));
}

/** What is signed is signed for this network only, so its name must be the true one. */
async function networkOf(client: TallyClient): Promise<Payer['network']> {
  const { id, params } = await client.call('network');
  const computed = networkId(parseNetworkFile(params));
  if (computed !== id) {
    throw new CommandError(
      `the daemon names its network ${id}, but by its parameters it is ${computed}: nothing is sent`,
    );
  }
  return { id: computed, params };
}
