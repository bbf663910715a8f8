/** For somebody who is here for the first time: the way to a payment of one's own. */
import { useState } from 'preact/hooks';
import { network } from '../state/status.ts';
import { lasting } from '../state/storage.ts';
import { hasWallet } from '../wallet/has-wallet.ts';
import { Icon } from './icon.tsx';

const DISMISSED_KEY = 'tally-invited';

export function Invitation() {
  const [isWanted, setWanted] = useState(!hasWallet() && lasting.read(DISMISSED_KEY) === undefined);
  if (!isWanted) return null;
  return (
    <section class="invitation">
      <p>
        <strong>Try it yourself.</strong> Make a wallet in this page,{' '}
        {network.value?.params.subsidy === '0' ? 'be paid' : 'mine a block to it'}, and watch your first
        payment be confirmed.
      </p>
      <a class="button primary" href="#/wallet">
        Make a wallet
      </a>
      <button
        type="button"
        class="plain"
        aria-label="Not now"
        onClick={() => {
          lasting.write(DISMISSED_KEY, 'yes');
          setWanted(false);
        }}
      >
        <Icon name="close" />
      </button>
    </section>
  );
}
