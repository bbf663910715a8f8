/** Browsers that lack something: storage is blocked, or the page came over plain HTTP from another machine. */
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { readApiToken } from '../../src/api/token.ts';
import { TallyClient } from '../../src/client/tally-client.ts';
import type { ExplorerNetwork } from '../support/explorer-network.ts';
import { explorerForTests, networkForTests } from '../support/explorer-suite.ts';
import { fillPayment, makeWallet, send } from '../support/explorer-wallet.ts';
import type { TallyProcess } from '../support/tally-process.ts';

const NAME = 'ledger.example';
/** What a browser does to a page whose cookies are blocked, from the first line of its scripts on. */
const BLOCK_STORAGE = `
  for (const name of ['localStorage', 'sessionStorage', 'indexedDB', 'caches']) {
    Object.defineProperty(globalThis, name, {
      get() { throw new DOMException('Access is denied for this document.', 'SecurityError'); },
    });
  }
  globalThis.SharedWorker = class {
    constructor() { throw new DOMException('Access to shared workers is denied.', 'SecurityError'); }
  };`;

const explorer = explorerForTests([NAME]);
let network: ExplorerNetwork;
let daemon: TallyProcess;
let owner: TallyClient;
let port: string;

networkForTests('lacking test', async (made) => {
  network = made;
  const data = join(network.folder, 'data');
  daemon = await network.start([], { data, more: ['--api-host', '0.0.0.0'] });
  const { api } = await daemon.started;
  ({ port } = new URL(api));
  owner = new TallyClient({ url: api, token: (await readApiToken(data)) ?? '' });
  await mine(3);
});

/** @param miner bech32m; default: the daemon's own */
async function mine(blocks = 1, miner?: string): Promise<string[]> {
  const body = miner === undefined ? { blocks } : { blocks, miner };
  return (await owner.call('mine', { body })).ids;
}

/** The page's account gets a reward, and pays of it. */
async function payOnce(page: Page): Promise<void> {
  const address = (await page.locator('.whole-address code').textContent()) ?? '';
  await mine(1, address);
  await mine();
  await fillPayment(page, 'miner', '5');
  await send(page);
  await mine();
  await page.locator('.sent-list', { hasText: '1 confirmation' }).waitFor();
}

async function openBlocked(path: string): Promise<Page> {
  const profile = await explorer.profile();
  await profile.addInitScript(BLOCK_STORAGE);
  return await explorer.openTab(profile, `http://127.0.0.1:${port}`, path);
}

describe('with storage blocked', () => {
  it('the page is there, and blocks appear', async () => {
    const page = await openBlocked('/');
    await page.locator('.connection.live').waitFor();
    const [id] = await mine();
    await page.locator(`[data-block="${id}"].is-tip`).waitFor();
    await page.getByRole('button', { name: /Use (dark|light) colours/ }).click();
    await page.getByRole('button', { name: 'Not now' }).click();
    await page.getByText('Try it yourself').waitFor({ state: 'detached' });
  });

  it('a wallet lives as long as its tab, which is said before money goes to it, and pays', async () => {
    const page = await openBlocked('/wallet');
    await page.getByText('This browser keeps nothing for this page.').waitFor();
    await page.getByText('A wallet made here is gone when this tab is closed').waitFor();
    await makeWallet(page);
    await page.getByText('download the file below before money goes to it').waitFor();
    await payOnce(page);
    await page.getByRole('button', { name: 'Lock', exact: true }).click();
    await page.getByRole('heading', { name: 'Locked' }).waitFor();
    expect(await page.getByText('keeps nothing').count()).toBe(1);
  });
});

it('where storage is not blocked, nothing is said of it', async () => {
  const page = await explorer.open(`http://127.0.0.1:${port}`, '/wallet');
  await makeWallet(page);
  expect(await page.getByText('keeps nothing').count()).toBe(0);
});

describe('over plain HTTP from another machine', () => {
  const open = (path: string) => explorer.open(`http://${NAME}:${port}`, path);

  it('the page is live, and a wallet is made and pays', async () => {
    const page = await open('/wallet');
    expect(await page.evaluate('isSecureContext')).toBe(false);
    await makeWallet(page);
    await payOnce(page);
  });

  it('a receipt is proved', async () => {
    const id = await network.record(daemon, Buffer.from('the record of a meeting'), 'minutes.txt');
    await mine();
    const receipt = await owner.call('receipt', { params: { id } });
    const page = await open('/verify');
    await page
      .locator('.verify input[type=file]')
      .first()
      .setInputFiles({
        ...{ name: 'minutes.txt.receipt.json', mimeType: 'application/json' },
        buffer: Buffer.from(JSON.stringify(receipt)),
      });
    await page.getByText('Proved: this fingerprint of a file is on record').waitFor();
  });

  it('text is copied', async () => {
    const [id] = await mine();
    const page = await open(`/block/${id}`);
    await page.getByRole('button', { name: /^Copy/ }).first().click();
    await page.getByText('Copied').waitFor({ state: 'attached' });
    const field = page.getByLabel('Search by height, id or address');
    await field.focus();
    await page.keyboard.press('Control+V');
    expect(await field.inputValue()).toBe(id);
  });
});
