import { afterAll, beforeAll, expect, test } from 'vitest';
import type { App } from '../../src/api/app.ts';
import { MAX_EXPORT_STREAMS } from '../../src/api/limits.ts';
import { buildApi } from '../../src/api/server.ts';
import { ChainFileReader } from '../../src/core/chain-file.ts';
import { type ServedLedger, SILENT, servedLedger } from '../support/served-ledger.ts';

const MAX_BLOCK_BYTES = 2_097_152;
let ledger: ServedLedger;
let app: App;

beforeAll(async () => {
  ledger = servedLedger();
  // More than are read in one turn.
  ledger.mine(400);
  app = await buildApi(ledger.daemon, { host: '127.0.0.1', port: 0, log: SILENT });
});

afterAll(() => app.close());

const get = (query = '') => app.inject({ url: `/v1/chain/export${query}`, headers: { host: '127.0.0.1' } });

test('a chain file from any height up to the tip', async () => {
  for (const from of [1, 200, 400, 401]) {
    const answer = await get(`?from=${from}`);
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'application/octet-stream']);
    const reader = new ChainFileReader(MAX_BLOCK_BYTES);
    const parts = [...reader.read(answer.rawPayload)];
    expect(() => reader.finish()).not.toThrow();
    expect(parts[0]).toMatchObject({ kind: 'start', network: ledger.network.id });
    const ids = parts.flatMap((part) => (part.kind === 'block' ? [part.id] : []));
    expect(ids).toEqual([...ledger.chain.blocksFrom(from, 1_000)].map(({ id }) => id));
    expect(parts.at(-1)).toMatchObject({ kind: 'end', tip: ledger.chain.tip.id });
  }
});

test.each([
  ['?from=402', 404],
  ['?from=0', 400],
  ['?from=x', 400],
  ['?to=5', 400],
])('%s is refused with %i', async (query, status) => {
  expect((await get(query)).statusCode).toBe(status);
});

test('only so many are written at once, and one that is done makes room', async () => {
  const answers = await Promise.all(Array.from({ length: MAX_EXPORT_STREAMS + 1 }, () => get()));
  const refused = answers.filter(({ statusCode }) => statusCode !== 200);
  expect(refused.map((answer) => [answer.statusCode, answer.json().error.code])).toEqual([
    [429, 'too-many-streams'],
  ]);
  expect((await get()).statusCode).toBe(200);
});

test('strangers behind a proxy share by the address it saw, not by what they say before it', async () => {
  const as = (forwarded: string) =>
    app.inject({ url: '/v1/chain/export', headers: { host: '127.0.0.1', 'x-forwarded-for': forwarded } });
  const statuses = async (...forwarded: string[]) =>
    (await Promise.all(forwarded.map(as))).map(({ statusCode }) => statusCode).sort();
  expect(await statuses('10.0.0.1, 203.0.113.7', '10.0.0.2, 203.0.113.7')).toEqual([200, 429]);
  expect(await statuses('10.0.0.1, 203.0.113.7', '10.0.0.1, 203.0.113.8')).toEqual([200, 200]);
  expect(await statuses('203.0.113.7', '203.0.113.8', '203.0.113.9')).toEqual([200, 200, 429]);
});
