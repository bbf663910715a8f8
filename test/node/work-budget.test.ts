import { beforeEach, expect, it } from 'vitest';
import type { PeerId } from '../../src/node/ports.ts';
import { BUDGET_UNITS, BUDGET_UNITS_PER_SECOND, WorkBudgets } from '../../src/node/work-budget.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const peer = (name: string | number): PeerId => `peer-${name}` as PeerId;

let clock: VirtualClock;
let budgets: WorkBudgets;

beforeEach(() => {
  clock = new VirtualClock();
  budgets = new WorkBudgets(clock);
});

it('a budget is spent when it is drawn, and fills again', async () => {
  budgets.draw(peer('a'), BUDGET_UNITS - 1);
  expect(budgets.isSpent(peer('a'))).toBe(false);
  budgets.draw(peer('a'), 2);
  expect(budgets.isSpent(peer('a'))).toBe(true);
  expect(budgets.isSpent(peer('b'))).toBe(false);
  await clock.advance(1_000);
  expect(budgets.isSpent(peer('a'))).toBe(false);
  expect(budgets.drawn(peer('a'))).toBe(BUDGET_UNITS + 1 - BUDGET_UNITS_PER_SECOND);
  await clock.advance(60_000);
  expect(budgets.drawn(peer('a'))).toBe(0);
});

it('a debt is paid off in some seconds, however large it was', async () => {
  budgets.draw(peer('a'), 1_000_000);
  await clock.advance(1_000 * (BUDGET_UNITS / BUDGET_UNITS_PER_SECOND + 1));
  expect(budgets.isSpent(peer('a'))).toBe(false);
});

it('a clock that is set back takes nothing away', () => {
  budgets.draw(peer('a'), 100);
  clock.correct(clock.now() - 3_600_000);
  expect(budgets.drawn(peer('a'))).toBe(100);
});

it('what comes to something gives everybody something', () => {
  for (const name of ['a', 'b']) budgets.draw(peer(name), 1_000);
  budgets.grant(200);
  expect([peer('a'), peer('b')].map((each) => budgets.drawn(each))).toEqual([600, 600]);
  budgets.grant(1_000_000);
  expect(budgets.drawn(peer('a'))).toBe(0);
  budgets.draw(peer('a'), BUDGET_UNITS);
  expect(budgets.isSpent(peer('a'))).toBe(true);
});

it('all together draw so much; who has drawn little is heard all the same', () => {
  for (let number = 0; number < 300; number++) budgets.draw(peer(number), 2_000);
  expect(budgets.isSpent(peer(7))).toBe(true);
  budgets.draw(peer('honest'), 500);
  expect(budgets.isSpent(peer('honest'))).toBe(false);
});

it('tells what a peer tells again, of the last 128', () => {
  expect(budgets.refusedAgain(peer('a'), 'x')).toBe(false);
  expect(budgets.refusedAgain(peer('b'), 'x')).toBe(false);
  expect(budgets.refusedAgain(peer('a'), 'x')).toBe(true);
  for (let number = 0; number < 128; number++) budgets.refusedAgain(peer('a'), String(number));
  expect(budgets.refusedAgain(peer('a'), 'x')).toBe(false);
});

it('remembers 1,024 peers', () => {
  budgets.draw(peer('a'), BUDGET_UNITS);
  for (let number = 0; number < 1_024; number++) budgets.draw(peer(number), 1);
  expect(budgets.drawn(peer('a'))).toBe(0);
});
