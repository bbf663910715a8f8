/** How money comes to the chosen account. */
import { useEffect, useState } from 'preact/hooks';
import { formatAddress } from '../../client/address.ts';
import { DEFAULT_API_URL } from '../../client/tally-client.ts';
import { Amount } from '../components/amount.tsx';
import { CopyButton, FullText } from '../components/identifier.tsx';
import { MineBlocks } from '../components/mine-blocks.tsx';
import { counted } from '../state/activity.ts';
import { tip } from '../state/blocks.ts';
import { apiUrl } from '../state/daemon.ts';
import { chosenNode } from '../state/nodes.ts';
import { network } from '../state/status.ts';
import { subsidyAt } from '../state/supply.ts';
import { useBalance } from './balance.ts';
import { accounts, chosen } from './kept-wallet.ts';

export function Receive() {
  const account = accounts.value[chosen.value];
  const definition = network.value;
  const address = account === undefined ? '' : formatAddress(account.address);
  const { value } = useBalance(address);
  const [isOpen, setOpen] = useState(false);
  const isEmpty = value !== undefined && BigInt(value.balance) === 0n && BigInt(value.pending.balance) === 0n;
  // Stays open once there is something: what came of it is told in there.
  useEffect(() => {
    if (isEmpty) setOpen(true);
  }, [isEmpty]);
  if (account === undefined || definition === undefined) return null;
  const reward = subsidyAt(definition.params, (tip.value?.height ?? 0) + 1);
  // Of several daemons on one page, the one that is looked at: the page's own address is no API for others.
  const api = chosenNode.value?.url ?? apiUrl.value;
  const elsewhere = api === DEFAULT_API_URL ? '' : ` --api ${api}`;
  const command = `npx tally send ${address} 10 --wait${elsewhere}`;
  return (
    <details
      class={`panel receive ${isEmpty ? '' : 'has-money'}`}
      open={isOpen}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary data-next-step>
        <h2>{isEmpty ? 'It is empty: how money comes here' : 'Be paid'}</h2>
      </summary>
      <p class="whole-address">
        <FullText text={address} what="the address" />
      </p>
      {reward === 0n ? (
        <p>
          No money is made on this network any more: a block brings its miner fees alone. Give this address to
          an account that has some.
        </p>
      ) : (
        <p>
          Money is made by mining: the miner of a block gets <Amount notches={reward} />. Let this daemon look
          for one for you.
          {definition.params.halfLife > 0 &&
            ` Everybody together finds one about every ${counted(definition.params.blockInterval / 1_000, 'second')}.`}
        </p>
      )}
      <MineBlocks
        key={address}
        blocks={1}
        label="Mine a block to this account"
        miner={address}
        isPrimary={isEmpty && reward > 0n}
        done={reward === 0n ? 'Found. What fees it has are yours.' : 'Found. The reward is yours.'}
      />
      <p class="muted">
        Or have the daemon’s own wallet pay you, in a terminal of its machine (with <code>--data</code> if its
        data folder is not the usual one):
      </p>
      <p class="command">
        <code>{command}</code>
        <CopyButton text={command} what="the command" />
      </p>
    </details>
  );
}
