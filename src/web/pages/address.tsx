/** One address: what it has, and every transaction from or to it. */
import { AddressMark } from '../components/address-mark.tsx';
import { Amount } from '../components/amount.tsx';
import { Figure } from '../components/facts.tsx';
import { History } from '../components/history.tsx';
import { FullText, shortAddress } from '../components/identifier.tsx';
import { Notice, Waiting } from '../components/notices.tsx';
import { nounFor } from '../state/activity.ts';
import { tip } from '../state/blocks.ts';
import { isNotFound, useLoaded } from '../state/loaded.ts';

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
        <Figure name={nounFor(sequence, 'transaction sent', 'transactions sent')}>
          {sequence.toLocaleString('en')}
        </Figure>
      </div>
      <History key={address} address={address} />
    </div>
  );
}
