import type { Command } from 'commander';
import { parseTally } from '../../client/amount.ts';
import { encodeRecord, MAX_NOTE_BYTES } from '../../client/record.ts';
import { MAX_BATCH_TRANSACTIONS, MAX_RECEIPT_CONFIRMATIONS } from '../../client/routes.ts';
import type { TransactionJson } from '../../client/schemas.ts';
import type { TallyClient } from '../../client/tally-client.ts';
import { connect } from '../connect.ts';
import { CommandError, UsageError } from '../errors.ts';
import { type ApiOptions, readCount, reading, type SignerOptions, withApi, withSigner } from '../options.ts';
import { counted, print, printJson, quoted } from '../output.ts';
import type { Payer } from '../paying.ts';
import { StatusLine } from '../status-line.ts';

interface RecordOptions extends ApiOptions, SignerOptions {
  readonly note?: string;
  readonly fee?: bigint;
  readonly confirmations: number;
  readonly out?: string;
  readonly force?: boolean;
  readonly wait: boolean;
}

export function addRecord(program: Command): void {
  withApi(
    withSigner(
      program
        .command('record')
        .description('put fingerprints of files on the ledger, and write receipts')
        .argument('<file...>', 'only their SHA-256 leaves this machine')
        .option('--note <text>', `for everybody to read, up to ${MAX_NOTE_BYTES} bytes`)
        .option(
          '--confirmations <blocks>',
          'to wait for, its own counted',
          readCount(1, MAX_RECEIPT_CONFIRMATIONS),
          1,
        )
        .option('--fee <tally>', 'for each file (default: the least asked for)', (text) =>
          reading(() => parseTally(text)),
        )
        .option('--out <path>', 'for receipts (default: FILE.receipt.json)')
        .option('--force', 'overwrite receipts')
        .option('--no-wait', 'only submit: tally receipt ID makes a receipt later'),
    ),
  ).action(record);
}

/** One file on its way. */
interface Entry {
  readonly file: string;
  readonly sha256: Uint8Array;
  readonly transaction: TransactionJson;
  /** Where its receipt goes. */
  readonly path: string;
}

async function record(files: string[], options: RecordOptions): Promise<void> {
  checkArguments(files, options);
  const { receiptPaths, requireWritable } = await import('../receipt-file.ts');
  const paths = await receiptPaths(files, options.out);
  if (new Set(paths).size < paths.length)
    throw new UsageError('two of the files would have the same receipt: record them one after the other');
  if (options.wait) for (const path of paths) await requireWritable(path, options);
  const digests = await fingerprints(files);
  const client = connect(options);
  const { openPayer } = await import('../paying.ts');
  const payer = await openPayer(client, options);
  const signed = await signRecords(payer, digests, options);
  const entries = files.map(
    (file, at): Entry => ({
      file,
      sha256: digests[at] as Uint8Array,
      transaction: signed[at] as TransactionJson,
      path: paths[at] as string,
    }),
  );
  const { accepted, refusals } = await submit(client, entries);
  if (options.json !== true) {
    for (const { file, transaction } of accepted)
      print(files.length === 1 ? transaction.id : `${transaction.id}  ${file}`);
  }
  const results: object[] = [];
  for (const entry of accepted) {
    results.push(options.wait ? await finish(client, payer, entry, options) : resultOf(entry));
  }
  if (options.json === true && results.length > 0)
    printJson(files.length === 1 ? results[0] : { records: results });
  if (options.json !== true && options.wait) await tellHowToVerify(accepted, payer);
  if (refusals.length > 0) throw new CommandError(`not recorded: ${refusals.join('; ')}`);
}

function checkArguments(files: readonly string[], { note }: RecordOptions): void {
  if (files.length > MAX_BATCH_TRANSACTIONS)
    throw new UsageError(`${counted(files.length, 'file')}; at most ${MAX_BATCH_TRANSACTIONS} at once`);
  try {
    dataOf(new Uint8Array(32), note);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function fingerprints(files: readonly string[]): Promise<Uint8Array[]> {
  const { fingerprint } = await import('../fingerprint.ts');
  const digests: Uint8Array[] = [];
  for (const file of files) digests.push(await fingerprint(file));
  return digests;
}

function dataOf(sha256: Uint8Array, note: string | undefined): Uint8Array {
  return encodeRecord(note === undefined || note === '' ? { sha256 } : { sha256, note });
}

/** A record pays nothing, to its own sender. */
async function signRecords(
  payer: Payer,
  digests: readonly Uint8Array[],
  { fee, note }: RecordOptions,
): Promise<TransactionJson[]> {
  const { transactionToJson } = await import('../../client/json.ts');
  return digests.map((sha256, at) => {
    const data = dataOf(sha256, note);
    const { id, signed } = payer.signer.signPayment(payer.network.id, {
      recipient: payer.signer.address,
      sequence: payer.sequence + BigInt(at),
      amount: 0n,
      fee: fee ?? payer.leastFee(data.length),
      data,
    });
    return transactionToJson(id, signed);
  });
}

async function submit(
  client: TallyClient,
  entries: readonly Entry[],
): Promise<{ accepted: Entry[]; refusals: string[] }> {
  const transactions = entries.map(({ transaction }) => transaction);
  const { results = [] } = await client.call('submit', { body: { transactions } });
  const accepted = entries.filter((_, at) => results[at]?.accepted === true);
  const refusals = entries.flatMap(({ file }, at) =>
    results[at]?.accepted === true ? [] : [`${file}: ${results[at]?.error?.message ?? 'no reason given'}`],
  );
  return { accepted, refusals };
}

/** Waits, and writes the receipt once it has been checked here too. */
async function finish(
  client: TallyClient,
  { network }: Payer,
  entry: Entry,
  options: RecordOptions,
): Promise<object> {
  const { awaitReceipt } = await import('../confirmation.ts');
  const { verifyReceipt } = await import('../../client/verify-receipt.ts');
  const { formatReceipt, writeReceipt } = await import('../receipt-file.ts');
  const { formatNetworkFile } = await import('../../core/network-file.ts');
  const { file, path, sha256, transaction } = entry;
  const status = new StatusLine();
  try {
    const receipt = await awaitReceipt(client, transaction, options.confirmations, (text) =>
      status.show(`${file}: ${text}`),
    );
    const { block, confirmations } = await verifyReceipt(receipt, formatNetworkFile(network.params), {
      fileSha256: sha256,
    });
    await writeReceipt(path, formatReceipt(receipt), options);
    status.clear();
    if (options.json !== true) print(`${file}: in block #${block.height}, receipt in ${path}`);
    return { ...resultOf(entry), height: block.height, blockId: block.id, confirmations, receipt: path };
  } catch (cause) {
    if (!(cause instanceof Error && cause.name === 'ConnectionError')) throw cause;
    throw new CommandError(
      `${cause.message}; the record is submitted all the same: tally receipt ${transaction.id} makes its receipt later`,
      { cause },
    );
  } finally {
    status.clear();
  }
}

function resultOf({ file, sha256, transaction: { id, fee } }: Entry): object {
  return { id, file, sha256: Buffer.from(sha256).toString('hex'), fee };
}

async function tellHowToVerify([first]: readonly Entry[], { network }: Payer): Promise<void> {
  if (first === undefined) return;
  const { isBuiltIn } = await import('../network-choice.ts');
  const choice = isBuiltIn(network) ? network.name : 'network.json';
  print(
    `anybody can check it offline: tally verify ${quoted(first.path)} ${quoted(first.file)} --network ${choice}`,
  );
  if (!isBuiltIn(network))
    print("with the network's parameters: tally network show --out network.json writes them");
  print(
    `the more blocks bury it, the more it proves: tally receipt ${first.transaction.id} makes a later one`,
  );
}
