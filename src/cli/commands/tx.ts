import { type Command, InvalidArgumentError } from 'commander';
import { formatTally } from '../../client/amount.ts';
import { hexToBytes } from '../../core/hex.ts';
import { parseId } from '../../core/identifiers.ts';
import { connect } from '../connect.ts';
import { type ApiOptions, withApi } from '../options.ts';
import { printFields, printJson } from '../output.ts';

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
          : `confirmed in block #${found.height}, ${found.confirmations} confirmations`,
      from: transaction.sender,
      to: transaction.recipient,
      amount: `${formatTally(BigInt(transaction.amount))} tally`,
      fee: `${formatTally(BigInt(transaction.fee))} tally`,
      sequence: `${transaction.sequence}`,
      data: transaction.data === '' ? 'none' : describeData(transaction.data),
    });
  });
}

function readId(text: string): string {
  const id = parseId(text);
  if (id === undefined) throw new InvalidArgumentError(`"${text}" is not an id of 64 hex digits.`);
  return id;
}

/** As text where it is printable text; escape sequences of strangers stay out of the terminal. */
function describeData(hex: string): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(hexToBytes(hex));
    return /^[^\p{C}]*$/u.test(text) ? `"${text}"` : hex;
  } catch {
    return hex;
  }
}
