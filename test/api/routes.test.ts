import type { InjectOptions } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { App } from '../../src/api/app.ts';
import { buildApi } from '../../src/api/server.ts';
import { blockFromJson, transactionToJson } from '../../src/client/json.ts';
import { MAX_BATCH_BYTES, MAX_BATCH_TRANSACTIONS, MAX_BODY_BYTES } from '../../src/client/routes.ts';
import type { BlockJson } from '../../src/client/schemas.ts';
import { formatAddress } from '../../src/core/address.ts';
import {
  decodeBlock,
  encodeBlock,
  encodeSignedTransaction,
  encodeTransactions,
} from '../../src/core/encoding.ts';
import { InvariantError } from '../../src/core/errors.ts';
import { blockId } from '../../src/core/hashing.ts';
import { BlockMaker, NOW_MS, payment } from '../support/ledger.ts';
import { A_PEER, POOR, RICH, type ServedLedger, SILENT, servedLedger } from '../support/served-ledger.ts';

let ledger: ServedLedger;
let app: App;

beforeEach(async () => {
  ledger = servedLedger();
  app = await buildApi(ledger.daemon, { host: '127.0.0.1', port: 0, log: SILENT });
});

afterEach(() => app.close());

async function ask(
  request: InjectOptions | string,
): Promise<{ status: number; body: Record<string, never> & unknown }> {
  const response = await app.inject(request);
  return { status: response.statusCode, body: response.json() };
}

function post(url: string, payload: unknown): InjectOptions {
  return { method: 'POST', url, payload: payload as object };
}

function pay(fields: Partial<Parameters<typeof payment>[1]> = {}) {
  return payment(ledger.network, { from: RICH, to: POOR.address, sequence: 0, ...fields });
}

function payJson(fields: Partial<Parameters<typeof payment>[1]> = {}) {
  const { id, signed } = pay(fields);
  return transactionToJson(id, signed);
}

const richText = formatAddress(RICH.address);

describe('the daemon', () => {
  test('status tells network, tip, pool, mining and sync', async () => {
    ledger.mine(3);
    const { tip } = ledger.chain;
    expect(await ask('/v1/status')).toMatchObject({
      status: 200,
      body: {
        network: 'test',
        networkId: ledger.network.id,
        peerId: A_PEER,
        height: 3,
        tip: tip.id,
        work: tip.work.toString(),
        bits: '0x207fffff',
        difficulty: 1,
        targetIntervalMs: 1_000,
        peers: 0,
        pool: { count: 0, bytes: 0, minFeeRate: '1' },
        mining: { active: false, hashrate: 0, threads: 2 },
        sync: { state: 'idle', height: 3, targetHeight: 3 },
      },
    });
  });

  test('network gives the parameters as in a network file', async () => {
    const { body } = await ask('/v1/network');
    expect(body).toMatchObject({
      id: ledger.network.id,
      params: {
        name: 'test',
        initialBits: '0x207fffff',
        allocations: [{ address: richText, amount: '1000000000' }],
      },
    });
  });

  test('health is 200 while the tip can be read', async () => {
    expect(await ask('/health')).toEqual({ status: 200, body: { status: 'ok' } });
  });

  test('peers leave out what a peer has not told', async () => {
    ledger.peers.push({ id: A_PEER, address: '/x', direction: 'inbound', connectedAt: 0, score: 3 });
    expect((await ask('/v1/peers')).body).toEqual({
      peers: [
        {
          id: A_PEER,
          address: '/x',
          direction: 'inbound',
          connectedAt: '1970-01-01T00:00:00.000Z',
          score: 3,
        },
      ],
    });
  });

  test('adding peers tells which answered; if none did, that is an error', async () => {
    expect(await ask(post('/v1/peers', { addresses: ['/ip4/127.0.0.1/tcp/4141', '/bad'] }))).toEqual({
      status: 200,
      body: {
        peers: [{ address: '/ip4/127.0.0.1/tcp/4141', id: A_PEER }],
        failed: [{ address: '/bad', message: 'no peer at /bad' }],
      },
    });
    expect(await ask(post('/v1/peers', { addresses: ['/bad'] }))).toMatchObject({
      status: 422,
      body: { error: { code: 'peer-unreachable' } },
    });
  });

  test('mine mines exactly as many blocks as asked', async () => {
    const { status, body } = await ask(post('/v1/mine', { blocks: 5 }));
    expect(status).toBe(200);
    expect(body).toEqual({ ids: [1, 2, 3, 4, 5].map((height) => ledger.chain.atHeight(height)?.id) });
    expect(ledger.chain.tip.height).toBe(5);
  });

  test('mine gives the rewards to whom it is told', async () => {
    const miner = formatAddress(POOR.address);
    await ask(post('/v1/mine', { blocks: 2, miner }));
    const { subsidy } = ledger.network.params;
    expect(ledger.chain.account(POOR.address).balance).toBe(2n * subsidy);
  });

  test('mining is started and stopped, and the status says so', async () => {
    expect((await ask(post('/v1/mining', { active: true }))).body).toMatchObject({
      active: true,
      threads: 2,
    });
    expect((await ask('/v1/status')).body).toMatchObject({ mining: { active: true } });
    expect((await ask(post('/v1/mining', { active: false }))).body).toMatchObject({ active: false });
    expect((await ask('/v1/status')).body).toMatchObject({ mining: { active: false } });
  });

  test('resolve answers with the tip', async () => {
    expect((await ask({ method: 'POST', url: '/v1/chain/resolve' })).body).toEqual({
      replaced: false,
      height: 0,
      tip: ledger.network.genesisId,
    });
  });
});

describe('the chain', () => {
  test('length counts the genesis, and a page begins where asked', async () => {
    ledger.mine(4);
    const { body } = await ask('/v1/chain?from=2&limit=2');
    expect(body).toMatchObject({
      length: 5,
      blocks: [
        { id: ledger.chain.atHeight(2)?.id, header: { height: 2 }, confirmations: 3 },
        { id: ledger.chain.atHeight(3)?.id, header: { height: 3 }, confirmations: 2 },
      ],
    });
    expect((await ask('/v1/chain?from=99')).body).toEqual({ length: 5, blocks: [] });
  });

  test('a page of big blocks ends at its size limit, but holds at least one', async () => {
    const data = new Uint8Array(1_024);
    for (let block = 0; block < 5; block++) {
      const first = block * 800;
      for (let i = 0; i < 800; i++) {
        await ledger.daemon.node.submit([pay({ sequence: first + i, fee: 2_000n, data }).signed]);
      }
      ledger.mine(1);
    }
    const { body } = await ask('/v1/chain?from=1');
    const { blocks } = body as unknown as { blocks: BlockJson[] };
    expect(blocks.length).toBe(2);
  });

  test('a block is found by id, by height and as the tip, and its bytes hash to its id', async () => {
    const [block] = ledger.mine(1);
    for (const name of [block?.id, '1', 'tip', block?.id.toUpperCase()]) {
      expect((await ask(`/v1/blocks/${name}`)).body).toMatchObject({ id: block?.id });
    }
    const response = await app.inject({
      url: '/v1/blocks/tip',
      headers: { accept: 'application/octet-stream' },
    });
    expect(response.headers['content-type']).toBe('application/octet-stream');
    const decoded = decodeBlock(Uint8Array.from(response.rawPayload), ledger.network.params);
    expect(blockId(decoded.sealed)).toBe(block?.id);
  });

  test('JSON of a block holds all of it', async () => {
    await ledger.daemon.node.submit([pay({ data: new Uint8Array([1, 2, 255]) }).signed]);
    const [mined] = ledger.mine(1);
    const { body } = await ask('/v1/blocks/tip');
    const read = blockFromJson(body as unknown as BlockJson);
    expect(mined && encodeBlock(read)).toEqual(mined && encodeBlock(mined.block));
  });

  test('a block off the chain is shown with no confirmations', async () => {
    ledger.mine(2);
    const maker = new BlockMaker(ledger.network);
    const fork = maker.block(maker.genesis);
    expect(ledger.chain.addBlock(fork, NOW_MS)).toEqual({ kind: 'stored' });
    expect((await ask(`/v1/blocks/${fork.id}`)).body).toMatchObject({
      header: { height: 1 },
      confirmations: 0,
    });
  });

  test('validity counts the blocks it checked', async () => {
    ledger.mine(3);
    expect((await ask('/v1/chain/validity')).body).toMatchObject({ valid: true, checkedBlocks: 4 });
  });
});

describe('transactions', () => {
  test('one is accepted as JSON, with its id', async () => {
    const json = payJson();
    expect(await ask(post('/v1/transactions', json))).toEqual({ status: 202, body: { id: json.id } });
    expect(ledger.pool.count).toBe(1);
  });

  test('the id may be left out, but not be another', async () => {
    const { id, ...json } = payJson();
    expect(await ask(post('/v1/transactions', { ...json, id: '00'.repeat(32) }))).toMatchObject({
      status: 400,
    });
    expect(await ask(post('/v1/transactions', json))).toEqual({ status: 202, body: { id } });
  });

  test('one is accepted as SSZ bytes', async () => {
    const { id, signed } = pay();
    const response = await ask({
      method: 'POST',
      url: '/v1/transactions',
      headers: { 'content-type': 'application/octet-stream' },
      payload: Buffer.from(encodeSignedTransaction(signed)),
    });
    expect(response).toEqual({ status: 202, body: { id } });
  });

  const batchOf = (payload: Uint8Array) => ({
    method: 'POST' as const,
    url: '/v1/transactions',
    headers: { 'content-type': 'application/vnd.tallystick.transactions' },
    payload: Buffer.from(payload),
  });

  test('a batch is accepted as SSZ bytes, and judged one by one', async () => {
    const [good, gap] = [pay(), pay({ sequence: 9 })];
    const forged = { ...pay({ sequence: 1 }).signed, signature: new Uint8Array(64) };
    const { status, body } = await ask(batchOf(encodeTransactions([good.signed, forged, gap.signed])));
    expect(status).toBe(202);
    expect(body).toMatchObject({
      results: [
        { id: good.id, accepted: true, known: false },
        { accepted: false, error: { code: 'invalid-signature' } },
        { id: gap.id, accepted: false, error: { code: 'sequence-gap' } },
      ],
    });
  });

  test('a batch of bytes has as many transactions as one of JSON, and one at least', async () => {
    const { signed } = pay();
    const many = (count: number) => encodeTransactions(new Array(count).fill(signed));
    expect(await ask(batchOf(many(MAX_BATCH_TRANSACTIONS)))).toMatchObject({ status: 202 });
    for (const wrong of [many(0), many(MAX_BATCH_TRANSACTIONS + 1), new Uint8Array(3)]) {
      expect(await ask(batchOf(wrong))).toMatchObject({
        status: 400,
        body: {
          error: { code: 'invalid-request', message: expect.stringMatching(/1 to 1000 transactions/) },
        },
      });
    }
  });

  test.each([
    ['cut off', (bytes: Uint8Array) => bytes.slice(0, -1)],
    ['that claims more than it has', (bytes: Uint8Array) => bytes.with(0, 40)],
    ['of an odd offset', (bytes: Uint8Array) => bytes.with(0, 9)],
  ])('a batch of bytes %s is refused whole', async (_what, change) => {
    const bytes = encodeTransactions([pay().signed, pay({ sequence: 1 }).signed]);
    expect(await ask(batchOf(change(bytes)))).toMatchObject({
      status: 400,
      body: { error: { code: 'malformed-encoding' } },
    });
    expect(ledger.pool.count).toBe(0);
  });

  test('an amount beyond 63 bits in bytes is refused by its rule', async () => {
    const { signed } = pay();
    const payload = encodeSignedTransaction({
      ...signed,
      transaction: { ...signed.transaction, amount: 2n ** 64n - 1n },
    });
    const response = await ask({
      method: 'POST',
      url: '/v1/transactions',
      headers: { 'content-type': 'application/octet-stream' },
      payload: Buffer.from(payload),
    });
    expect(response).toMatchObject({ status: 422, body: { error: { code: 'invalid-signature' } } });
  });

  test.each(['application/json', 'application/json; charset=utf-8', 'application/JSON'])(
    'what comes as %s is held against the schema, in whatever shape',
    async (type) => {
      for (const body of [
        { transactions: [{}] },
        { transactions: [payJson()], isBatch: true },
        [],
        'x',
        null,
      ]) {
        const response = await ask({
          method: 'POST',
          url: '/v1/transactions',
          headers: { 'content-type': type },
          payload: JSON.stringify(body),
        });
        expect(response.status).toBe(400);
      }
      expect(ledger.pool.count).toBe(0);
    },
  );

  test('a batch is judged one by one, in its order', async () => {
    const good = payJson();
    const forged = { ...payJson({ sequence: 1 }), signature: '00'.repeat(64) };
    const { status, body } = await ask(post('/v1/transactions', { transactions: [good, forged, good] }));
    expect(status).toBe(202);
    expect(body).toMatchObject({
      results: [
        { id: good.id, accepted: true, known: false },
        { id: forged.id, accepted: false, error: { code: 'invalid-signature' } },
        { id: good.id, accepted: true, known: true },
      ],
    });
  });

  test('the longest batch there may be fits the body limit', async () => {
    const data = new Uint8Array(1_024).fill(255);
    const one = payJson({ amount: 2n ** 63n - 1n, fee: 2n ** 62n, data });
    const transactions = Array.from({ length: MAX_BATCH_TRANSACTIONS }, () => ({
      ...one,
      sequence: 2 ** 53 - 1,
      id: undefined,
    }));
    expect(Buffer.byteLength(JSON.stringify({ transactions }))).toBeLessThan(MAX_BATCH_BYTES);
    expect(await ask(post('/v1/transactions', { transactions }))).toMatchObject({ status: 202 });
  });

  test.each([
    ['a broken rule', () => ({ ...payJson(), signature: '00'.repeat(64) }), 422, 'invalid-signature'],
    ['too much', () => payJson({ amount: 10n ** 12n }), 422, 'insufficient-balance'],
    ['a fee below the policy', () => payJson({ fee: 1n }), 422, 'fee-too-low'],
    ['a gap in the sequence', () => payJson({ sequence: 7 }), 409, 'sequence-gap'],
  ])('%s is refused by its name', async (_what, json, status, code) => {
    expect(await ask(post('/v1/transactions', json()))).toMatchObject({ status, body: { error: { code } } });
  });

  test('is pending in the pool, then confirmed on the chain', async () => {
    const json = payJson();
    await ask(post('/v1/transactions', json));
    expect((await ask(`/v1/transactions/${json.id}`)).body).toEqual({
      id: json.id,
      status: 'pending',
      confirmations: 0,
      transaction: json,
    });
    expect((await ask('/v1/pool')).body).toMatchObject({ count: 1, transactions: [json] });
    ledger.mine(2);
    expect((await ask(`/v1/transactions/${json.id}`)).body).toMatchObject({
      status: 'confirmed',
      height: 1,
      blockId: ledger.chain.atHeight(1)?.id,
      index: 0,
      confirmations: 2,
      transaction: json,
    });
    expect((await ask('/v1/pool')).body).toEqual({ count: 0, bytes: 0, transactions: [] });
  });

  test('an account counts what is pending apart', async () => {
    await ask(post('/v1/transactions', payJson({ amount: 5n, fee: 1_000n })));
    expect((await ask(`/v1/accounts/${richText}`)).body).toEqual({
      address: richText,
      balance: '1000000000',
      sequence: 0,
      pending: { balance: '999998995', sequence: 1 },
    });
    expect((await ask(`/v1/accounts/${formatAddress(POOR.address)}`)).body).toMatchObject({
      balance: '0',
      sequence: 0,
    });
  });

  test('the history of an account is paged, newest first, every transaction once', async () => {
    for (let sequence = 0; sequence < 5; sequence++) {
      await ledger.daemon.node.submit([pay({ sequence }).signed]);
      if (sequence % 2 === 0) ledger.mine(1);
    }
    const seen: number[] = [];
    let before = '';
    for (let pages = 0; pages < 5; pages++) {
      const { body } = await ask(`/v1/accounts/${richText}/transactions?limit=2${before}`);
      const page = body as unknown as {
        transactions: { transaction: { sequence: number } }[];
        next?: string;
      };
      seen.push(...page.transactions.map(({ transaction }) => transaction.sequence));
      if (page.next === undefined) break;
      before = `&before=${page.next}`;
    }
    expect(seen).toEqual([4, 3, 2, 1, 0]);
  });
});

describe('refusals', () => {
  const id = '00'.repeat(32);

  test.each<[string, InjectOptions, number, string]>([
    ['an unknown path', { url: '/v1/nothing' }, 404, 'not-found'],
    ['a wrong method', { method: 'DELETE', url: '/v1/status' }, 404, 'not-found'],
    ['an unknown block', { url: `/v1/blocks/${id}` }, 404, 'not-found'],
    ['a height above the tip', { url: '/v1/blocks/1' }, 404, 'not-found'],
    ['a height no number can hold', { url: `/v1/blocks/${'9'.repeat(20)}` }, 400, 'invalid-request'],
    ['a block that is neither id nor height', { url: '/v1/blocks/-1' }, 400, 'invalid-request'],
    ['a path that cannot be decoded', { url: '/v1/blocks/%zz' }, 400, 'invalid-request'],
    ['an unknown transaction', { url: `/v1/transactions/${id}` }, 404, 'not-found'],
    ['a transaction id too short', { url: '/v1/transactions/abcd' }, 400, 'invalid-request'],
    [
      'an address with a typing error',
      { url: `/v1/accounts/${'tally1'.padEnd(64, 'q')}` },
      400,
      'invalid-request',
    ],
    ['an address too short', { url: '/v1/accounts/tally1' }, 400, 'invalid-request'],
    ['a limit of zero', { url: '/v1/chain?limit=0' }, 400, 'invalid-request'],
    ['a limit above the limit', { url: '/v1/chain?limit=1001' }, 400, 'invalid-request'],
    ['a height that is no number', { url: '/v1/chain?from=x' }, 400, 'invalid-request'],
    ['a height that is negative', { url: '/v1/chain?from=-1' }, 400, 'invalid-request'],
    ['a height given twice', { url: '/v1/chain?from=1&from=2' }, 400, 'invalid-request'],
    ['an unknown query field', { url: '/v1/chain?form=1' }, 400, 'invalid-request'],
    [
      'a cursor that is none',
      { url: `/v1/accounts/${richText}/transactions?before=x` },
      400,
      'invalid-request',
    ],
    ['no blocks', post('/v1/mine', { blocks: 0 }), 400, 'invalid-request'],
    ['a number as text', post('/v1/mine', { blocks: '1' }), 400, 'invalid-request'],
    ['half a block', post('/v1/mine', { blocks: 1.5 }), 400, 'invalid-request'],
    ['an unknown body field', post('/v1/mine', { blocks: 1, threads: 2 }), 400, 'invalid-request'],
    ['no address', post('/v1/mine', { blocks: 1, miner: 'tally1' }), 400, 'invalid-request'],
    ['neither yes nor no', post('/v1/mining', { active: 1 }), 400, 'invalid-request'],
    ['no body', { method: 'POST', url: '/v1/mine' }, 400, 'invalid-request'],
    ['a list for a body', post('/v1/mine', [1]), 400, 'invalid-request'],
    ['no addresses', post('/v1/peers', { addresses: [] }), 400, 'invalid-request'],
    ['too many addresses', post('/v1/peers', { addresses: Array(17).fill('/a') }), 400, 'invalid-request'],
    ['too long an address', post('/v1/peers', { addresses: ['a'.repeat(257)] }), 400, 'invalid-request'],
    ['an empty batch', post('/v1/transactions', { transactions: [] }), 400, 'invalid-request'],
    ['no transaction', post('/v1/transactions', {}), 400, 'invalid-request'],
    [
      'text that a form can send',
      { method: 'POST', url: '/v1/mine', payload: '{"blocks":1}', headers: { 'content-type': 'text/plain' } },
      415,
      'unsupported-media-type',
    ],
    [
      'half a JSON',
      {
        method: 'POST',
        url: '/v1/mine',
        payload: '{"blocks":',
        headers: { 'content-type': 'application/json' },
      },
      400,
      'malformed-json',
    ],
    [
      'JSON that reaches for the prototype',
      {
        method: 'POST',
        url: '/v1/mine',
        payload: '{"__proto__":{}}',
        headers: { 'content-type': 'application/json' },
      },
      400,
      'malformed-json',
    ],
    [
      'a body too long',
      post('/v1/mine', { blocks: 1, x: 'x'.repeat(MAX_BODY_BYTES) }),
      413,
      'body-too-large',
    ],
    ['a batch too long', post('/v1/transactions', { x: 'x'.repeat(MAX_BATCH_BYTES) }), 413, 'body-too-large'],
    [
      'SSZ bytes that are none',
      {
        method: 'POST',
        url: '/v1/transactions',
        payload: Buffer.alloc(100),
        headers: { 'content-type': 'application/octet-stream' },
      },
      400,
      'malformed-encoding',
    ],
    [
      'SSZ bytes too long',
      {
        method: 'POST',
        url: '/v1/transactions',
        payload: Buffer.alloc(5_000),
        headers: { 'content-type': 'application/octet-stream' },
      },
      400,
      'oversized-transaction',
    ],
    [
      'SSZ bytes where JSON belongs',
      {
        method: 'POST',
        url: '/v1/mine',
        payload: Buffer.alloc(8),
        headers: { 'content-type': 'application/octet-stream' },
      },
      415,
      'unsupported-media-type',
    ],
  ])('%s', async (_what, request, status, code) => {
    const response = await ask(request);
    expect(response).toMatchObject({ status, body: { error: { code, message: expect.any(String) } } });
    expect(Object.keys(response.body)).toEqual(['error']);
    expect(ledger.chain.tip.height).toBe(0);
  });

  test.each([
    ['an amount as a number', { amount: 1 }],
    ['an amount with a decimal point', { amount: '1.5' }],
    ['a negative amount', { amount: '-1' }],
    ['an amount of 20 digits', { amount: '9'.repeat(20) }],
    ['an amount with a leading zero', { amount: '01' }],
    ['a sequence beyond 2^53', { sequence: 2 ** 53 }],
    ['a sequence as text', { sequence: '0' }],
    ['a negative sequence', { sequence: -1 }],
    ['half a byte of data', { data: 'abc' }],
    ['too much data', { data: '00'.repeat(1_025) }],
    ['a short signature', { signature: '00' }],
    ['an unknown field', { memo: 'x' }],
    ['a sender with a typing error', { sender: 'tally1'.padEnd(64, 'q') }],
  ])('a transaction with %s', async (_what, change) => {
    const response = await ask(post('/v1/transactions', { ...payJson(), ...change }));
    expect(response).toMatchObject({ status: 400, body: { error: { code: 'invalid-request' } } });
    expect((response.body as unknown as { error: { message: string } }).error.message).toContain(
      Object.keys(change)[0],
    );
    const batch = await ask(
      post('/v1/transactions', { transactions: [payJson(), { ...payJson(), ...change }] }),
    );
    expect(batch.status).toBe(400);
    expect((batch.body as unknown as { error: { message: string } }).error.message).toMatch(
      /transactions.?1/,
    );
    expect(ledger.pool.count).toBe(0);
  });

  test('a failure of ours is told without its details', async () => {
    ledger.beforeMining = () => Promise.reject(new Error('secret path'));
    expect(await ask(post('/v1/mine', { blocks: 1 }))).toEqual({
      status: 500,
      body: { error: { code: 'internal', message: "it failed: see the daemon's log" } },
    });
  });

  test('a broken invariant ends the process', async () => {
    ledger.beforeMining = () => Promise.reject(new InvariantError('cannot be'));
    const listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    const ended = new Promise((resolve) => process.once('unhandledRejection', resolve));
    try {
      expect((await ask(post('/v1/mine', { blocks: 1 }))).status).toBe(500);
      expect(await ended).toBeInstanceOf(InvariantError);
    } finally {
      for (const listener of listeners) process.on('unhandledRejection', listener);
    }
  });
});
