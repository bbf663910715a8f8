/** What was sent from here and how it fares: waiting, confirmed, taken back by a reorganisation, confirmed again. */
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { LookupJson } from '../../client/contract.ts';
import { Said, useAction } from '../components/action.tsx';
import { Amount } from '../components/amount.tsx';
import { Burial, ConfirmationState, WELL_BURIED } from '../components/burial.tsx';
import { Button } from '../components/button.tsx';
import { Icon } from '../components/icon.tsx';
import { AddressLink } from '../components/identifier.tsx';
import { downloadReceipt } from '../receipt/make-receipt.ts';
import { counted } from '../state/activity.ts';
import { reorganisation, tip } from '../state/blocks.ts';
import { client } from '../state/daemon.ts';
import { isNotFound, useLoaded } from '../state/loaded.ts';
import { dismiss, noteReceipt, noteSubmitted, type Sent, sent } from './sent.ts';
import { inFlight } from './submit.ts';

/** Until somebody wants to see more. */
const SHOWN = 3;

export function SentList() {
  const [isWhole, setWhole] = useState(false);
  const list = useRef<HTMLUListElement>(null);
  const newest = sent.value.find(({ isSubmitted }) => isSubmitted)?.payment.id;
  const known = useRef(newest);
  useLayoutEffect(() => {
    // It may be below the form that has just been sent; what follows is to see how it fares.
    if (newest !== undefined && newest !== known.current) {
      list.current?.scrollIntoView({ block: 'center' });
      list.current?.querySelector('a')?.focus({ preventScroll: true });
    }
    known.current = newest;
  }, [newest]);
  if (sent.value.length === 0) return null;
  return (
    <section class="panel">
      <h2>Sent from here</h2>
      <ul class="sent-list" ref={list}>
        {sent.value.slice(0, isWhole ? undefined : SHOWN).map((one) => (
          <li key={one.payment.id}>
            <Payment sent={one} />
          </li>
        ))}
      </ul>
      {!isWhole && sent.value.length > SHOWN && (
        <button type="button" class="button more" onClick={() => setWhole(true)}>
          Show {sent.value.length - SHOWN} more
        </button>
      )}
    </section>
  );
}

function Payment({ sent: one }: { readonly sent: Sent }) {
  const { payment } = one;
  if (one.isSubmitted) return <Followed sent={one} />;
  return (
    <>
      <Head sent={one} />
      {inFlight.value === payment.id ? (
        <p class="muted">On its way to the daemon…</p>
      ) : (
        <Again sent={one}>It may not have reached the daemon.</Again>
      )}
    </>
  );
}

function Followed({ sent: one }: { readonly sent: Sent }) {
  const { file, payment } = one;
  const { error, value } = useLoaded(
    (api, signal) => api.transaction(payment.id, { signal }),
    payment.id,
    tip.value?.id,
    reorganisation.value,
  );
  const wasTakenBack = useTakenBack(value);
  return (
    <>
      <Head sent={one} lookup={error === undefined ? value : undefined} />
      {isNotFound(error) ? (
        <Again sent={one}>This daemon does not know it, or does not any more.</Again>
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

interface HeadProps {
  readonly sent: Sent;
  readonly lookup?: LookupJson | undefined;
}

function Head({ lookup, sent: { amount, file, payment, to } }: HeadProps) {
  return (
    <div class="sent-head">
      <a href={`#/transaction/${payment.id}`}>
        {file === undefined ? <Amount notches={amount} /> : `Record of ${file.name}`}
      </a>
      {file === undefined && (
        <span class="muted">
          to <AddressLink address={to} isPlain />
        </span>
      )}
      {lookup !== undefined && <ConfirmationState {...lookup} />}
      <button
        type="button"
        class="plain"
        onClick={() => dismiss(payment.id)}
        aria-label="Take it off this list"
      >
        <Icon name="close" />
      </button>
    </div>
  );
}

/** Whether it was in a block before, and is in none now. */
function useTakenBack(value: LookupJson | undefined): boolean {
  const wasConfirmed = useRef(false);
  if (value !== undefined && value.confirmations > 0) wasConfirmed.current = true;
  return value?.status === 'pending' && wasConfirmed.current;
}

interface AgainProps {
  readonly sent: Sent;
  /** Why. */
  readonly children: ComponentChildren;
}

/** However often it is submitted, it is paid once. */
function Again({ children, sent: { payment } }: AgainProps) {
  const { isBusy, run, said } = useAction();
  const again = () =>
    run(async () => {
      await client.value.submit(payment);
      noteSubmitted(payment.id);
      return 'Sent again: the next block tells how it fares.';
    });
  return (
    <div class="action">
      <p>{children}</p>
      <Button isBusy={isBusy} onClick={again}>
        Send it again
      </Button>
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
          Its receipt is downloaded after {counted(file.confirmations, 'confirmation')}, while this page is
          open.
        </p>
      )}
      {confirmations > 0 && (
        <div class="action">
          <Button isBusy={isBusy} onClick={make}>
            {file.hasReceipt && confirmations < WELL_BURIED
              ? 'Download a later receipt'
              : 'Download the receipt'}
          </Button>
          <a href="#/verify">Verify it</a>
          <Said text={said} />
        </div>
      )}
    </>
  );
}
