import { type Command, InvalidArgumentError } from 'commander';
import { MAX_RECEIPT_CONFIRMATIONS } from '../../client/routes.ts';
import { connect } from '../connect.ts';
import { UsageError } from '../errors.ts';
import { type ApiOptions, readCount, readId, withApi } from '../options.ts';
import { counted, print, printJson } from '../output.ts';

interface ReceiptOptions extends ApiOptions {
  readonly out?: string;
  readonly compact?: boolean;
  readonly confirmations?: number;
  readonly force?: boolean;
}

export function addReceipt(program: Command): void {
  withApi(
    program
      .command('receipt')
      .description('a proof, checked offline, that a transaction is in a block')
      .argument('<id>', 'of the transaction, 64 hex digits', readId)
      .option(
        '--confirmations <blocks>',
        'how many prove it, its own counted (default: up to 6)',
        readCount(1, MAX_RECEIPT_CONFIRMATIONS),
      )
      .option('--compact', 'in bytes, a quarter as long, instead of JSON')
      .option('--out <file>', 'default: print it', readPath)
      .option('--force', 'overwrite the file'),
  ).action(makeReceipt);
}

async function makeReceipt(id: string, options: ReceiptOptions): Promise<void> {
  const { compact = false, confirmations, out } = options;
  if (compact && out === undefined && process.stdout.isTTY === true)
    throw new UsageError('the compact form is bytes, which a terminal does not show: name a file with --out');
  if (compact && out === undefined && options.json === true)
    throw new UsageError('--compact is not JSON: leave one of them out, or name a file with --out');
  const { formatReceipt, requireWritable, writeReceipt } = await import('../receipt-file.ts');
  if (out !== undefined) await requireWritable(out, options);
  const client = connect(options);
  const [{ params }, receipt] = await Promise.all([
    client.call('network'),
    client.call('receipt', { params: { id }, query: confirmations === undefined ? {} : { confirmations } }),
  ]);
  const { verifyReceipt } = await import('../../client/verify-receipt.ts');
  // What is handed on has been checked, whatever the daemon is.
  const proved = await verifyReceipt(receipt, params);
  const content = formatReceipt(receipt, { compact });
  if (out === undefined) {
    process.stdout.write(content);
    return;
  }
  await writeReceipt(out, content, options);
  const { block, work } = proved;
  if (options.json === true) {
    const shown = { height: block.height, blockId: block.id, confirmations: proved.confirmations, work };
    return printJson({ id, file: out, ...shown });
  }
  const count = counted(proved.confirmations, 'confirmation');
  print(`written to ${out}: in block #${block.height}, ${count}`);
}

function readPath(text: string): string {
  if (text === '') throw new InvalidArgumentError('it names no file.');
  return text;
}
