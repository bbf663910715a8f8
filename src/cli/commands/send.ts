import type { Command } from 'commander';
import { formatTally, parseAmount, parseNotches } from '../../client/amount.ts';
import { formatAddress } from '../../core/address.ts';
import type { Address } from '../../core/identifiers.ts';
import { waitForConfirmations } from '../confirmation.ts';
import { connect } from '../connect.ts';
import { complain, UsageError } from '../errors.ts';
import {
  type ApiOptions,
  readAddress,
  readCount,
  type SignerOptions,
  withApi,
  withSigner,
} from '../options.ts';
import { counted, print, printJson } from '../output.ts';

interface SendOptions extends ApiOptions, SignerOptions {
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
    withSigner(
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
    ),
  ).action(send);
}

async function send(to: Address, amountText: string, options: SendOptions): Promise<void> {
  const amount = readAmount(amountText, options);
  const givenFee = options.fee === undefined ? undefined : readAmount(options.fee, options);
  const { MAX_DATA_BYTES, openPayer, transactionToJson } = await loadSigning();
  const data = new TextEncoder().encode(options.memo ?? '');
  if (data.length > MAX_DATA_BYTES) {
    throw new UsageError(`the memo has ${counted(data.length, 'byte')}; at most ${MAX_DATA_BYTES} fit`);
  }
  const client = connect(options);
  const payer = await openPayer(client, options);
  if (payer.signer.address === to) complain('this wallet pays itself: all it spends is the fee');
  const fee = givenFee ?? payer.leastFee(data.length);
  payer.requireBalance(amount, fee);
  const { id, signed } = payer.signer.signPayment(payer.network.id, {
    recipient: to,
    sequence: payer.sequence,
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

/** Hashing and signing, which other commands start faster without. */
async function loadSigning() {
  const { openPayer } = await import('../paying.ts');
  const { transactionToJson } = await import('../../client/json.ts');
  const { MAX_DATA_BYTES } = await import('../../core/types.ts');
  return { MAX_DATA_BYTES, openPayer, transactionToJson };
}

function readAmount(text: string, { notches }: SendOptions): bigint {
  try {
    return notches === true ? parseNotches(text) : parseAmount(text);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
