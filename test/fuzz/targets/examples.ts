/** Valid blocks and payments to begin with, the same in every run. */
import type { CheckedBlock, CheckedTransaction } from '../../../src/chain/records.ts';
import { BlockMaker, type Key, payment, testKey, testNetwork } from '../../support/ledger.ts';

export const RICH: Key = testKey(1);
export const POOR: Key = testKey(2);
/** What `RICH` has at the genesis. */
const RICH_NOTCHES = 1_000_000_000_000n;

export const NETWORK = testNetwork({ allocations: [{ address: RICH.publicKey, amount: RICH_NOTCHES }] });

export function examplePayments(count = 3): CheckedTransaction[] {
  return Array.from({ length: count }, (_, index) =>
    payment(NETWORK, {
      from: RICH,
      to: POOR.address,
      sequence: index,
      data: new Uint8Array(index * 5).fill(index),
      fee: 10_000n,
    }),
  );
}

/** On the genesis, each after the one before: empty, with one payment, with two. */
export function exampleBlocks(): CheckedBlock[] {
  const maker = new BlockMaker(NETWORK);
  const [first, ...others] = examplePayments() as [CheckedTransaction, ...CheckedTransaction[]];
  const empty = maker.block(maker.genesis);
  const one = maker.block(empty, { transactions: [first], miner: POOR.address });
  return [empty, one, maker.block(one, { transactions: others })];
}
