/** The wallet of this page: for networks that one tries things on. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { formatAddress } from '../../client/address.ts';
import { download } from '../components/download.ts';
import { History } from '../components/history.tsx';
import { Notice } from '../components/notices.tsx';
import { StepTitle } from '../components/step-title.tsx';
import { Accounts, Total } from './accounts.tsx';
import { accounts, chosen, forget, isKept, kept, keyFileText, lock, unlock } from './kept-wallet.ts';
import { AskPassphrase } from './passphrase.tsx';
import { Receive } from './receive.tsx';
import { RecordFile } from './record-file.tsx';
import { Send } from './send.tsx';
import { SentList } from './sent-list.tsx';
import { Welcome } from './welcome.tsx';

const TASKS = [
  { task: '', name: 'Pay' },
  { task: 'record', name: 'Record a file' },
  { task: 'history', name: 'History' },
] as const;

/** @param argument of TASKS */
export function WalletPage({ argument }: { readonly argument: string }) {
  const { kind } = kept.value;
  return (
    <div class="page wallet">
      <header class="page-head">
        <div>
          <p class="kicker">Wallet</p>
          <h1>{kind === 'none' ? 'Pay, and put files on record' : <Total />}</h1>
        </div>
        {kind === 'open' && (
          <button type="button" class="button" onClick={lock}>
            Lock
          </button>
        )}
      </header>
      <Warning />
      {!isKept.value && <NotKept hasWallet={kind !== 'none'} />}
      <Contents task={argument} />
    </div>
  );
}

function Contents({ task }: { readonly task: string }) {
  const now = kept.value;
  switch (now.kind) {
    case 'none':
      return <Welcome />;
    case 'damaged':
      return (
        <Notice title="The wallet kept in this browser cannot be read.">
          <p>{now.reason}.</p>
          <Removal />
        </Notice>
      );
    case 'locked':
      return (
        <Sides
          left={
            <>
              <Accounts />
              <SentList />
            </>
          }
        >
          <section class="panel">
            <StepTitle>Locked</StepTitle>
            <AskPassphrase onGiven={unlock} />
          </section>
          <Keeping />
        </Sides>
      );
    case 'open':
      return (
        <Sides
          left={
            <>
              <Accounts />
              <SentList />
              <Receive key={chosen.value} />
            </>
          }
        >
          <section class="panel">
            <nav class="tasks" aria-label="What to do" data-keeps-focus>
              {TASKS.map(({ name, task: one }) => (
                <a key={one} href={`#/wallet/${one}`} aria-current={one === task ? 'page' : undefined}>
                  {name}
                </a>
              ))}
            </nav>
            <Task task={task} />
          </section>
          <Keeping />
        </Sides>
      );
  }
}

function Sides({
  children,
  left,
}: {
  readonly left: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  return (
    <div class="sides">
      <div class="side">{left}</div>
      <div class="side">{children}</div>
    </div>
  );
}

function Task({ task }: { readonly task: string }) {
  const account = accounts.value[chosen.value];
  if (task === 'record') return <RecordFile key={chosen.value} />;
  if (task !== 'history') return <Send key={chosen.value} />;
  return account === undefined ? null : <History address={formatAddress(account.address)} isPlain />;
}

function Warning() {
  return (
    <details class="warning">
      <summary>For trying things out, not for money that matters.</summary>
      <p>
        Keys in a web page are only as safe as the browser: an extension, another program or a page this
        daemon did not make could read them while the wallet is open. It locks itself after five minutes
        without use. For more than play money use the command line: <code>npx tally wallet</code>.
      </p>
    </details>
  );
}

/** Said before there is a wallet, and before money goes to it. */
function NotKept({ hasWallet }: { readonly hasWallet: boolean }) {
  return (
    <Notice title="This browser keeps nothing for this page.">
      <p>
        {hasWallet ? 'This wallet' : 'A wallet made here'} is gone when this tab is closed or loaded again,
        and only its 24 words or its key file bring it back
        {hasWallet
          ? ': download the file below before money goes to it.'
          : '. To keep one, let this page store data, in the browser’s settings for cookies, and load it again.'}
      </p>
    </Notice>
  );
}

/** The wallet as a thing: taking a copy, or taking it away. */
function Keeping() {
  return (
    <section class="panel keeping">
      <h2>This wallet</h2>
      <div class="action">
        <button type="button" class="button" onClick={() => download('tally-wallet.json', keyFileText())}>
          Download its key file
        </button>
        <Removal />
      </div>
      <p class="muted">
        The key file is encrypted by the same passphrase; <code>npx tally wallet import</code> reads it, too.
      </p>
    </section>
  );
}

function Removal() {
  const [isAsking, setAsking] = useState(false);
  if (!isAsking) {
    return (
      <button type="button" class="button" onClick={() => setAsking(true)}>
        Remove from this browser
      </button>
    );
  }
  return (
    <div class="refusal" role="alert">
      <p>Only its 24 words or its key file bring it back.</p>
      <div class="action">
        <button type="button" class="button" onClick={forget}>
          Remove it
        </button>
        <button type="button" class="button" data-next-step onClick={() => setAsking(false)}>
          Leave it
        </button>
      </div>
    </div>
  );
}
