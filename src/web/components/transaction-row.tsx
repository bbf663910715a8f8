/** A transaction as a row: who paid whom, how much, and whether it is a record. */
import type { TransactionJson } from '../../client/schemas.ts';
import { recordOf, textOf } from '../state/records.ts';
import { Amount } from './amount.tsx';
import { AddressLink, TransactionLink } from './identifier.tsx';

export function TransactionRowHead() {
  return (
    <thead>
      <tr>
        <th scope="col">Transaction</th>
        <th scope="col">From</th>
        <th scope="col">To</th>
        <th scope="col" class="number">
          Amount
        </th>
        <th scope="col" class="number widest-only">
          Fee
        </th>
      </tr>
    </thead>
  );
}

export function TransactionRow({ transaction }: { readonly transaction: TransactionJson }) {
  const { amount, fee, id, recipient, sender } = transaction;
  return (
    <tr>
      <td>
        <TransactionLink id={id} />
        <DataTag transaction={transaction} />
      </td>
      <td>
        <AddressLink address={sender} />
      </td>
      <td class="receiver">
        {sender === recipient ? <span class="muted">itself</span> : <AddressLink address={recipient} />}
      </td>
      <td class="number">
        <Amount notches={amount} isAligned />
      </td>
      <td class="number widest-only">
        <Amount notches={fee} isAligned />
      </td>
    </tr>
  );
}

/** What the data are, in a word. */
export function DataTag({ transaction }: { readonly transaction: TransactionJson }) {
  if (transaction.data === '') return null;
  const record = recordOf(transaction);
  if (record !== undefined) return <span class="tag record">record</span>;
  const text = textOf(transaction.data);
  return (
    <span class="tag">{text === undefined ? 'data' : text.length > 24 ? `${text.slice(0, 23)}…` : text}</span>
  );
}
