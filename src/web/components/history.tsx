/** Every transaction from or to an address, newest first, a page at a time. */
import { useEffect, useState } from 'preact/hooks';
import type { AnswerOf } from '../../client/contract.ts';
import { reorganisation, tip } from '../state/blocks.ts';
import { client } from '../state/daemon.ts';
import { useLoaded } from '../state/loaded.ts';
import { Age } from './age.tsx';
import { Amount } from './amount.tsx';
import { AddressLink, TransactionLink } from './identifier.tsx';
import { Empty, Waiting } from './notices.tsx';
import { DataTag } from './transaction-row.tsx';

const PAGE = 50;
type Entry = AnswerOf<'accountTransactions'>['transactions'][number];

interface Props {
  readonly address: string;
  /** Without a frame and a title of its own. */
  readonly isPlain?: boolean;
}

export function History({ address, isPlain = false }: Props) {
  const newest = useLoaded(
    (api, signal) =>
      api.call('accountTransactions', { params: { address }, query: { limit: PAGE } }, { signal }),
    address,
    tip.value?.id,
    reorganisation.value,
  );
  const [older, setOlder] = useState<{
    readonly entries: readonly Entry[];
    readonly next: string | undefined;
  }>();
  const [failure, setFailure] = useState('');
  const firstKey = newest.value?.transactions[0]?.transaction.id;
  // What stands on top has moved: the pages below no longer fit.
  useEffect(() => setOlder(undefined), [firstKey]);
  if (newest.value === undefined) return <Waiting />;
  const entries = [...newest.value.transactions, ...(older?.entries ?? [])];
  const next = older === undefined ? newest.value.next : older.next;
  const loadOlder = async () => {
    if (next === undefined) return;
    try {
      const page = await client.value.call('accountTransactions', {
        params: { address },
        query: { limit: PAGE, before: next },
      });
      setOlder({ entries: [...(older?.entries ?? []), ...page.transactions], next: page.next });
      setFailure('');
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <section class={isPlain ? '' : 'panel'}>
      <h2 class={isPlain ? 'hidden' : ''}>History</h2>
      {entries.length === 0 ? (
        <Empty>
          No transaction yet. Rewards for mining, and what the network gave out at its start, are in the
          balance, but are no transactions.
        </Empty>
      ) : (
        <table class="table folding">
          <thead>
            <tr>
              <th scope="col">Transaction</th>
              <th scope="col">With</th>
              <th scope="col" class="unfolded-only">
                Block
              </th>
              <th scope="col">Age</th>
              <th scope="col" class="number">
                Change
              </th>
            </tr>
          </thead>
          <tbody>
            {entries.map((entry) => (
              <HistoryRow key={`${entry.blockId}.${entry.index}`} entry={entry} address={address} />
            ))}
          </tbody>
        </table>
      )}
      {failure !== '' && <p class="refusal">{failure}</p>}
      {next !== undefined && (
        <button type="button" class="button more" onClick={() => void loadOlder()}>
          Older
        </button>
      )}
    </section>
  );
}

function HistoryRow({ address, entry }: { readonly address: string; readonly entry: Entry }) {
  const { height, timestamp, transaction } = entry;
  const { amount, fee, id, recipient, sender } = transaction;
  const isOut = sender === address;
  const isSelf = sender === recipient;
  const change = isSelf ? BigInt(fee) : isOut ? BigInt(amount) + BigInt(fee) : BigInt(amount);
  return (
    <tr>
      <td>
        <TransactionLink id={id} />
        <DataTag transaction={transaction} />
      </td>
      <td>
        {isSelf ? (
          <span class="muted">itself</span>
        ) : (
          <span class="with">
            <span class="muted">{isOut ? 'to' : 'from'}</span>{' '}
            <AddressLink address={isOut ? recipient : sender} />
          </span>
        )}
      </td>
      <td class="unfolded-only">
        <a href={`#/block/${height}`}>{height.toLocaleString('en')}</a>
      </td>
      <td class="when">
        <Age ms={Date.parse(timestamp)} />
      </td>
      <td class={`number ${isOut ? 'outgoing' : 'incoming'}`}>
        <Amount notches={change} sign={isOut ? '−' : '+'} isAligned />
      </td>
    </tr>
  );
}
