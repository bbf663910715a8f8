import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { App } from '../../src/api/app.ts';
import { buildApi } from '../../src/api/server.ts';
import { decodeReceipt } from '../../src/client/receipt.ts';
import { receiptFromJson, receiptToJson } from '../../src/client/receipt-json.ts';
import type { ReceiptJson } from '../../src/client/schemas.ts';
import { verifyReceipt } from '../../src/client/verify-receipt.ts';
import { formatNetworkFile } from '../../src/core/network-file.ts';
import { BlockMaker, NOW_MS, payment } from '../support/ledger.ts';
import { POOR, RICH, type ServedLedger, SILENT, servedLedger } from '../support/served-ledger.ts';

let ledger: ServedLedger;
let app: App;

beforeEach(async () => {
  ledger = servedLedger();
  app = await buildApi(ledger.daemon, { host: '127.0.0.1', port: 0, log: SILENT });
});

afterEach(() => app.close());

/** Payments of one block; more than are hashed in one turn. */
function fill(count: number): string[] {
  const ids: string[] = [];
  for (let sequence = 0; sequence < count; sequence++) {
    const made = payment(ledger.network, { from: RICH, to: POOR.address, sequence });
    ledger.pool.add(made);
    ids.push(made.id);
  }
  return ids;
}

const get = (id: string, query = '', headers = {}) =>
  app.inject({ url: `/v1/transactions/${id}/receipt${query}`, headers });

describe('receipts', () => {
  test('of any place in a block verify, in both forms, which say the same', async () => {
    const ids = fill(300);
    ledger.mine(3);
    for (const index of [0, 1, 130, 299]) {
      const id = ids[index] as string;
      const json = (await get(id)).json<ReceiptJson>();
      const proved = await verifyReceipt(json, formatNetworkFile(ledger.network.params));
      expect(proved).toMatchObject({ transaction: { id }, index, block: { height: 1 }, confirmations: 3 });
      const answer = await get(id, '', { accept: 'application/octet-stream' });
      expect(answer.headers['content-type']).toBe('application/octet-stream');
      expect(receiptToJson(decodeReceipt(answer.rawPayload))).toEqual(json);
    }
  });

  test('have six headers unless told otherwise, and as many as asked for', async () => {
    const [id = ''] = fill(1);
    ledger.mine(300);
    const confirmations = async (query: string) =>
      receiptFromJson((await get(id, query)).json()).headers.length;
    expect(await confirmations('')).toBe(6);
    for (const count of [1, 2, 128, 129, 130, 300])
      expect(await confirmations(`?confirmations=${count}`)).toBe(count);
  });

  test.each([
    ['an unknown transaction', '00'.repeat(32), '', 404, 'not-found'],
    ['no id', 'xyz', '', 400, 'invalid-request'],
    ['no headers', '00'.repeat(32), '?confirmations=0', 400, 'invalid-request'],
    ['too many headers', '00'.repeat(32), '?confirmations=10001', 400, 'invalid-request'],
  ])('refuse %s', async (_what, id, query, status, code) => {
    const response = await get(id, query);
    expect(response.statusCode).toBe(status);
    expect(response.json()).toMatchObject({ error: { code } });
  });

  test('are not made before the transaction is in a block, nor of more blocks than there are', async () => {
    const [id = ''] = fill(1);
    expect((await get(id)).statusCode).toBe(409);
    expect((await get(id)).json()).toMatchObject({ error: { code: 'not-confirmed' } });
    ledger.mine(1);
    expect((await get(id, '?confirmations=2')).json()).toEqual({
      error: {
        code: 'too-few-confirmations',
        message: 'the transaction has 1 confirmation so far, 2 are asked for',
      },
    });
    expect((await get(id, '?confirmations=1')).statusCode).toBe(200);
  });

  test('are not made of a block that has left the chain', async () => {
    const [id = ''] = fill(1);
    ledger.mine(1);
    expect((await get(id)).statusCode).toBe(200);
    const maker = new BlockMaker(ledger.network);
    for (const block of maker.chain(maker.genesis, 2)) ledger.chain.addBlock(block, NOW_MS);
    expect((await get(id)).statusCode).toBe(409);
  });
});
