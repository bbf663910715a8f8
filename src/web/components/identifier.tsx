/** Ids and addresses, shortened to the digits that tell them apart, with the whole one to copy. */
import { useState } from 'preact/hooks';
import { AddressMark } from './address-mark.tsx';
import { copyText } from './copy-text.ts';
import { Icon } from './icon.tsx';

const DIGITS = 6;
const ADDRESS_PREFIX = 'tally1';
const OUTCOME_SHOWN_MS = 1_600;

/** Block ids begin with zeros, for that is the proof of work; they say little, so they are only hinted at. */
function ShortId({ id }: { readonly id: string }) {
  const zeros = /^0{4,}/.exec(id)?.[0].length ?? 0;
  const rest = id.slice(zeros);
  return (
    <span class="short-id" title={id}>
      {zeros > 0 && <span class="zeros">0…</span>}
      {rest.slice(0, DIGITS)}
      <span class="zeros">…</span>
      {id.slice(-DIGITS)}
    </span>
  );
}

export function shortAddress(address: string): string {
  return `${address.slice(ADDRESS_PREFIX.length, ADDRESS_PREFIX.length + 5)}…${address.slice(-5)}`;
}

export function AddressLink({
  address,
  isPlain = false,
}: {
  readonly address: string;
  readonly isPlain?: boolean;
}) {
  return (
    <span class="address">
      <AddressMark address={address} size={18} />
      {isPlain ? (
        <span title={address}>{shortAddress(address)}</span>
      ) : (
        <a href={`#/address/${address}`} title={address}>
          {shortAddress(address)}
        </a>
      )}
    </span>
  );
}

export function BlockLink({ id }: { readonly id: string }) {
  return (
    <a href={`#/block/${id}`}>
      <ShortId id={id} />
    </a>
  );
}

export function TransactionLink({ id }: { readonly id: string }) {
  return (
    <a href={`#/transaction/${id}`}>
      <ShortId id={id} />
    </a>
  );
}

/** All of it, breaking where it must, and a button that copies it. */
export function FullText({ text, what }: { readonly text: string; readonly what: string }) {
  return (
    <span class="full-text">
      <code>{text}</code>
      <CopyButton text={text} what={what} />
    </span>
  );
}

export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const [outcome, setOutcome] = useState<'copied' | 'refused'>();
  const copy = async () => {
    setOutcome((await copyText(text)) ? 'copied' : 'refused');
    setTimeout(() => setOutcome(undefined), OUTCOME_SHOWN_MS);
  };
  return (
    <button type="button" class="copy" onClick={() => void copy()} aria-label={`Copy ${what}`}>
      <Icon name={outcome === undefined ? 'copy' : outcome === 'copied' ? 'check' : 'close'} />
      <span class="hidden" aria-live="polite">
        {outcome === 'copied' && 'Copied'}
        {outcome === 'refused' && 'The browser does not let this page copy: select the text'}
      </span>
    </button>
  );
}
