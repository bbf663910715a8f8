import { afterEach, beforeEach, expect, test } from 'vitest';
import type { App } from '../../src/api/app.ts';
import { buildApi } from '../../src/api/server.ts';
import { Chain } from '../../src/chain/chain.ts';
import { Mempool } from '../../src/chain/mempool.ts';
import { blockTemplate } from '../../src/chain/template.ts';
import type { AnswerOf } from '../../src/client/contract.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { asChecked, mineHeader, NOW_MS } from '../support/ledger.ts';
import { POOR, type ServedLedger, SILENT, servedLedger } from '../support/served-ledger.ts';

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

/** Another miner's blocks on top of the chain up to `height`. */
function branch(height: number, length: number): string[] {
  const other = Chain.open(ledger.network, new MemoryStore());
  for (const record of ledger.chain.blocksFrom(1, height)) {
    const block = ledger.chain.block(record);
    if (block !== undefined) other.addBlock(asChecked(block), NOW_MS);
  }
  const pool = new Mempool(other);
  return Array.from({ length }, () => {
    const { header } = blockTemplate(other, pool, { miner: POOR.address, nowMs: NOW_MS });
    const block = asChecked({ sealed: mineHeader(header), transactions: [] });
    other.addBlock(block, NOW_MS);
    ledger.chain.addBlock(block, NOW_MS);
    return block.id;
  });
}

test('has the chain and the branches beside it', async () => {
  ledger.mine(6);
  const [lost = ''] = branch(3, 1);
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
  const won = branch(2, 4);
  const { blocks, tip } = await tree();
  expect(tip).toBe(won.at(-1));
  const stateOf = (id: string) => blocks.find((block) => block.id === id)?.state;
  expect(mined.map(stateOf)).toEqual(['chain', 'chain', 'branch', 'branch', 'branch']);
  expect(won.map(stateOf)).toEqual(['chain', 'chain', 'chain', 'chain']);
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
