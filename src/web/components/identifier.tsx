/** Ids and addresses, shortened to the digits that tell them apart, with the whole one to copy. */
import { useState } from 'preact/hooks';
import { AddressMark } from './address-mark.tsx';
import { Icon } from './icon.tsx';

const DIGITS = 6;
const ADDRESS_PREFIX = 'tally1';
const COPIED_SHOWN_MS = 1_600;

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
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Only pages from a safe place may: loopback and HTTPS. The text can be selected.
      return;
    }
    setCopied(true);
    setTimeout(() => setCopied(false), COPIED_SHOWN_MS);
  };
  return (
    <button type="button" class="copy" onClick={() => void copy()} aria-label={`Copy ${what}`}>
      <Icon name={isCopied ? 'check' : 'copy'} />
      <span class="hidden" aria-live="polite">
        {isCopied ? 'Copied' : ''}
      </span>
    </button>
  );
}
