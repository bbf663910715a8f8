/** All that a chain says of itself, for comparing two of them to the last balance. */
import type { Chain } from '../../src/chain/chain.ts';
import type { CheckedBlock } from '../../src/chain/records.ts';
import type { StepSizes } from '../../src/chain/step-sizes.ts';
import { bytesToHex } from '../../src/core/hex.ts';
import { type Address, idFromBytes } from '../../src/core/identifiers.ts';
import type { NetworkDefinition } from '../../src/core/network-params.ts';
import { type Account, applyBlock, EMPTY_ACCOUNT, genesisState } from '../../src/core/state.ts';
import type { Store } from '../../src/store/store.ts';

const ALL = 1_000_000;

/** Every move of the tip is a long one, in steps as small as can be. */
export const TINY_STEPS: StepSizes = {
  shortMove: 0,
  transactions: 1,
  places: 1,
  heldPlaces: 0,
  accounts: 1,
  heldAccounts: 0,
};

/** What the store keeps of the state and the main chain; the tree and the pool are not part of it. */
export function stateContents(chain: Chain, store: Store): unknown {
  const addresses = new Set<Address>(store.accounts.page(undefined, ALL).map(([address]) => address));
  const blocks = store.mainChain.from(0, ALL).map((number) => {
    const record = store.blocks.get(number);
    const block = record && chain.block(record);
    if (block !== undefined) addresses.add(idFromBytes(block.sealed.header.miner));
    for (const { transaction } of block?.transactions ?? []) {
      addresses.add(idFromBytes(transaction.sender));
      addresses.add(idFromBytes(transaction.recipient));
    }
    return [
      record?.id,
      record?.height,
      record?.status,
      record && bytesToHex(chain.blockBytes(record) ?? new Uint8Array()),
    ];
  });
  // While a move is settled, rows of addresses that the new chain never met are still there, and hidden.
  const known = [...addresses]
    .sort()
    .map((address) => ({ address, account: chain.account(address), history: historyOf(chain, address) }))
    .filter(({ account, history }) => !isEmpty(account) || history.length > 0);
  return { tip: chain.tip.id, blocks, known };
}

function isEmpty({ balance, sequence }: Account): boolean {
  return balance === 0n && sequence === 0n;
}

function historyOf(chain: Chain, address: Address): readonly unknown[] {
  return chain.history(address, { limit: ALL }).map(({ index, record }) => [record.height, record.id, index]);
}

/** The state after these blocks, by the rules alone. */
export function replay(network: NetworkDefinition, blocks: readonly CheckedBlock[]): Map<Address, Account> {
  const accounts = genesisState(network.params);
  for (const { block } of blocks) {
    const read = (address: Address) => accounts.get(address) ?? EMPTY_ACCOUNT;
    const change = applyBlock(network.params, block.sealed.header, block.transactions, read);
    for (const [address, { after }] of change) {
      if (isEmpty(after)) accounts.delete(address);
      else accounts.set(address, after);
    }
  }
  return accounts;
}
