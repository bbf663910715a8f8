/** What was sent from here and how it fares: waiting, confirmed, taken back by a reorganisation, confirmed again. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { LookupJson } from '../../client/contract.ts';
import { Said, useAction } from '../components/action.tsx';
import { Amount } from '../components/amount.tsx';
import { Burial, ConfirmationState, WELL_BURIED } from '../components/burial.tsx';
import { Icon } from '../components/icon.tsx';
import { AddressLink } from '../components/identifier.tsx';
import { downloadReceipt } from '../receipt/make-receipt.ts';
import { reorganisation, tip } from '../state/blocks.ts';
import { client } from '../state/daemon.ts';
import { isNotFound, useLoaded } from '../state/loaded.ts';
import { dismiss, noteReceipt, type Sent, sent } from './sent.ts';

export function SentList() {
  if (sent.value.length === 0) return null;
  return (
    <section class="panel">
      <h2>Sent from here</h2>
      <ul class="sent-list">
        {sent.value.map((one) => (
          <li key={one.payment.id}>
            <Payment sent={one} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Payment({ sent: one }: { readonly sent: Sent }) {
  const { amount, file, payment, to } = one;
  const { error, value } = useLoaded(
    (api, signal) => api.transaction(payment.id, { signal }),
    payment.id,
    tip.value?.id,
    reorganisation.value,
  );
  const wasTakenBack = useTakenBack(value);
  return (
    <>
      <div class="sent-head">
        <a href={`#/transaction/${payment.id}`}>
          {file === undefined ? <Amount notches={amount} /> : `Record of ${file.name}`}
        </a>
        {file === undefined && (
          <span class="muted">
            to <AddressLink address={to} isPlain />
          </span>
        )}
        {value !== undefined && error === undefined && <ConfirmationState {...value} />}
        <button
          type="button"
          class="plain"
          onClick={() => dismiss(payment.id)}
          aria-label="Take it off this list"
        >
          <Icon name="close" />
        </button>
      </div>
      {isNotFound(error) ? (
        <Lost sent={one} />
      ) : (
        value !== undefined && (
          <>
            {wasTakenBack && (
              <p class="outcome" role="status">
                A reorganisation took it out of its block. It waits in the pool again; nothing is lost.
              </p>
            )}
            <Burial {...value} />
          </>
        )
      )}
      {file !== undefined && <ReceiptOf sent={one} file={file} confirmations={value?.confirmations ?? 0} />}
    </>
  );
}

/** Whether it was in a block before, and is in none now. */
function useTakenBack(value: LookupJson | undefined): boolean {
  const wasConfirmed = useRef(false);
  if (value !== undefined && value.confirmations > 0) wasConfirmed.current = true;
  return value?.status === 'pending' && wasConfirmed.current;
}

/** The daemon's pool was full, or its folder emptied. */
function Lost({ sent: { payment } }: { readonly sent: Sent }) {
  const { isBusy, run, said } = useAction();
  return (
    <div class="action">
      <p>This daemon does not know it (any more).</p>
      <button
        type="button"
        class="button"
        disabled={isBusy}
        onClick={() =>
          run(async () => {
            await client.value.submit(payment);
            return 'Sent again: it is shown with the next block.';
          })
        }
      >
        Send it again
      </button>
      <Said text={said} />
    </div>
  );
}

interface ReceiptProps {
  readonly sent: Sent;
  readonly file: NonNullable<Sent['file']>;
  readonly confirmations: number;
}

/** Made once it is as deep as was asked for; by hand from the first block on. */
function ReceiptOf({ confirmations, file, sent: { payment } }: ReceiptProps) {
  const { isBusy, run, said } = useAction();
  const [isAsked, setAsked] = useState(false);
  const make = () =>
    run(async () => {
      await downloadReceipt(payment.id, file.name);
      noteReceipt(payment.id);
      return 'The receipt is downloaded. Keep it beside the file.';
    });
  const isDue = confirmations >= file.confirmations && !file.hasReceipt;
  useEffect(() => {
    if (!isDue || isAsked) return;
    setAsked(true);
    make();
  }, [isDue, isAsked]);
  return (
    <>
      {!file.hasReceipt && confirmations < file.confirmations && (
        <p class="muted">
          Its receipt is downloaded after {file.confirmations} confirmation
          {file.confirmations === 1 ? '' : 's'}, while this page is open.
        </p>
      )}
      {confirmations > 0 && (
        <div class="action">
          <button type="button" class="button" disabled={isBusy} onClick={make}>
            {file.hasReceipt && confirmations < WELL_BURIED
              ? 'Download a later receipt'
              : 'Download the receipt'}
          </button>
          <a href="#/verify">Verify it</a>
          <Said text={said} />
        </div>
      )}
    </>
  );
}
