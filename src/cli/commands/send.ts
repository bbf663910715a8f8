import type { Command } from 'commander';
import { formatTally, parseAmount, parseNotches } from '../../client/amount.ts';
import type { AnswerOf } from '../../client/contract.ts';
import type { TallyClient } from '../../client/tally-client.ts';
import { formatAddress } from '../../core/address.ts';
import type { Address, NetworkId } from '../../core/identifiers.ts';
import { waitForConfirmations } from '../confirmation.ts';
import { connect } from '../connect.ts';
import { dataFolder } from '../data-folder.ts';
import { CommandError, complain, UsageError } from '../errors.ts';
import { type ApiOptions, readAddress, readCount, withApi } from '../options.ts';
import { print, printJson } from '../output.ts';

type AccountJson = AnswerOf<'account'>;

interface SendOptions extends ApiOptions {
  readonly memo?: string;
  readonly fee?: string;
  readonly notches?: boolean;
  readonly wait?: boolean;
  readonly confirmations?: number;
}

/** Some six days of the built-in network: nobody waits longer at a prompt. */
const MAX_CONFIRMATIONS = 100_000;

export function addSend(program: Command): void {
  withApi(
    program
      .command('send')
      .description("pay from the wallet of the daemon's data folder")
      .argument('<to>', 'address', readAddress)
      .argument('<amount>', '1.5 or 1.5tally, with up to six decimals, or 1500000notches')
      .option('--memo <text>', 'note for everybody to read, up to 1,024 bytes')
      .option('--fee <amount>', 'what the miner gets (default: the least the daemon asks for)')
      .option('--notches', 'amount and fee are whole notches, 1,000,000 to a tally')
      .option('--wait', 'until it is in a block')
      .option(
        '--confirmations <count>',
        'wait until so many blocks confirm it, its own counted',
        readCount(1, MAX_CONFIRMATIONS),
      ),
  ).action(send);
}

async function send(to: Address, amountText: string, options: SendOptions): Promise<void> {
  const amount = readAmount(amountText, options);
  const givenFee = options.fee === undefined ? undefined : readAmount(options.fee, options);
  const { MAX_DATA_BYTES, SIGNED_TRANSACTION_BYTES, readWallet, signPayment, transactionToJson } =
    await loadSigning();
  const data = new TextEncoder().encode(options.memo ?? '');
  if (data.length > MAX_DATA_BYTES) {
    throw new UsageError(`the memo has ${data.length} bytes; at most ${MAX_DATA_BYTES} fit`);
  }
  const client = connect(options);
  const network = await networkOf(client);
  const key = await readWallet(dataFolder(options.data, network.name));
  const [account, status] = await Promise.all([
    client.call('account', { params: { address: formatAddress(key.address) } }),
    client.call('status'),
  ]);
  if (key.address === to) complain('this wallet pays itself: all it spends is the fee');
  const leastFee = BigInt(status.pool.minFeeRate) * BigInt(SIGNED_TRANSACTION_BYTES + data.length);
  const fee = givenFee ?? leastFee;
  requireBalance(amount, fee, account);
  const { id, signed } = signPayment(network.id, key, {
    recipient: to,
    sequence: BigInt(account.pending.sequence),
    amount,
    fee,
    data,
  });
  const json = transactionToJson(id, signed);
  await client.call('submit', { body: json });
  const tell = (text: string): void => {
    if (options.json !== true) print(text);
  };
  tell(id);
  tell(`sent ${formatTally(amount)} tally to ${formatAddress(to)}, fee ${formatTally(fee)}`);
  const confirmations = options.confirmations ?? (options.wait === true ? 1 : 0);
  const confirmed =
    confirmations > 0 ? await waitForConfirmations(client, json, confirmations, tell) : undefined;
  if (options.json === true) printJson({ ...json, ...confirmed });
}

/** The daemon would say no as well, but not how much there is. @throws CommandError */
function requireBalance(amount: bigint, fee: bigint, { balance, pending }: AccountJson): void {
  const available = BigInt(pending.balance);
  if (amount + fee <= available) return;
  const waiting = BigInt(balance) - available;
  const pendingText =
    waiting > 0n ? `, ${formatTally(waiting)} tally of it spent by transactions that wait for a block` : '';
  throw new CommandError(
    `${formatTally(amount)} tally and a fee of ${formatTally(fee)} are more than the sender has: ` +
      `${formatTally(BigInt(balance))} tally${pendingText}`,
  );
}

/** Hashing and signing, which other commands start faster without. */
async function loadSigning() {
  const { readWallet } = await import('../wallet-file.ts');
  const { signPayment } = await import('../../client/keys.ts');
  const { transactionToJson } = await import('../../client/json.ts');
  const { SIGNED_TRANSACTION_BYTES } = await import('../../core/encoding.ts');
  const { MAX_DATA_BYTES } = await import('../../core/types.ts');
  return { MAX_DATA_BYTES, SIGNED_TRANSACTION_BYTES, readWallet, signPayment, transactionToJson };
}

function readAmount(text: string, { notches }: SendOptions): bigint {
  try {
    return notches === true ? parseNotches(text) : parseAmount(text);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** What is signed is signed for this network only, so its name must be the true one. */
async function networkOf(client: TallyClient): Promise<{ id: NetworkId; name: string }> {
  const { networkId } = await import('../../core/hashing.ts');
  const { parseNetworkFile } = await import('../../core/network-file.ts');
  const { id, params } = await client.call('network');
  const computed = networkId(parseNetworkFile(params));
  if (computed !== id) {
    throw new CommandError(
      `the daemon names its network ${id}, but by its parameters it is ${computed}: nothing is sent`,
    );
  }
  return { id: computed, name: params.name };
}
