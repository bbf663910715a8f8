/** A payment: what is to be paid, a look at it before it is signed, and the way to the pool. */
import { useState } from 'preact/hooks';
import { formatAddress, readAddress } from '../../client/address.ts';
import { formatTally, parseAmount } from '../../client/amount.ts';
import { Said, useAction } from '../components/action.tsx';
import { Amount } from '../components/amount.tsx';
import { Button } from '../components/button.tsx';
import { Fact, Facts } from '../components/facts.tsx';
import { AddressLink, shortAddress } from '../components/identifier.tsx';
import { Notice } from '../components/notices.tsx';
import { StepTitle } from '../components/step-title.tsx';
import { counted } from '../state/activity.ts';
import { tip } from '../state/blocks.ts';
import { nameOf } from './accounts.tsx';
import { useBalance } from './balance.ts';
import { accounts, payer } from './kept-wallet.ts';
import { submit } from './submit.ts';
import { leastFee, shortfall } from './terms.ts';
import { TextField } from './text-field.tsx';

/** Of the ledger's rules. */
const MAX_MEMO_BYTES = 1_024;

interface Draft {
  readonly to: string;
  readonly amount: bigint;
  readonly fee: bigint;
  readonly memo: Uint8Array<ArrayBuffer>;
}

export function Send() {
  const from = payer.value;
  const address = from === undefined ? '' : formatAddress(from.address);
  const { value: account } = useBalance(address);
  const [to, setTo] = useState('');
  const [amount, setAmount] = useState('');
  const [memo, setMemo] = useState('');
  /** Undefined: the least, whatever the memo. */
  const [fee, setFee] = useState<string>();
  const [isReviewed, setReviewed] = useState(false);
  if (from === undefined) return null;
  if (from.kind === 'watch-only') {
    return <Notice title="This account is only watched: its key is elsewhere, so it cannot pay." />;
  }
  const data = new TextEncoder().encode(memo);
  const least = leastFee(data.length);
  const read = {
    to: reading(to.trim(), (text) => formatAddress(readAddress(text))),
    amount: reading(amount.trim(), parseAmount),
    fee: reading(fee?.trim() ?? formatTally(least), parseAmount),
    memo:
      data.length > MAX_MEMO_BYTES
        ? {
            refusal: `it has ${counted(data.length, 'byte')}; at most ${MAX_MEMO_BYTES.toLocaleString('en')} fit`,
          }
        : { value: data },
  };
  const available = BigInt(account?.pending.balance ?? '0');
  const isWhole = Object.values(read).every(({ value }) => value !== undefined) && account !== undefined;
  const draft = {
    to: read.to.value ?? '',
    amount: read.amount.value ?? 0n,
    fee: read.fee.value ?? 0n,
    memo: data,
  };
  const lacking = account === undefined ? undefined : shortfall(draft, account);
  const clear = () => {
    setTo('');
    setAmount('');
    setMemo('');
    setFee(undefined);
    setReviewed(false);
  };
  if (isReviewed && isWhole) {
    return <Review draft={draft} available={available} back={() => setReviewed(false)} onSent={clear} />;
  }
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        setReviewed(true);
      }}
    >
      <TextField label="To" value={to} set={setTo} refusal={read.to.refusal} placeholder="tally1…" />
      <Suggestions set={setTo} own={address} />
      <div class="pair">
        <TextField
          label="Amount"
          value={amount}
          set={setAmount}
          refusal={read.amount.refusal}
          placeholder="1.5"
          hint="in tally; or write 1500000 notches"
        />
        <TextField
          label="Fee"
          value={fee ?? formatTally(least)}
          set={setFee}
          refusal={read.fee.refusal}
          hint={
            read.fee.value !== undefined && read.fee.value < least
              ? `less than the ${formatTally(least)} this daemon asks for`
              : 'in tally; filled in with the least this daemon takes'
          }
        />
      </div>
      <TextField
        label="Memo"
        value={memo}
        set={setMemo}
        refusal={read.memo.refusal}
        hint="may be left out; everybody can read it, for good"
      />
      {lacking !== undefined && draft.amount > 0n ? (
        <p class="refusal" role="alert">
          {lacking}
        </p>
      ) : (
        <p class="muted">
          {account === undefined ? (
            'Asking what there is…'
          ) : read.amount.value === undefined ? (
            <>
              There is <Amount notches={available} />
            </>
          ) : (
            <>
              Left afterwards: <Amount notches={available - draft.amount - draft.fee} />
            </>
          )}
        </p>
      )}
      <div class="action">
        <button type="submit" class="button primary" disabled={!isWhole || lacking !== undefined}>
          Review the payment
        </button>
      </div>
    </form>
  );
}

interface ReviewProps {
  readonly draft: Draft;
  /** Notches. */
  readonly available: bigint;
  readonly back: () => void;
  readonly onSent: () => void;
}

function Review({ available, back, draft, onSent }: ReviewProps) {
  const { isBusy, run, said } = useAction();
  const { amount, fee, memo, to } = draft;
  const from = payer.value;
  const send = () =>
    run(async () => {
      if (from === undefined) throw new Error('the wallet is locked: unlock it, and try again');
      await submit(from, { to, amount, fee, ...(memo.length === 0 ? {} : { data: memo }) });
      onSent();
      return '';
    });
  return (
    <div class="form">
      <StepTitle>Is this right?</StepTitle>
      <Facts>
        <Fact name="Pay">
          <strong>
            <Amount notches={amount} />
          </strong>
        </Fact>
        <Fact name="To">
          <AddressLink address={to} isPlain />
          <br />
          <code>{to}</code>
        </Fact>
        {memo.length > 0 && <Fact name="Memo">{new TextDecoder().decode(memo)}</Fact>}
        <Fact name="Fee">
          <Amount notches={fee} />
        </Fact>
        <Fact name="Left afterwards">
          <Amount notches={available - amount - fee} />
        </Fact>
      </Facts>
      <p class="muted">Nobody can call it back.</p>
      <Said text={said} />
      <div class="action">
        <Button class="primary" isBusy={isBusy} onClick={send}>
          {isBusy ? 'Sending…' : 'Send'}
        </Button>
        <Button isBusy={isBusy} onClick={back}>
          Change it
        </Button>
      </div>
    </div>
  );
}

/** Somebody who tries it has nobody to pay yet. */
function Suggestions({ own, set }: { readonly own: string; readonly set: (address: string) => void }) {
  const mine = accounts.value.slice(0, 4).map(({ address, index, name }) => ({
    address: formatAddress(address),
    label: nameOf({ index, name }),
  }));
  const miner = tip.value !== undefined && tip.value.height > 0 ? tip.value.miner : undefined;
  const isKnown = miner === undefined || mine.some(({ address }) => address === miner);
  const suggested = [
    ...mine.filter(({ address }) => address !== own),
    ...(isKnown ? [] : [{ address: miner, label: `miner of the last block, ${shortAddress(miner)}` }]),
  ];
  if (suggested.length === 0) return null;
  return (
    <p class="suggestions">
      <span class="muted">Nobody to pay yet?</span>
      {suggested.map(({ address, label }) => (
        <button key={address} type="button" class="chip" onClick={() => set(address)}>
          {label}
        </button>
      ))}
    </p>
  );
}

interface Read<T> {
  readonly value?: T;
  readonly refusal?: string;
}

/** Nothing yet is no mistake. */
function reading<T>(text: string, parse: (text: string) => T): Read<T> {
  if (text === '') return {};
  try {
    return { value: parse(text) };
  } catch (error) {
    return { refusal: error instanceof Error ? error.message : String(error) };
  }
}
