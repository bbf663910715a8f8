/** One address: what it has, and every transaction from or to it. */
import { useEffect, useState } from 'preact/hooks';
import type { AnswerOf } from '../../client/contract.ts';
import { AddressMark } from '../components/address-mark.tsx';
import { Age } from '../components/age.tsx';
import { Amount } from '../components/amount.tsx';
import { Figure } from '../components/facts.tsx';
import { AddressLink, FullText, shortAddress, TransactionLink } from '../components/identifier.tsx';
import { Empty, Notice, Waiting } from '../components/notices.tsx';
import { DataTag } from '../components/transaction-row.tsx';
import { reorganisation, tip } from '../state/blocks.ts';
import { client } from '../state/daemon.ts';
import { isNotFound, useLoaded } from '../state/loaded.ts';

const PAGE = 50;
type Entry = AnswerOf<'accountTransactions'>['transactions'][number];

export function AddressPage({ address }: { readonly address: string }) {
  const account = useLoaded(
    (api, signal) => api.call('account', { params: { address } }, { signal }),
    address,
    tip.value?.id,
  );
  if (isNotFound(account.error)) {
    return (
      <div class="page">
        <h1>Not an address</h1>
        <Notice title={account.error?.message ?? ''}>
          <p>
            Addresses begin with <code>tally1</code> and have 64 characters; their last six catch typing
            errors.
          </p>
        </Notice>
      </div>
    );
  }
  if (account.value === undefined) return <Waiting />;
  const { balance, pending, sequence } = account.value;
  const isMoving = pending.balance !== balance;
  return (
    <div class="page">
      <header class="page-head">
        <div>
          <p class="kicker">Address</p>
          <h1 class="with-mark">
            <AddressMark address={address} size={36} />
            {shortAddress(address)}
          </h1>
        </div>
      </header>
      <p class="whole-address">
        <FullText text={address} what="the address" />
      </p>
      <div class="figures">
        <Figure name="balance">
          <Amount notches={balance} />
        </Figure>
        {isMoving && (
          <Figure name="once the pool is mined">
            <Amount notches={pending.balance} />
          </Figure>
        )}
        <Figure name="transactions sent">{sequence.toLocaleString('en')}</Figure>
      </div>
      <History key={address} address={address} />
    </div>
  );
}

function History({ address }: { readonly address: string }) {
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
    <section class="panel">
      <h2>History</h2>
      {entries.length === 0 ? (
        <Empty>No transaction yet. Rewards for mining are in the balance, but are no transactions.</Empty>
      ) : (
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Transaction</th>
              <th scope="col">With</th>
              <th scope="col" class="wide-only">
                Block
              </th>
              <th scope="col" class="wide-only">
                Age
              </th>
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
      <td class="wide-only">
        <a href={`#/block/${height}`}>{height.toLocaleString('en')}</a>
      </td>
      <td class="wide-only">
        <Age ms={Date.parse(timestamp)} />
      </td>
      <td class={`number ${isOut ? 'outgoing' : 'incoming'}`}>
        <Amount notches={change} sign={isOut ? '−' : '+'} isAligned />
      </td>
    </tr>
  );
}
