/** What waits to be mined: how much of it, and each transaction. */
import { useState } from 'preact/hooks';
import type { TransactionJson } from '../../client/schemas.ts';
import type { TallyClient } from '../../client/tally-client.ts';
import { Amount } from '../components/amount.tsx';
import { Figure } from '../components/facts.tsx';
import { AddressLink, TransactionLink } from '../components/identifier.tsx';
import { Empty, Waiting } from '../components/notices.tsx';
import { DataTag } from '../components/transaction-row.tsx';
import { VirtualList } from '../components/virtual-list.tsx';
import { nounFor } from '../state/activity.ts';
import { now } from '../state/clock.ts';
import { useLoaded } from '../state/loaded.ts';
import { feeRate, pool } from '../state/pool.ts';
import { maxBlockBytes, status } from '../state/status.ts';

const PAGE = 1_000;
/** Some 600 bytes each; of a larger pool the oldest are shown. */
const MAX_SHOWN = 5_000;
/** The list is asked for anew no more often, however fast the pool changes. */
const REFRESH_EVERY_MS = 3_000;
const ROW_HEIGHT = 45;
const LIST_HEIGHT = 630;

type Order = 'arrival' | 'fee rate';

export function PoolPage() {
  const [order, setOrder] = useState<Order>('arrival');
  const { count, bytes } = pool.value;
  const period = Math.floor(now.value / REFRESH_EVERY_MS);
  const listed = useLoaded(allOf, 'pool', count === 0 ? 0 : period);
  const sorted = inOrder(listed.value ?? [], order);
  return (
    <div class="page">
      <header class="page-head">
        <div>
          <p class="kicker">Pool</p>
          <h1>Waiting to be mined</h1>
        </div>
      </header>
      <div class="figures">
        <Figure name={nounFor(count, 'transaction')}>{count.toLocaleString('en')}</Figure>
        <Figure name={nounFor(bytes, 'byte')}>{bytes.toLocaleString('en')}</Figure>
        <Figure name="full blocks">{(bytes / maxBlockBytes.value).toFixed(2)}</Figure>
        <Figure name="least fee, notches a byte">{status.value?.pool.minFeeRate ?? '–'}</Figure>
      </div>
      <section class="panel">
        <div class="panel-head">
          <h2>Transactions</h2>
          <fieldset class="choice">
            <legend class="hidden">Order</legend>
            {(['arrival', 'fee rate'] as const).map((one) => (
              <label key={one}>
                <input type="radio" name="order" checked={order === one} onChange={() => setOrder(one)} />
                <span>By {one}</span>
              </label>
            ))}
          </fieldset>
        </div>
        {listed.value === undefined ? (
          <Waiting />
        ) : sorted.length === 0 ? (
          <Empty>Nothing waits: all that was sent is in a block.</Empty>
        ) : (
          <>
            <VirtualList
              items={sorted}
              rowHeight={ROW_HEIGHT}
              height={Math.min(LIST_HEIGHT, (sorted.length + 1) * ROW_HEIGHT)}
              label="Waiting transactions"
              columns={5}
              head={
                <tr>
                  <th scope="col">Transaction</th>
                  <th scope="col" class="roomy-only">
                    From
                  </th>
                  <th scope="col" class="wide-only">
                    To
                  </th>
                  <th scope="col" class="number">
                    Amount
                  </th>
                  <th scope="col" class="number wide-only">
                    Notches a byte
                  </th>
                </tr>
              }
              row={(transaction) => <PoolRow key={transaction.id} transaction={transaction} />}
            />
            {count > MAX_SHOWN && (
              <p class="muted">The {MAX_SHOWN.toLocaleString('en')} that have waited longest are listed.</p>
            )}
          </>
        )}
      </section>
    </div>
  );
}

async function allOf(client: TallyClient, signal: AbortSignal): Promise<readonly TransactionJson[]> {
  const all: TransactionJson[] = [];
  while (all.length < MAX_SHOWN) {
    const page = await client.call('pool', { query: { from: all.length, limit: PAGE } }, { signal });
    all.push(...page.transactions);
    if (page.transactions.length < PAGE) break;
  }
  return all;
}

function inOrder(transactions: readonly TransactionJson[], order: Order): readonly TransactionJson[] {
  if (order === 'arrival') return transactions;
  return [...transactions].sort((a, b) => feeRate(b) - feeRate(a));
}

function PoolRow({ transaction }: { readonly transaction: TransactionJson }) {
  const { amount, id, recipient, sender } = transaction;
  return (
    <tr>
      <td>
        <TransactionLink id={id} />
        <DataTag transaction={transaction} />
      </td>
      <td class="roomy-only">
        <AddressLink address={sender} />
      </td>
      <td class="wide-only">
        {sender === recipient ? <span class="muted">itself</span> : <AddressLink address={recipient} />}
      </td>
      <td class="number">
        <Amount notches={amount} isAligned />
      </td>
      <td class="number wide-only">{feeRate(transaction).toFixed(2)}</td>
    </tr>
  );
}
