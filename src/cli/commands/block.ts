import { type Command, InvalidArgumentError } from 'commander';
import { formatTally } from '../../client/amount.ts';
import { connect } from '../connect.ts';
import { type ApiOptions, withApi } from '../options.ts';
import { counted, print, printFields, printJson, printTable, short } from '../output.ts';
import { toldAmount } from '../told-amount.ts';

export function addBlock(program: Command): void {
  withApi(
    program
      .command('block')
      .description('one block')
      .argument('<block>', 'its id, its height or `tip`', readBlock),
  ).action(async (wanted: string, options: ApiOptions) => {
    const block = await connect(options).call('block', { params: { block: wanted } });
    if (options.json === true) return printJson(block);
    const { header, transactions } = block;
    printFields({
      id: block.id,
      height: `${header.height}`,
      parent: header.parent,
      time: header.timestamp,
      miner: header.miner,
      bits: header.bits,
      nonce: block.nonce,
      size: counted(block.size, 'byte'),
      confirmations: `${block.confirmations}`,
      transactions: `${transactions.length}`,
    });
    if (transactions.length === 0) return;
    print('');
    printTable(
      ['transaction', 'from', 'to', 'tally', 'fee', 'data'],
      transactions.map(({ id, sender, recipient, amount, fee, data }) => [
        id,
        short(sender),
        short(recipient),
        formatTally(toldAmount(amount)),
        formatTally(toldAmount(fee)),
        data === '' ? '' : counted(data.length / 2, 'byte'),
      ]),
    );
  });
}

function readBlock(text: string): string {
  if (/^(tip|[0-9]{1,15}|[0-9a-fA-F]{64})$/.test(text)) return text.replace(/^0+(?=[0-9]{1,14}$)/, '');
  throw new InvalidArgumentError(`"${text}" is neither an id of 64 hex digits, nor a height, nor tip.`);
}
