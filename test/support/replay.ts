/** Balances from nothing but the blocks: what every node's state must equal. */
import type { Chain } from '../../src/chain/chain.ts';
import { invariant } from '../../src/core/errors.ts';
import type { Address } from '../../src/core/identifiers.ts';
import { type Account, applyBlock, EMPTY_ACCOUNT, genesisState } from '../../src/core/state.ts';

export function replayedBalances(chain: Chain): Map<Address, Account> {
  const { params } = chain.network;
  const accounts = genesisState(params);
  for (let height = 1; height <= chain.tip.height; height++) {
    const record = chain.atHeight(height);
    const block = record && chain.block(record);
    invariant(block !== undefined, 'the main chain has every body');
    const changes = applyBlock(
      params,
      block.sealed.header,
      block.transactions,
      (address) => accounts.get(address) ?? EMPTY_ACCOUNT,
    );
    for (const [address, { after }] of changes) accounts.set(address, after);
  }
  return accounts;
}
