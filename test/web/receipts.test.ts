/** Files put on record and receipts checked, all in a real browser. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Download, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import type { ReceiptJson } from '../../src/client/schemas.ts';
import { verifyReceipt } from '../../src/client/verify-receipt.ts';
import type { NetworkFile } from '../../src/core/network-file.ts';
import { type ExplorerNetwork, mine } from '../support/explorer-network.ts';
import { explorerForTests, networkForTests } from '../support/explorer-suite.ts';
import { makeWallet, mineToWallet } from '../support/explorer-wallet.ts';
import type { TallyProcess } from '../support/tally-process.ts';

const CONTENT = Buffer.from('We agree.');
const FILE = { name: 'contract.txt', mimeType: 'text/plain', buffer: CONTENT };
const NEW = Buffer.from('Never seen.');
/** Several pieces of the browser's reader. */
const LARGE_BYTES = 20_000_000;

const explorer = explorerForTests();
let network: ExplorerNetwork;
let daemon: TallyProcess;
let api: string;
/** Of `FILE`, as the page gave it out. */
let receipt: ReceiptJson;

networkForTests('receipt test', async (made) => {
  network = made;
  daemon = await network.start();
  ({ api } = await daemon.started);
});

async function contentOf(download: Download): Promise<Buffer> {
  const path = join(network.folder, download.suggestedFilename());
  await download.saveAs(path);
  return await readFile(path);
}

async function parameters(): Promise<NetworkFile> {
  return (await daemon.client.call('network')).params;
}

/** Runs in the page. */
const TRANSFER = `(files) => {
  const data = new DataTransfer();
  for (const { content, name } of files) data.items.add(new File([content], name));
  return data;
}`;

/** Drops files on the page, as from a desktop. */
async function drop(page: Page, files: readonly { name: string; content: string }[]): Promise<void> {
  const transfer = await page.evaluateHandle(`(${TRANSFER})(${JSON.stringify(files)})`);
  await page.dispatchEvent('main', 'drop', { dataTransfer: transfer });
}

const jsonFile = (name: string, value: unknown) => ({ name, content: JSON.stringify(value) });

it('records a file from the wallet, waits, and gives its receipt', async () => {
  const page = await explorer.open(api, '/wallet/record');
  await makeWallet(page);
  await mineToWallet(page);
  await page.locator('.wallet input[type=file]').setInputFiles(FILE);
  await page.getByLabel('Note').fill('as signed in May');
  await page.getByLabel('Confirmations before the receipt').fill('3');
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Put it on record' }).click();
  await page.getByText('downloaded after 3 confirmations').waitFor();
  await mine(daemon);
  await page.getByText('1 confirmation', { exact: true }).waitFor();
  await mine(daemon);
  await page.getByText('2 confirmations', { exact: true }).waitFor();
  await mine(daemon);
  const download = await downloading;
  expect(download.suggestedFilename()).toBe('contract.txt.receipt.json');
  await page.getByText('The receipt is downloaded.').waitFor();
  receipt = JSON.parse(String(await contentOf(download))) as ReceiptJson;
  const proved = await verifyReceipt(receipt, await parameters());
  expect(proved).toMatchObject({ confirmations: 3, record: { note: 'as signed in May' } });

  // A second time it is said to be there.
  await page.locator('.wallet input[type=file]').setInputFiles(FILE);
  await page.getByText('It is on record already').waitFor();
});

it('says how far it is with a large file, and that there is nothing to pay with', async () => {
  const page = await explorer.open(api, '/wallet/record');
  await makeWallet(page);
  await page.locator('.wallet input[type=file]').setInputFiles({
    name: 'film.mp4',
    mimeType: 'video/mp4',
    buffer: Buffer.alloc(LARGE_BYTES, 7),
  });
  await page.getByText('20,000,000 bytes').waitFor();
  await page.getByText(/are more than the account has: 0 tally/).waitFor();
  expect(await page.getByRole('button', { name: 'Put it on record' }).isDisabled()).toBe(true);
});

it('proves a receipt that is dropped with its file, and fetches the verifier only then', async () => {
  const page = await explorer.open(api, '/verify');
  const fetched: string[] = [];
  page.on('request', (request) => fetched.push(request.url()));
  await page.getByText('Drop a receipt here').waitFor();
  expect(fetched.filter((url) => url.includes('libsodium'))).toEqual([]);
  await drop(page, [
    { name: 'contract.txt', content: String(CONTENT) },
    jsonFile('contract.txt.receipt (1).json', receipt),
  ]);
  await page.getByText('Proved: contract.txt is on record').waitFor();
  await page.getByText('6 hashes to forge').waitFor();
  await page.getByText('“as signed in May”').waitFor();
  await page.getByText('who holds the key that signed').waitFor();
  await page.getByText('its parameters are this daemon’s').waitFor();
  expect(fetched.filter((url) => url.includes('libsodium'))).toHaveLength(1);
  // Nothing of it was told to anybody.
  expect(fetched.filter((url) => url.includes('transactions') || url.includes(receipt.block.id))).toEqual([]);
});

it('verifies a receipt that is dropped on any other page, and records a file that was looked for in vain', async () => {
  const page = await explorer.open(api, '/pool');
  await page.getByText('Nothing waits').waitFor();
  await drop(page, [jsonFile('a.receipt.json', receipt)]);
  await page.getByText('Proved: this fingerprint of a file is on record').waitFor();

  const other = await explorer.open(api, '/wallet');
  await makeWallet(other);
  await other
    .locator('.search-box input[type=file]')
    .setInputFiles({ ...FILE, name: 'new.txt', buffer: NEW });
  await other.getByText('No record of it here.').waitFor();
  await other.getByRole('button', { name: 'Put it on record' }).click();
  await other.locator('.file-choice', { hasText: 'new.txt' }).waitFor();
  await other.getByLabel('Note').waitFor();
});

it('takes the word of a network file instead of the daemon', async () => {
  const page = await explorer.open(api, '/verify');
  await page.locator('.verify').waitFor();
  const file = await parameters();
  await drop(page, [jsonFile('a.receipt.json', receipt), jsonFile('club.json', file)]);
  await page.getByText('from club.json').waitFor();
  expect(await page.getByText('its parameters are this daemon’s').count()).toBe(0);
  await drop(page, [jsonFile('other.json', { ...file, subsidy: '1' })]);
  await page.getByText('The receipt is of another network').waitFor();
  await drop(page, [jsonFile('odd.json', { ...file, subsidy: 'much' })]);
  await page.getByText(/Refused/).waitFor();
  await page.getByText(/subsidy/).waitFor();
});

it('refuses whatever was tampered with, and says what', async () => {
  const page = await explorer.open(api, '/verify');
  await page.locator('.verify').waitFor();
  const { transaction } = receipt;
  const tampered: [object | string, string][] = [
    [{ ...receipt, transaction: { ...transaction, fee: '1' } }, 'transaction-id'],
    [{ ...receipt, transaction: { ...transaction, signature: '00'.repeat(64) } }, 'signature'],
    [{ ...receipt, networkId: '00'.repeat(32) }, 'other-network'],
    [{ ...receipt, branch: receipt.branch.map(() => '00'.repeat(32)) }, 'branch'],
    [{ ...receipt, block: { ...receipt.block, nonce: '00'.repeat(32) } }, 'block-id'],
    [{ ...receipt, format: 'something' }, 'receipt-format'],
    [{ ...receipt, version: 2 }, 'receipt-version'],
    ['{"format": "tallystick-rec', 'receipt-format'],
  ];
  for (const [content, code] of tampered) {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    await drop(page, [{ name: 'a.receipt.json', content: text }]);
    await page.locator('.verdict.bad code', { hasText: new RegExp(`^${code}$`) }).waitFor();
    expect(await page.locator('.verdict.good').count()).toBe(0);
  }
  await drop(page, [jsonFile('a.receipt.json', receipt), { name: 'contract.txt', content: 'We disagree.' }]);
  await page.getByText('The file is not the one on record').waitFor();
});

it('gives a receipt of any transaction, in both forms', async () => {
  const { id } = receipt.transaction;
  const page = await explorer.open(api, `/transaction/${id}`);
  for (const [button, name] of [
    ['Download as JSON', `${id.slice(0, 12)}.receipt.json`],
    ['Compact form', `${id.slice(0, 12)}.receipt`],
  ] as const) {
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: button }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toBe(name);
    const content = await contentOf(download);
    expect((await verifyReceipt(content, await parameters())).transaction.id).toBe(id);
    const path = join(network.folder, name);
    await writeFile(path, content);
    const verifying = await explorer.open(api, '/verify');
    await verifying.locator('.verify input[type=file]').first().setInputFiles(path);
    await verifying.getByText('Proved: this fingerprint of a file is on record').waitFor();
  }
});
