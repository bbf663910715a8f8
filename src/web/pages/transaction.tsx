/** One transaction: whether it is safe yet, who paid whom, and what it carries. */

import type { LookupJson } from '../../client/contract.ts';
import { Said, useAction } from '../components/action.tsx';
import { Age, formatTime } from '../components/age.tsx';
import { Amount } from '../components/amount.tsx';
import { Burial, ConfirmationState } from '../components/burial.tsx';
import { Button } from '../components/button.tsx';
import { Fact, Facts } from '../components/facts.tsx';
import { Icon } from '../components/icon.tsx';
import { AddressLink, BlockLink, CopyButton, FullText } from '../components/identifier.tsx';
import { Notice, Waiting } from '../components/notices.tsx';
import { downloadReceipt, type ReceiptForm } from '../receipt/make-receipt.ts';
import { counted } from '../state/activity.ts';
import { reorganisation, tip } from '../state/blocks.ts';
import { isNotFound, useLoaded } from '../state/loaded.ts';
import { feeRate, sizeOf } from '../state/pool.ts';
import { recordOf, textOf } from '../state/records.ts';

export function TransactionPage({ id }: { readonly id: string }) {
  const { error, value } = useLoaded(
    (client, signal) => client.call('transaction', { params: { id } }, { signal }),
    id,
    reorganisation.value,
    tip.value?.id,
  );
  if (isNotFound(error)) {
    return (
      <div class="page">
        <h1>No such transaction</h1>
        <Notice title="It is neither on the chain nor in this daemon's pool.">
          <p>
            If it was sent a moment ago, it may still be on its way here; this page looks again with every
            block.
          </p>
        </Notice>
      </div>
    );
  }
  if (value === undefined) return <Waiting />;
  return <Transaction lookup={value} />;
}

function Transaction({ lookup }: { readonly lookup: LookupJson }) {
  const { blockId, height, transaction } = lookup;
  const { amount, data, fee, id, recipient, sender, sequence, signature } = transaction;
  return (
    <div class="page">
      <header class="page-head">
        <div>
          <p class="kicker">{recordOf(transaction) === undefined ? 'Payment' : 'Record'}</p>
          <h1>
            <Amount notches={amount} />
            <ConfirmationState {...lookup} />
          </h1>
        </div>
      </header>
      <Burial {...lookup} />
      <div class="panel transfer">
        <span>
          <small>From</small>
          <AddressLink address={sender} />
          <CopyButton text={sender} what="the sender" />
        </span>
        <Icon name="arrow" />
        <span>
          <small>To</small>
          <AddressLink address={recipient} />
          <CopyButton text={recipient} what="the recipient" />
        </span>
      </div>
      <Carried data={data} record={recordOf(transaction)} />
      {lookup.status === 'confirmed' && <Receipt id={id} />}
      <section class="panel">
        <h2 class="hidden">Details</h2>
        <Facts>
          <Fact name="Id">
            <FullText text={id} what="the transaction's id" />
          </Fact>
          {blockId !== undefined && height !== undefined && (
            <Fact name="Block">
              <a href={`#/block/${blockId}`}>{height.toLocaleString('en')}</a>{' '}
              <span class="muted">
                (<BlockLink id={blockId} />, place {(lookup.index ?? 0) + 1})
              </span>
            </Fact>
          )}
          {lookup.timestamp !== undefined && (
            <Fact name="Confirmed">
              {formatTime(Date.parse(lookup.timestamp))}{' '}
              <span class="muted">
                (<Age ms={Date.parse(lookup.timestamp)} />)
              </span>
            </Fact>
          )}
          <Fact name="Fee">
            <Amount notches={fee} />{' '}
            <span class="muted">({feeRate(transaction).toFixed(2)} notches a byte)</span>
          </Fact>
          <Fact name="Size">{counted(sizeOf(transaction), 'byte')}</Fact>
          <Fact name="Sequence">{sequence.toLocaleString('en')}</Fact>
          <Fact name="Signature">
            <FullText text={signature} what="the signature" />
          </Fact>
        </Facts>
      </section>
    </div>
  );
}

function Carried({ data, record }: { readonly data: string; readonly record: ReturnType<typeof recordOf> }) {
  if (data === '') return null;
  const text = textOf(data);
  return (
    <section class="panel">
      <h2>{record !== undefined ? 'Fingerprint of a file' : text !== undefined ? 'Memo' : 'Data'}</h2>
      {record !== undefined ? (
        <Facts>
          <Fact name="SHA-256">
            <FullText text={record.digest} what="the fingerprint" />
          </Fact>
          {record.note !== '' && <Fact name="Note">{record.note}</Fact>}
        </Facts>
      ) : text !== undefined ? (
        <blockquote class="memo">{text}</blockquote>
      ) : (
        <FullText text={data} what="the data" />
      )}
    </section>
  );
}

/** Anybody may have one, for it proves what everybody can see. */
function Receipt({ id }: { readonly id: string }) {
  const { isBusy, run, said } = useAction();
  const make = (form: ReceiptForm) =>
    run(async () => {
      await downloadReceipt(id, id.slice(0, 12), form);
      return '';
    });
  return (
    <section class="panel">
      <h2>Receipt</h2>
      <p>
        A file that proves, without any daemon, that this is in a block, and how much work lies on top.{' '}
        <a href="#/verify">Verify one</a>
      </p>
      <div class="action spaced">
        <Button isBusy={isBusy} onClick={() => make('json')}>
          Download as JSON
        </Button>
        <Button isBusy={isBusy} onClick={() => make('compact')}>
          Compact form
        </Button>
        <Said text={said} />
      </div>
    </section>
  );
}
