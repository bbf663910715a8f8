import { expect, it } from 'vitest';
import { trustBlock } from '../../src/chain/records.ts';
import { RecentlyConfirmed } from '../../src/node/recently-confirmed.ts';
import { BlockMaker, payment, testKey, testNetwork } from '../support/ledger.ts';

const network = testNetwork();
const maker = new BlockMaker(network);
const paid = payment(network, { from: testKey(1), to: testKey(2).address, sequence: 0 });

it('knows the transactions of a block until it is told to forget', () => {
  const recently = new RecentlyConfirmed();
  recently.add(maker.block(maker.genesis, { transactions: [paid] }));
  expect(recently.get(paid.id)).toEqual(paid);
  recently.clear();
  expect(recently.get(paid.id)).toBeUndefined();
});

it('keeps the last 8,192', () => {
  const recently = new RecentlyConfirmed();
  const { block, id } = maker.block(maker.genesis, { transactions: [paid] });
  const blockOf = (ids: number[]) =>
    trustBlock({
      id,
      block: { ...block, transactions: ids.map(() => paid.signed) },
      transactionIds: ids.map((number) => number.toString(16).padStart(64, '0') as typeof paid.id),
    });
  const numbers = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);
  const idOf = (number: number) => number.toString(16).padStart(64, '0') as typeof paid.id;
  recently.add(blockOf(numbers(0, 8_000)));
  recently.add(blockOf(numbers(8_000, 300)));
  expect(recently.size).toBe(8_192);
  expect(recently.get(idOf(107))).toBeUndefined();
  expect(recently.get(idOf(108))?.id).toBe(idOf(108));
  recently.add(blockOf(numbers(10_000, 9_000)));
  expect(recently.size).toBe(8_192);
  expect(recently.get(idOf(18_999))?.id).toBe(idOf(18_999));
});
