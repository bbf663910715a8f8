import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { formatTally, parseNotches, parseTally } from '../../client/amount.ts';
import type { TallyClient } from '../../client/tally-client.ts';
import { formatAddress } from '../../core/address.ts';
import type { Address } from '../../core/identifiers.ts';
import { connect } from '../connect.ts';
import { UsageError } from '../errors.ts';
import { type ApiOptions, readAddress, type SignerOptions, withApi, withSigner } from '../options.ts';
import { print, printJson } from '../output.ts';

interface SendOptions extends ApiOptions, SignerOptions {
  readonly memo?: string;
  readonly fee?: string;
  readonly notches?: boolean;
  readonly wait?: boolean;
}

const POLL_MS = 500;

export function addSend(program: Command): void {
  withApi(
    withSigner(
      program
        .command('send')
        .description("pay from the wallet of the daemon's data folder")
        .argument('<to>', 'address', readAddress)
        .argument('<amount>', 'tally, with up to six decimals')
        .option('--memo <text>', 'note for everybody to read, up to 1,024 bytes')
        .option('--fee <amount>', 'what the miner gets (default: the least the daemon asks for)')
        .option('--notches', 'amount and fee are whole notches, 1,000,000 to a tally')
        .option('--wait', 'until it is in a block'),
    ),
  ).action(send);
}

async function send(to: Address, amountText: string, options: SendOptions): Promise<void> {
  const amount = readAmount(amountText, options);
  const givenFee = options.fee === undefined ? undefined : readAmount(options.fee, options);
  const { MAX_DATA_BYTES, openPayer, transactionToJson } = await loadSigning();
  const data = new TextEncoder().encode(options.memo ?? '');
  if (data.length > MAX_DATA_BYTES) {
    throw new UsageError(`the memo has ${data.length} bytes; at most ${MAX_DATA_BYTES} fit`);
  }
  const client = connect(options);
  const payer = await openPayer(client, options);
  const { id, signed } = payer.signer.signPayment(payer.network.id, {
    recipient: to,
    sequence: payer.sequence,
    amount,
    fee: givenFee ?? payer.leastFee(data.length),
    data,
  });
  const json = transactionToJson(id, signed);
  await client.call('submit', { body: json });
  if (options.json !== true) print(id);
  const confirmed = options.wait === true ? await confirmation(client, id) : undefined;
  if (options.json === true) return printJson({ ...json, ...confirmed });
  const sum = `${formatTally(amount)} tally to ${formatAddress(to)}, fee ${formatTally(BigInt(json.fee))}`;
  print(confirmed === undefined ? `sent ${sum}` : `sent ${sum}; in block #${confirmed.height}`);
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
    return notches === true ? parseNotches(text) : parseTally(text);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function confirmation(client: TallyClient, id: string): Promise<{ height: number; blockId: string }> {
  for (;;) {
    const { height, blockId } = await client.call('transaction', { params: { id } });
    if (height !== undefined && blockId !== undefined) return { height, blockId };
    await delay(POLL_MS);
  }
}
