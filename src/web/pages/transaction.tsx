/** One transaction: whether it is safe yet, who paid whom, and what it carries. */

import type { LookupJson } from '../../client/contract.ts';
import { Age, formatTime } from '../components/age.tsx';
import { Amount } from '../components/amount.tsx';
import { Fact, Facts } from '../components/facts.tsx';
import { Icon } from '../components/icon.tsx';
import { AddressLink, BlockLink, CopyButton, FullText } from '../components/identifier.tsx';
import { Notice, Waiting } from '../components/notices.tsx';
import { reorganisation, tip } from '../state/blocks.ts';
import { isNotFound, useLoaded } from '../state/loaded.ts';
import { feeRate, sizeOf } from '../state/pool.ts';
import { recordOf, textOf } from '../state/records.ts';

/** By then nothing short of an attack takes it back; see the published numbers of the simulator. */
const WELL_BURIED = 6;

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
            <State lookup={lookup} />
          </h1>
        </div>
      </header>
      <Burial lookup={lookup} />
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
          <Fact name="Size">{sizeOf(transaction).toLocaleString('en')} bytes</Fact>
          <Fact name="Sequence">{sequence.toLocaleString('en')}</Fact>
          <Fact name="Signature">
            <FullText text={signature} what="the signature" />
          </Fact>
        </Facts>
      </section>
    </div>
  );
}

function State({ lookup }: { readonly lookup: LookupJson }) {
  if (lookup.status === 'pending') return <span class="state waiting-state">waiting</span>;
  const { confirmations } = lookup;
  return (
    <span class="state good">
      {confirmations.toLocaleString('en')} confirmation{confirmations === 1 ? '' : 's'}
    </span>
  );
}

/** How deep it lies, a notch for each block. */
function Burial({ lookup }: { readonly lookup: LookupJson }) {
  const depth = Math.min(WELL_BURIED, lookup.confirmations);
  return (
    <div class="burial">
      <span class="burial-notches" aria-hidden="true">
        {Array.from({ length: WELL_BURIED }, (_, index) => (
          <i key={index} class={index < depth ? 'lit' : ''} />
        ))}
      </span>
      <span class="muted">
        {lookup.status === 'pending'
          ? 'In the pool: it waits for a miner to take it into a block.'
          : depth < WELL_BURIED
            ? `Each block on top makes it harder to take back; after ${WELL_BURIED} it is well buried.`
            : 'Well buried: to take it back, somebody would have to redo the work of all blocks on top.'}
      </span>
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
