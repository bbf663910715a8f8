/** What the log remembers is bounded, however long the daemon runs. */
import { expect, it } from 'vitest';
import { Branches } from '../../src/cli/log/branches.ts';
import type { LineClock } from '../../src/cli/log/line-clock.ts';
import { Payments } from '../../src/cli/log/payments.ts';

/** As src/cli/log has them. */
const MAX_BLOCKS = 256;
const MAX_FOLLOWED = 200;

it('of the blocks, the last few hundred: what lies further back is no rival any more', () => {
  const branches = new Branches();
  const accept = (height: number) =>
    branches.accepted({ id: `block ${height}`, parent: `block ${height - 1}`, height, onChain: true });
  for (let height = 1; height <= MAX_BLOCKS; height++) accept(height);
  expect(branches.rivalAt(1)).toBe('block 1');
  accept(MAX_BLOCKS + 1);
  expect(branches.rivalAt(1)).toBeUndefined();
  expect(branches.rivalAt(2)).toBe('block 2');
});

it('of the payments, the last few hundred that were told', () => {
  let endWindow = (): void => {};
  const clock: LineClock = {
    now: () => 0,
    elapsed: () => 0,
    after: (_delayMs, call) => {
      endWindow = call;
      return () => {};
    },
  };
  const payments = new Payments(() => {}, clock);
  const accept = (number: number) => {
    payments.accepted(0, `payment ${number}`, '1 tally', '');
    endWindow();
  };
  for (let number = 1; number <= MAX_FOLLOWED; number++) accept(number);
  expect(payments.follows(['payment 1'])).toBe(true);
  accept(MAX_FOLLOWED + 1);
  expect(payments.follows(['payment 1'])).toBe(false);
  expect(payments.follows(['payment 2'])).toBe(true);
});
