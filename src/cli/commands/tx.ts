import type { Command } from 'commander';
import { formatTally } from '../../client/amount.ts';
import { decodeRecord } from '../../client/record.ts';
import { bytesToHex, hexToBytes } from '../../core/hex.ts';
import { connect } from '../connect.ts';
import { type ApiOptions, readId, withApi } from '../options.ts';
import { counted, printFields, printJson, quotedText } from '../output.ts';
import { toldAmount } from '../told-amount.ts';

export function addTx(program: Command): void {
  withApi(
    program.command('tx').description('one transaction').argument('<id>', '64 hex digits', readId),
  ).action(async (id: string, options: ApiOptions) => {
    const found = await connect(options).call('transaction', { params: { id } });
    if (options.json === true) return printJson(found);
    const { transaction } = found;
    printFields({
      id: found.id,
      status:
        found.status === 'pending'
          ? 'pending: it waits for a block'
          : `confirmed in block #${found.height}, ${counted(found.confirmations, 'confirmation')}`,
      from: transaction.sender,
      to: transaction.recipient,
      amount: `${formatTally(toldAmount(transaction.amount))} tally`,
      fee: `${formatTally(toldAmount(transaction.fee))} tally`,
      sequence: `${transaction.sequence}`,
      data: transaction.data === '' ? 'none' : describeData(transaction.data),
    });
  });
}

/** As a record or as text where it is one of them; escape sequences of strangers stay out of the terminal. */
function describeData(hex: string): string {
  const bytes = hexToBytes(hex);
  const record = decodeRecord(bytes);
  if (record !== undefined) {
    const note =
      record.note === undefined ? '' : `, ${quotedText(record.note) ?? 'a note that cannot be shown'}`;
    return `record of the file with SHA-256 ${bytesToHex(record.sha256)}${note}`;
  }
  try {
    return quotedText(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) ?? hex;
  } catch {
    return hex;
  }
}
