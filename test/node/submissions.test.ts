import { beforeEach, expect, it } from 'vitest';
import type { TransactionId } from '../../src/core/identifiers.ts';
import type { SignedTransaction } from '../../src/core/types.ts';
import { Submissions } from '../../src/node/submissions.ts';
import type { SubmitOutcome } from '../../src/node/transaction-relay.ts';
import { Turns } from '../../src/node/turns.ts';
import { payment, testKey, testNetwork } from '../support/ledger.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const network = testNetwork();
const signed = Array.from(
  { length: 600 },
  (_, sequence) => payment(network, { from: testKey(1), to: testKey(2).address, sequence }).signed,
);
const some = (from: number, count: number): SignedTransaction[] => signed.slice(from, from + count);

let clock: VirtualClock;
let taken: (readonly SignedTransaction[])[];
let submissions: Submissions;

/** Named by their sequences. */
const outcomeOf = ({ transaction }: SignedTransaction): SubmitOutcome => ({
  id: String(transaction.sequence) as TransactionId,
  accepted: true,
  known: false,
});
const idsOf = (outcomes: readonly SubmitOutcome[]): string[] => outcomes.map(({ id }) => id);

beforeEach(() => {
  clock = new VirtualClock();
  taken = [];
  submissions = new Submissions(new Turns((call) => clock.after(0, call)), async (transactions) => {
    taken.push(transactions);
    return transactions.map(outcomeOf);
  });
});

it('of one moment are taken together, and everybody gets their own outcomes', async () => {
  const answers = Promise.all([submissions.add(some(0, 2)), submissions.add(some(2, 1))]);
  await clock.advance(1);
  expect(taken).toEqual([some(0, 3)]);
  expect((await answers).map(idsOf)).toEqual([['0', '1'], ['2']]);
});

it('are taken a part at a time if they are many, in their order', async () => {
  const answers = Promise.all([0, 200, 400].map((from) => submissions.add(some(from, 200))));
  await clock.advance(1);
  expect(taken).toEqual([some(0, 400), some(400, 200)]);
  expect((await answers).map((outcomes) => outcomes.length)).toEqual([200, 200, 200]);
});

it('of a later moment are taken by themselves', async () => {
  const first = submissions.add(some(0, 1));
  await clock.advance(1);
  const second = submissions.add(some(1, 1));
  await clock.advance(1);
  expect(taken).toEqual([some(0, 1), some(1, 1)]);
  expect(idsOf(await first)).toEqual(['0']);
  expect(idsOf(await second)).toEqual(['1']);
});

it('that fail together are rejected each; the next ones are not', async () => {
  let failing = true;
  submissions = new Submissions(new Turns((call) => clock.after(0, call)), async (transactions) => {
    if (failing) throw new Error('on purpose');
    return transactions.map(outcomeOf);
  });
  const rejected = Promise.allSettled([submissions.add(some(0, 1)), submissions.add(some(1, 1))]);
  await clock.advance(1);
  expect((await rejected).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  failing = false;
  const answer = submissions.add(some(0, 1));
  await clock.advance(1);
  expect(idsOf(await answer)).toEqual(['0']);
});
