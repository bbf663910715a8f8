import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Api, createApi } from '../../src/api/server.ts';
import { transactionToJson } from '../../src/client/json.ts';
import { ConnectionError, TallyClient } from '../../src/client/tally-client.ts';
import { formatAddress } from '../../src/core/address.ts';
import { decodeBlock, encodeSignedTransaction, encodeTransactions } from '../../src/core/encoding.ts';
import { blockId } from '../../src/core/hashing.ts';
import { payment } from '../support/ledger.ts';
import { POOR, RICH, type ServedLedger, SILENT, servedLedger } from '../support/served-ledger.ts';

describe('against a daemon', () => {
  let ledger: ServedLedger;
  let api: Api;
  let client: TallyClient;

  beforeEach(async () => {
    ledger = servedLedger();
    api = await createApi(ledger.daemon, { host: '127.0.0.1', port: 0, log: SILENT });
    client = new TallyClient({ url: `${api.url}/` });
  });

  afterEach(() => api.close());

  test('every route answers', async () => {
    const address = formatAddress(RICH.address);
    const { id, signed } = payment(ledger.network, { from: RICH, to: POOR.address, sequence: 0 });
    expect(await client.call('submit', { body: transactionToJson(id, signed) })).toEqual({ id });
    expect((await client.call('transaction', { params: { id } })).status).toBe('pending');
    expect((await client.call('pool')).count).toBe(1);
    const { ids } = await client.call('mine', { body: { blocks: 2 } });
    expect((await client.call('transaction', { params: { id } })).confirmations).toBe(2);
    expect((await client.call('status')).height).toBe(2);
    expect((await client.call('network')).id).toBe(ledger.network.id);
    expect(
      (await client.call('chain', { query: { from: 1, limit: 1 } })).blocks.map((block) => block.id),
    ).toEqual([ids[0]]);
    expect((await client.call('chain')).blocks).toHaveLength(3);
    expect((await client.call('chainValidity')).valid).toBe(true);
    expect((await client.call('chainResolve')).tip).toBe(ids[1]);
    expect((await client.call('block', { params: { block: 'tip' } })).id).toBe(ids[1]);
    expect((await client.call('account', { params: { address } })).sequence).toBe(1);
    const history = await client.call('accountTransactions', { params: { address }, query: { limit: 5 } });
    expect(history.transactions.map(({ transaction }) => transaction.id)).toEqual([id]);
    expect((await client.call('peers')).peers).toEqual([]);
    expect(
      (await client.call('addPeers', { body: { addresses: ['/ip4/127.0.0.1/tcp/4141'] } })).peers,
    ).toHaveLength(1);
    expect(await client.call('health')).toEqual({ status: 'ok' });
  });

  test('bytes go both ways', async () => {
    const { id, signed } = payment(ledger.network, { from: RICH, to: POOR.address, sequence: 0 });
    expect(await client.submitBytes(Uint8Array.from(encodeSignedTransaction(signed)))).toBe(id);
    const batch = [0, 1, 5].map((sequence) =>
      payment(ledger.network, { from: RICH, to: POOR.address, sequence }),
    );
    const bytes = encodeTransactions(batch.map((paid) => paid.signed));
    expect(await client.submitBatchBytes(Uint8Array.from(bytes))).toMatchObject([
      { id, accepted: true, known: true },
      { id: batch[1]?.id, accepted: true, known: false },
      { id: batch[2]?.id, accepted: false, error: { code: 'sequence-gap' } },
    ]);
    const [mined] = ledger.mine(1);
    const block = decodeBlock(await client.blockBytes('tip'), ledger.network.params);
    expect(blockId(block.sealed)).toBe(mined?.id);
    await expect(client.blockBytes('99')).rejects.toMatchObject({ name: 'ApiError', code: 'not-found' });
  });

  test("a refusal is the daemon's own", async () => {
    await expect(client.call('block', { params: { block: '99' } })).rejects.toMatchObject({
      name: 'ApiError',
      status: 404,
      code: 'not-found',
    });
  });

  test('hanging up stops mining', async () => {
    const seen = Promise.withResolvers<AbortSignal | undefined>();
    const never = Promise.withResolvers<void>();
    ledger.beforeMining = async (signal) => {
      seen.resolve(signal);
      signal?.addEventListener('abort', () => never.resolve());
      await never.promise;
    };
    const stop = new AbortController();
    const call = client.call('mine', { body: { blocks: 1 } }, { signal: stop.signal });
    const signal = await seen.promise;
    expect(signal?.aborted).toBe(false);
    stop.abort();
    await expect(call).rejects.toBeInstanceOf(ConnectionError);
    await never.promise;
    expect(ledger.chain.tip.height).toBe(0);
  });
});

describe('against something else', () => {
  let server: Server;
  let client: TallyClient;
  let answer: (path: string) => { status: number; text: string } | undefined;

  beforeEach(async () => {
    server = createServer((request, response) => {
      const given = answer(request.url ?? '');
      if (given !== undefined) response.writeHead(given.status).end(given.text);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    client = new TallyClient({ url: `http://127.0.0.1:${port}`, timeoutMs: 300 });
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  test('what is no JSON is told as such', async () => {
    answer = () => ({ status: 200, text: '<html>' });
    await expect(client.call('status')).rejects.toThrow('does not answer like a tally daemon');
  });

  test('an error in other words keeps its status', async () => {
    answer = () => ({ status: 502, text: '<html>' });
    await expect(client.call('status')).rejects.toMatchObject({
      name: 'ApiError',
      status: 502,
      code: 'unknown',
    });
  });

  test('silence ends with the deadline', async () => {
    answer = () => undefined;
    await expect(client.call('status')).rejects.toThrow('did not answer in time');
  });

  test('what stands in a path cannot leave it', async () => {
    let seen = '';
    answer = (path) => {
      seen = path;
      return { status: 404, text: '{}' };
    };
    await expect(client.call('block', { params: { block: '../../x?y' } })).rejects.toThrow('404');
    expect(seen).toBe('/v1/blocks/..%2F..%2Fx%3Fy');
  });

  test('nobody there names the reason', async () => {
    server.close();
    await new Promise((resolve) => server.once('close', resolve));
    await expect(client.call('status')).rejects.toThrow('ECONNREFUSED');
  });
});
