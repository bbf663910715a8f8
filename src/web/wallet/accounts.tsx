/** The accounts of the wallet, each with what it has; one of them is chosen, to pay or to be paid. */
import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { formatAddress } from '../../client/address.ts';
import type { PublicAccount } from '../../client/wallet-account.ts';
import { Said, useAction } from '../components/action.tsx';
import { AddressMark } from '../components/address-mark.tsx';
import { Amount } from '../components/amount.tsx';
import { Button } from '../components/button.tsx';
import { shortAddress } from '../components/identifier.tsx';
import { useBalance } from './balance.ts';
import { accounts, change, chosen, kept } from './kept-wallet.ts';

/** Each is asked for every few seconds. A wallet of more is one for the command line. */
const MAX_SHOWN = 20;

/** Notches by address, as far as known. */
const balances = signal<ReadonlyMap<string, bigint>>(new Map());

/** Of what can be paid from here: what is only watched is somewhere else's. */
export function Total() {
  const shown = accounts.value
    .slice(0, MAX_SHOWN)
    .filter(({ kind }) => kind !== 'watch-only')
    .map(({ address }) => balances.value.get(formatAddress(address)));
  if (shown.some((balance) => balance === undefined)) return <>Your wallet</>;
  return <Amount notches={shown.reduce<bigint>((sum, balance) => sum + (balance ?? 0n), 0n)} />;
}

export function Accounts() {
  const all = accounts.value;
  const isOpen = kept.value.kind === 'open';
  return (
    <section class="panel">
      <h2>Accounts</h2>
      <ul class="accounts">
        {all.slice(0, MAX_SHOWN).map((account) => (
          <li key={account.index}>
            <Account account={account} />
          </li>
        ))}
      </ul>
      {all.length > MAX_SHOWN && (
        <p class="muted">And {all.length - MAX_SHOWN} more, which the command line shows.</p>
      )}
      {isOpen && all.length < MAX_SHOWN && <AddAccount />}
    </section>
  );
}

function Account({ account: { address, index, kind, name } }: { readonly account: PublicAccount }) {
  const text = formatAddress(address);
  const { value } = useBalance(text);
  useEffect(() => {
    if (value === undefined) return;
    balances.value = new Map(balances.value).set(text, BigInt(value.balance));
  }, [text, value?.balance]);
  const difference = value === undefined ? 0n : BigInt(value.pending.balance) - BigInt(value.balance);
  return (
    <button
      type="button"
      class="account"
      aria-pressed={chosen.value === index}
      onClick={() => {
        chosen.value = index;
      }}
    >
      <AddressMark address={text} size={28} />
      <span class="account-name">
        <strong>{nameOf({ index, name })}</strong>
        <small title={text}>
          {shortAddress(text)}
          {kind === 'watch-only' && ', watched only'}
        </small>
      </span>
      <span class="account-balance">
        {value === undefined ? '–' : <Amount notches={value.balance} />}
        {difference !== 0n && (
          <small>
            <Amount notches={difference < 0n ? -difference : difference} sign={difference < 0n ? '−' : '+'} />{' '}
            waiting
          </small>
        )}
      </span>
    </button>
  );
}

export function nameOf({ index, name }: Pick<PublicAccount, 'index' | 'name'>): string {
  return name ?? `Account ${index}`;
}

function AddAccount() {
  const [isAsking, setAsking] = useState(false);
  const [name, setName] = useState('');
  const { isBusy, run, said } = useAction();
  const wallet = kept.value.kind === 'open' ? kept.value.wallet : undefined;
  if (wallet?.hasWords !== true) return null;
  if (!isAsking) {
    return (
      <button type="button" class="button more" onClick={() => setAsking(true)}>
        Add an account
      </button>
    );
  }
  const add = () =>
    run(async () => {
      const given = name.trim();
      await change((open) => {
        open.addAccount(given === '' ? undefined : given);
      });
      setName('');
      setAsking(false);
      return '';
    });
  return (
    <form
      class="one-line more"
      onSubmit={(event) => {
        event.preventDefault();
        add();
      }}
    >
      <label class="field">
        <span class="hidden">Its name</span>
        <input
          placeholder="Its name, such as savings"
          autoComplete="off"
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <Button type="submit" isBusy={isBusy}>
        {isBusy ? 'Adding…' : 'Add'}
      </Button>
      <Said text={said} />
    </form>
  );
}
