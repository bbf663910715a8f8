/** The client runs in browsers too: the same code, bundled as for a page, run where there is nothing of Node. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, createApi } from '../../src/api/server.ts';
import { KeyFile } from '../../src/client/key-file.ts';
import { encodeReceipt } from '../../src/client/receipt.ts';
import { receiptFromJson } from '../../src/client/receipt-json.ts';
import { encodeRecord } from '../../src/client/record.ts';
import type { ReceiptJson } from '../../src/client/schemas.ts';
import { TallyClient } from '../../src/client/tally-client.ts';
import { verifyReceipt } from '../../src/client/verify-receipt.ts';
import { Wallet } from '../../src/client/wallet.ts';
import { formatAddress } from '../../src/core/address.ts';
import { bytesToHex } from '../../src/core/hex.ts';
import { formatNetworkFile } from '../../src/core/network-file.ts';
import { type Bundle, bundle, gzippedBytes, Page } from '../support/browser-page.ts';
import { payment } from '../support/ledger.ts';
import { POOR, RICH, type ServedLedger, SILENT, servedLedger } from '../support/served-ledger.ts';

/** What a page may weigh on the line: all of it had 82,765 bytes as this was written, and 77,036 without receipts. */
const MAX_CLIENT_BYTES = 90_000;
const MAX_WITHOUT_RECEIPTS_BYTES = 84_000;
/** libsodium's WebAssembly, which comes in its own time: 151,325 bytes. */
const MAX_VERIFIER_BYTES = 160_000;
/** `TallyClient` alone: 6,227 bytes until it signs something, 58,183 with what signing takes, as this was written. */
const MAX_TALLY_CLIENT_BYTES = 9_000;
const MAX_TALLY_CLIENT_SIGNING_BYTES = 61_000;
/** One function of text and a number: 208 bytes. */
const MAX_FORMAT_TALLY_BYTES = 1_000;
const VERIFIER = /^libsodium/;
/** A thousandth of what a real passphrase costs. */
const QUICK = { N: 128, r: 8, p: 1 };

let files: Bundle;
let ledger: ServedLedger;
let api: Api;

beforeAll(async () => {
  files = await bundleOf('../../src/client/index.ts');
  ledger = servedLedger();
  api = await createApi(ledger.daemon, { host: '127.0.0.1', port: 0, log: SILENT });
});

afterAll(() => api.close());

function bundleOf(entry: string): Promise<Bundle> {
  return bundle(fileURLToPath(new URL(entry, import.meta.url)));
}

function sizes(bundled: Bundle): { client: number; verifier: number } {
  const [verifier, client] = [true, false].map((isVerifier) =>
    gzippedBytes([...bundled].filter(([name]) => VERIFIER.test(name) === isVerifier).map(([, code]) => code)),
  ) as [number, number];
  return { client, verifier };
}

/** Of the files the page has loaded so far. */
function loadedBytes(page: Page, bundled: Bundle): number {
  return gzippedBytes([...page.loaded].map((name) => bundled.get(name) ?? ''));
}

/** What `verifyReceipt` says in the page. */
function verifyIn(page: Page, receipt: string | Uint8Array, network: object, sha256?: Uint8Array) {
  return page.run<Record<string, unknown>>(
    `async ({ text, bytes, network, sha256 }) => {
      const options = sha256 === undefined ? {} : { fileSha256: Uint8Array.from(sha256) };
      try {
        return await tallystick.verifyReceipt(text ?? Uint8Array.from(bytes), network, options);
      } catch (error) {
        return { code: error.code ?? String(error.stack) };
      }
    }`,
    {
      network,
      ...(typeof receipt === 'string' ? { text: receipt } : { bytes: [...receipt] }),
      ...(sha256 === undefined ? {} : { sha256: [...sha256] }),
    },
  );
}

describe('the bundle for browsers', () => {
  it('holds nothing of Node, and is small enough for a page', () => {
    for (const code of files.values()) {
      expect(code).not.toMatch(/browser-external|\brequire\(["'`](?!\.\/)|["'`]node:/);
    }
    const { client, verifier } = sizes(files);
    expect(client).toBeLessThan(MAX_CLIENT_BYTES);
    expect(verifier).toBeGreaterThan(100_000);
    expect(verifier).toBeLessThan(MAX_VERIFIER_BYTES);
  });

  it('is smaller for a page that checks no receipts, and has no verifier', async () => {
    const { client, verifier } = sizes(await bundleOf('fixtures/client-without-receipts.ts'));
    expect(verifier).toBe(0);
    expect(client).toBeLessThan(MAX_WITHOUT_RECEIPTS_BYTES);
  });

  it.each([
    ['formatTally', 'client-format-tally.ts', MAX_FORMAT_TALLY_BYTES, MAX_FORMAT_TALLY_BYTES],
    ['TallyClient', 'client-calls.ts', MAX_TALLY_CLIENT_BYTES, MAX_TALLY_CLIENT_SIGNING_BYTES],
  ])('has for %s alone nothing that it does not use', async (_, fixture, atFirst, everything) => {
    const bundled = await bundleOf(`fixtures/${fixture}`);
    const { client, verifier } = sizes(bundled);
    console.info(`${fixture}: ${loadedBytes(new Page(bundled), bundled)} bytes at first, ${client} in all`);
    expect(verifier).toBe(0);
    expect(loadedBytes(new Page(bundled), bundled)).toBeLessThan(atFirst);
    expect(client).toBeLessThan(everything);
  });

  it('makes a wallet that its words and its key file bring back, here as in Node', async () => {
    const made = await new Page(files).run<{ address: string; words: string; keyFile: string }>(
      `async (cost) => {
        const { formatAddress, KeyFile, Wallet, writeEncrypted } = tallystick;
        const wallet = Wallet.create();
        const { words } = wallet.exportWords();
        const keyFile = await writeEncrypted(wallet, 'open sesame', cost);
        const opened = await new KeyFile(keyFile).unlock('open sesame');
        const wrong = await new KeyFile(keyFile).unlock('open barley').catch(({ code }) => code);
        const [address, fromWords, fromFile] = [wallet, Wallet.fromWords(words), opened].map((one) =>
          formatAddress(one.account(0).address));
        return { address, words, keyFile, same: address === fromWords && address === fromFile, wrong };
      }`,
      QUICK,
    );
    expect(made).toMatchObject({ same: true, wrong: 'wrong-passphrase' });
    const { address, keyFile, words } = made;
    expect(formatAddress(Wallet.fromWords(words).account(0).address)).toBe(address);
    const opened = await new KeyFile(keyFile).unlock('open sesame');
    expect(opened.exportWords().words).toBe(words);
  });

  it('pays from an account of a wallet what a daemon takes, without the verifier', async () => {
    const page = new Page(files);
    const { sequence } = ledger.chain.account(RICH.address);
    const { id } = await page.run<{ id: string }>(
      `async ({ url, seed, to }) => {
        const wallet = tallystick.Wallet.withoutWords();
        const account = wallet.importSeed(Uint8Array.from(seed));
        const client = new tallystick.TallyClient({ url });
        return client.pay(account, { to, amount: tallystick.parseTally('1.5') });
      }`,
      { url: api.url, seed: [...RICH.secretKey.subarray(0, 32)], to: formatAddress(POOR.address) },
    );
    expect(ledger.pool.count).toBe(1);
    ledger.mine(1);
    const found = await new TallyClient({ url: api.url }).transaction(id);
    expect(found).toMatchObject({
      status: 'confirmed',
      transaction: { sequence: Number(sequence), amount: '1500000' },
    });
    expect([...page.loaded].filter((name) => VERIFIER.test(name))).toEqual([]);
  });

  it.each([
    ['of everything', 'index.ts'],
    ['of nothing else', 'client-verify.ts'],
  ])(
    "verifies a daemon's receipts as Node does, and refuses those with a byte changed: a bundle %s",
    async (_, entry) => {
      const sha256 = Uint8Array.from({ length: 32 }, (_, i) => 7 * i);
      const { id, signed } = payment(ledger.network, {
        from: RICH,
        to: POOR.address,
        sequence: Number(ledger.chain.account(RICH.address).sequence),
        data: encodeRecord({ sha256, note: 'seen in a browser' }),
        fee: 2_000n,
      });
      await ledger.daemon.node.submit([signed]);
      ledger.mine(4);
      const json: ReceiptJson = await new TallyClient({ url: api.url }).call('receipt', { params: { id } });

      const network = formatNetworkFile(ledger.network.params);
      const page = new Page(entry === 'index.ts' ? files : await bundleOf(`fixtures/${entry}`));
      const text = JSON.stringify(json);
      const compact = encodeReceipt(receiptFromJson(json));
      const proved = await verifyReceipt(json, network, { fileSha256: sha256 });
      const expected = { ...proved, work: `${proved.work}` };
      expect(expected).toMatchObject({
        confirmations: 4,
        record: { sha256: bytesToHex(sha256), fileMatches: true },
      });
      expect(await verifyIn(page, 'no receipt', network)).toEqual({ code: 'receipt-format' });
      const isVerifierLoaded = (): boolean => [...page.loaded].some((name) => VERIFIER.test(name));
      expect(isVerifierLoaded()).toBe(false);
      for (const form of [text, compact]) {
        expect(await verifyIn(page, form, network, sha256)).toEqual(expected);
      }
      expect(isVerifierLoaded()).toBe(true);
      expect(await verifyIn(page, compact, network, new Uint8Array(32))).toEqual({ code: 'fingerprint' });
      expect(await verifyIn(page, compact, { ...network, subsidy: '1' })).toEqual({ code: 'other-network' });
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
        expect(await verifyIn(page, changed, network), `byte ${at}`).toEqual({ code });
      }
    },
  );
});
