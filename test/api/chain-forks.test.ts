import { afterEach, beforeEach, expect, test } from 'vitest';
import type { App } from '../../src/api/app.ts';
import { MAX_FORK_STEPS } from '../../src/api/limits.ts';
import { buildApi } from '../../src/api/server.ts';
import type { AnswerOf } from '../../src/client/contract.ts';
import { transactionToJson } from '../../src/client/json.ts';
import { formatAddress } from '../../src/core/address.ts';
import { payment } from '../support/ledger.ts';
import { growBranch, POOR, RICH, type ServedLedger, SILENT, servedLedger } from '../support/served-ledger.ts';

let ledger: ServedLedger;
let app: App;

beforeEach(async () => {
  ledger = servedLedger();
  app = await buildApi(ledger.daemon, { host: '127.0.0.1', port: 0, log: SILENT });
});

afterEach(() => app.close());

const ask = (path: string, method: 'GET' | 'HEAD' = 'GET') =>
  app.inject({ url: `/v1/chain/forks${path}`, method, headers: { host: 'localhost' } });

async function list(query = ''): Promise<AnswerOf<'chainForks'>> {
  const response = await ask(query);
  expect(response.statusCode).toBe(200);
  return response.json();
}

test('a chain that never parted has none', async () => {
  expect(await list()).toEqual({ forks: [] });
  ledger.mine(5);
  expect(await list()).toEqual({ forks: [] });
});

test('tells of a branch that lost: where, how long, how much work, who and when', async () => {
  ledger.mine(6);
  const [lost] = growBranch(ledger, 3, 1);
  const { forks, next } = await list();
  expect(next).toBeUndefined();
  const chain = (height: number) =>
    expect.objectContaining({ id: ledger.chain.atHeight(height)?.id, height });
  expect(forks).toEqual([
    {
      id: lost,
      state: 'lost',
      ancestor: chain(3),
      branch: {
        blocks: 1,
        first: expect.objectContaining({ id: lost, height: 4 }),
        last: expect.objectContaining({ id: lost, work: ledger.chain.atHeight(4)?.work.toString() }),
        miners: [{ address: formatAddress(POOR.address), blocks: 1 }],
      },
      chain: {
        blocks: 2,
        first: chain(4),
        last: chain(5),
        miners: [{ address: formatAddress(RICH.address), blocks: 2 }],
      },
      decided: true,
      leftChain: 0,
      returned: 0,
    },
  ]);
  expect(Date.parse(forks[0]?.branch.last.timestamp ?? '')).not.toBeNaN();
});

test('after a reorganisation what left the chain is a fork, with what had to be mined again', async () => {
  ledger.mine(2);
  const { id, signed } = payment(ledger.network, { from: RICH, to: POOR.address, sequence: 0 });
  await app.inject({
    ...{ method: 'POST', url: '/v1/transactions', headers: { host: 'localhost' } },
    payload: transactionToJson(id, signed),
  });
  const mined = ledger.mine(3).map((block) => block.id);
  growBranch(ledger, 2, 4);
  const { forks } = await list();
  expect(forks).toHaveLength(1);
  expect(forks[0]).toMatchObject({ id: mined[2], state: 'lost', leftChain: 3, returned: 1 });
  // Any block of the branch names it.
  for (const block of mined) expect((await ask(`/${block}`)).json()).toEqual(forks[0]);
});

test('a block of the chain is part of no fork, though a branch that lost was the first to stand on it', async () => {
  ledger.mine(3);
  ledger.mine(1);
  growBranch(ledger, 3, 2);
  for (const height of [2, 3, 4, 5]) {
    const response = await ask(`/${ledger.chain.atHeight(height)?.id}`);
    expect([height, response.statusCode]).toEqual([height, 404]);
    expect(response.json().error.message).toContain('is on the chain');
  }
});

test('one that came long after is the newest', async () => {
  ledger.mine(20);
  const [early] = growBranch(ledger, 17, 1);
  ledger.mine(300);
  const late = growBranch(ledger, 2, 3);
  const { forks } = await list();
  expect(forks.map(({ id }) => id)).toEqual([late[2], early]);
  expect(forks[0]).toMatchObject({ ancestor: { height: 2 }, branch: { blocks: 3 } });
});

test('is listed in pages, each fork once', async () => {
  ledger.mine(8);
  const made = Array.from({ length: 7 }, (_, height) => growBranch(ledger, height, 1)[0]).reverse();
  const listed: string[] = [];
  let query = '?limit=3';
  for (let pages = 1; ; pages++) {
    const { forks, next } = await list(query);
    expect(forks.length).toBeLessThanOrEqual(3);
    listed.push(...forks.map(({ id }) => id));
    if (next === undefined) break;
    expect(pages).toBeLessThan(9);
    query = `?limit=3&before=${next}`;
  }
  expect(listed).toEqual(made);
});

test('one page looks at a bounded number of blocks, and says where to go on', async () => {
  ledger.mine(4);
  const [lost] = growBranch(ledger, 1, 1);
  ledger.mine(1);
  let looked = 0;
  const { forks } = ledger.chain;
  const { ends } = forks;
  // As a tree of very many interleaved branches would: a step for each block, none the end of a branch.
  forks.ends = function* (before) {
    if (before < Number.MAX_SAFE_INTEGER) return yield* ends.call(forks, before);
    for (let number = 10_000; number >= 0; number--) {
      looked++;
      yield { number, end: undefined };
    }
  };
  const first = await list();
  expect([first.forks, first.next]).toEqual([[], 10_001 - MAX_FORK_STEPS]);
  expect(looked).toBe(MAX_FORK_STEPS);
  expect((await list(`?before=${first.next}`)).forks.map(({ id }) => id)).toEqual([lost]);
});

test('a block on the chain, or none, is part of no fork', async () => {
  ledger.mine(2);
  const onChain = await ask(`/${ledger.chain.tip.id}`);
  expect(onChain.statusCode).toBe(404);
  expect(onChain.json().error.message).toContain('is on the chain');
  expect((await ask(`/${'ab'.repeat(32)}`)).statusCode).toBe(404);
});

test('HEAD costs nothing: it is not answered here', async () => {
  const response = await ask('', 'HEAD');
  expect([response.statusCode, response.headers.allow]).toEqual([405, 'GET']);
});

test.each(['?limit=0', '?limit=51', '?before=-1', '?before=x', '?other=1', '/12', '/tip'])(
  '%s is refused',
  async (path) => {
    expect((await ask(path)).statusCode).toBe(400);
  },
);
