/** Receipts are checked in a browser too: the same code, bundled as a page would, run where there is nothing of Node. */
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Api, createApi } from '../../src/api/server.ts';
import { encodeReceipt } from '../../src/client/receipt.ts';
import { receiptFromJson } from '../../src/client/receipt-json.ts';
import { encodeRecord } from '../../src/client/record.ts';
import type { ReceiptJson } from '../../src/client/schemas.ts';
import { TallyClient } from '../../src/client/tally-client.ts';
import { verifyReceipt } from '../../src/client/verify-receipt.ts';
import { formatNetworkFile } from '../../src/core/network-file.ts';
import { payment } from '../support/ledger.ts';
import { POOR, RICH, type ServedLedger, SILENT, servedLedger } from '../support/served-ledger.ts';

/** What a page may weigh on the line: 190,433 bytes as this was written, most of them libsodium. */
const MAX_GZIPPED_BYTES = 200_000;

let code: string;

beforeAll(async () => {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      lib: {
        entry: fileURLToPath(new URL('../../src/client/verify-receipt.ts', import.meta.url)),
        formats: ['iife'],
        name: 'tallystick',
      },
    },
  });
  const [{ output }] = result as Rolldown.RolldownOutput[] as [Rolldown.RolldownOutput];
  expect(output).toHaveLength(1);
  code = output[0].code;
});

/** A page's globals, and no others: what JavaScript has by itself comes with the context. */
function page() {
  const { atob, btoa, clearTimeout, crypto, performance, setTimeout, TextDecoder, TextEncoder } = globalThis;
  const globals = { atob, btoa, clearTimeout, crypto, performance, setTimeout, TextDecoder, TextEncoder };
  const context = createContext({ ...globals, console });
  runInContext('globalThis.self = globalThis.window = globalThis;', context);
  runInContext(code, context);
  return context;
}

/** Calls `verifyReceipt` of the page; values go in and out as text, for the page has types of its own. */
async function verifyInPage(
  context: object,
  receipt: string | Uint8Array,
  network: object,
  sha256?: Uint8Array,
) {
  Object.assign(context, {
    given: JSON.stringify({
      network,
      ...(typeof receipt === 'string' ? { text: receipt } : { bytes: [...receipt] }),
      ...(sha256 === undefined ? {} : { sha256: [...sha256] }),
    }),
  });
  const answer = (await runInContext(
    `(async ({ text, bytes, network, sha256 }) => {
      const options = sha256 === undefined ? {} : { fileSha256: Uint8Array.from(sha256) };
      try {
        const proved = await tallystick.verifyReceipt(text ?? Uint8Array.from(bytes), network, options);
        return JSON.stringify(proved, (_, value) => (typeof value === 'bigint' ? String(value) : value));
      } catch (error) {
        return JSON.stringify({ code: error.code ?? String(error.stack) });
      }
    })(JSON.parse(given))`,
    context,
  )) as string;
  return JSON.parse(answer) as Record<string, unknown>;
}

describe('the bundle for browsers', () => {
  it('holds nothing of Node, and is small enough for a page', () => {
    expect(code).not.toMatch(/browser-external|\brequire\(["']|["']node:/);
    const bytes = gzipSync(code).length;
    expect(bytes).toBeLessThan(MAX_GZIPPED_BYTES);
  });

  it("verifies a daemon's receipts as Node does, and refuses those with a byte changed", async () => {
    const ledger: ServedLedger = servedLedger();
    const api: Api = await createApi(ledger.daemon, { host: '127.0.0.1', port: 0, log: SILENT });
    const sha256 = Uint8Array.from({ length: 32 }, (_, i) => 7 * i);
    const data = encodeRecord({ sha256, note: 'seen in a browser' });
    const { id, signed } = payment(ledger.network, {
      from: RICH,
      to: POOR.address,
      sequence: 0,
      data,
      fee: 2_000n,
    });
    await ledger.daemon.node.submit([signed]);
    ledger.mine(4);
    const json: ReceiptJson = await new TallyClient({ url: api.url }).call('receipt', { params: { id } });
    await api.close();

    const network = formatNetworkFile(ledger.network.params);
    const context = page();
    const text = JSON.stringify(json);
    const compact = encodeReceipt(receiptFromJson(json));
    const proved = await verifyReceipt(json, network, { fileSha256: sha256 });
    const expected = { ...proved, work: `${proved.work}` };
    expect(expected).toMatchObject({ confirmations: 4, record: { fileMatches: true } });
    for (const form of [text, compact]) {
      expect(await verifyInPage(context, form, network, sha256)).toEqual(expected);
    }
    expect(await verifyInPage(context, compact, network, new Uint8Array(32))).toEqual({
      code: 'fingerprint',
    });
    expect(await verifyInPage(context, compact, { ...network, subsidy: '1' })).toEqual({
      code: 'other-network',
    });
    for (let at = 0; at < compact.length; at += 13) {
      const changed = compact.slice();
      changed[at] = (changed[at] as number) ^ 4;
      let code = 'none';
      try {
        await verifyReceipt(changed, network);
      } catch (error) {
        code = (error as { code: string }).code;
      }
      expect(code).not.toBe('none');
      expect(await verifyInPage(context, changed, network), `byte ${at}`).toEqual({ code });
    }
  });
});
