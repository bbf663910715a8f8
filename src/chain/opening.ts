/** What a store holds when the chain opens on it. */
import type { NetworkDefinition } from '../core/network-params.ts';
import { genesisState } from '../core/state.ts';
import { workOfBits } from '../core/target.ts';
import { damaged, StoreError } from '../store/errors.ts';
import type { Store } from '../store/store.ts';
import type { BlockRecord } from './records.ts';
import { settleStaged } from './staged-state.ts';
import type { StepSizes } from './step-sizes.ts';

/**
 * The tip of the chain a store holds; an empty store gets the genesis. Looks at the first and the last
 * block only: every commit left the store whole. A long move of the tip that was interrupted when it was
 * seen already, but not settled, is settled now.
 *
 * @throws StoreError `damaged`, `foreign`
 */
export function openTip(network: NetworkDefinition, store: Store, sizes: StepSizes): BlockRecord {
  if (store.staged.counts()) for (const _ of settleStaged(store, sizes));
  const number = store.mainChain.tip();
  if (number === undefined) return writeGenesis(network, store);
  const genesis = store.blocks.get(0);
  if (genesis?.id !== network.genesisId) {
    throw new StoreError('foreign', `the store's genesis is ${genesis?.id}, not ${network.name}'s`);
  }
  const tip = store.blocks.get(number);
  if (tip?.status !== 'body' || store.bodies.bytes(number) === undefined) {
    throw damaged('the last block of the chain is not there');
  }
  return tip;
}

function writeGenesis(network: NetworkDefinition, store: Store): BlockRecord {
  if (store.blocks.count() !== 0) throw damaged('there are blocks, but no chain');
  const { sealed, transactions } = network.genesis;
  const genesis: BlockRecord = {
    number: 0,
    id: network.genesisId,
    parent: -1,
    height: 0,
    work: workOfBits(sealed.header.bits),
    sealed,
    status: 'body',
  };
  store.atomically(() => {
    store.blocks.insert(genesis, 0);
    store.bodies.insert(0, transactions);
    store.mainChain.append(0, 0);
    for (const [address, account] of genesisState(network.params)) store.accounts.set(address, account);
  });
  return genesis;
}
