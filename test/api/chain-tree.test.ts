import { afterEach, beforeEach, expect, test } from 'vitest';
import type { App } from '../../src/api/app.ts';
import { buildApi } from '../../src/api/server.ts';
import type { AnswerOf } from '../../src/client/contract.ts';
import { growBranch, type ServedLedger, SILENT, servedLedger } from '../support/served-ledger.ts';

let ledger: ServedLedger;
let app: App;

beforeEach(async () => {
  ledger = servedLedger();
  app = await buildApi(ledger.daemon, { host: '127.0.0.1', port: 0, log: SILENT });
});

afterEach(() => app.close());

async function tree(query = ''): Promise<AnswerOf<'chainTree'>> {
  const response = await app.inject({ url: `/v1/chain/tree${query}`, headers: { host: 'localhost' } });
  expect(response.statusCode).toBe(200);
  return response.json();
}

test('has the chain and the branches beside it', async () => {
  ledger.mine(6);
  const [lost = ''] = growBranch(ledger, 3, 1);
  const { blocks, length, tip } = await tree();
  expect([length, tip]).toEqual([7, ledger.chain.tip.id]);
  expect(blocks).toHaveLength(8);
  expect(blocks.find(({ id }) => id === lost)).toMatchObject({
    height: 4,
    parent: ledger.chain.atHeight(3)?.id,
    state: 'branch',
    transactions: 0,
  });
  expect(blocks.filter(({ state }) => state === 'chain')).toHaveLength(7);
});

test('after a reorganisation the branch that lost is still there', async () => {
  const mined = ledger.mine(5).map(({ id }) => id);
  const won = growBranch(ledger, 2, 4);
  const { blocks, tip } = await tree();
  expect(tip).toBe(won.at(-1));
  const stateOf = (id: string) => blocks.find((block) => block.id === id)?.state;
  expect(mined.map(stateOf)).toEqual(['chain', 'chain', 'branch', 'branch', 'branch']);
  expect(won.map(stateOf)).toEqual(['chain', 'chain', 'chain', 'chain']);
});

test('has a branch that came long after the blocks beside it', async () => {
  ledger.mine(500);
  const late = growBranch(ledger, 3, 2);
  const { blocks } = await tree('?from=4&limit=2');
  expect(blocks.map(({ height, id, state }) => [height, id, state])).toEqual([
    [4, ledger.chain.atHeight(4)?.id, 'chain'],
    [5, ledger.chain.atHeight(5)?.id, 'chain'],
    [4, late[0], 'branch'],
    [5, late[1], 'branch'],
  ]);
});

test('of a flood of blocks of one height some are given, and the chain never misses', async () => {
  for (let sibling = 0; sibling < 80; sibling++) growBranch(ledger, 0, 1);
  // The chain's block of that height came last.
  const won = growBranch(ledger, 0, 2);
  const { blocks } = await tree('?from=1&limit=2');
  expect(blocks.filter(({ state }) => state === 'chain').map(({ id }) => id)).toEqual(won);
  expect(blocks.filter(({ state }) => state === 'branch')).toHaveLength(64);
});

test('is asked for in parts', async () => {
  ledger.mine(30);
  const heights = ({ blocks }: AnswerOf<'chainTree'>) =>
    blocks.map(({ height }) => height).sort((a, b) => a - b);
  expect(heights(await tree('?from=10&limit=3'))).toEqual([10, 11, 12]);
  expect(heights(await tree('?limit=2'))).toEqual([29, 30]);
  expect(heights(await tree('?from=31&limit=5'))).toEqual([]);
});

test.each(['?limit=0', '?limit=201', '?from=-1', '?from=x', '?other=1'])('%s is refused', async (query) => {
  const response = await app.inject({ url: `/v1/chain/tree${query}`, headers: { host: 'localhost' } });
  expect(response.statusCode).toBe(400);
});
