/** Every page, in both themes and on a phone, against what axe knows of WCAG 2.2 AA. */
import AxeBuilder from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../src/core/address.ts';
import { type ExplorerNetwork, mine, PAYER } from '../support/explorer-network.ts';
import { explorerForTests, networkForTests } from '../support/explorer-suite.ts';
import { addAccount, fillPayment, makeWallet, mineToWallet } from '../support/explorer-wallet.ts';
import type { TallyProcess } from '../support/tally-process.ts';

const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const FILE = { name: 'minutes.txt', mimeType: 'text/plain', buffer: Buffer.from('minutes') };

const explorer = explorerForTests();
let network: ExplorerNetwork;
let daemon: TallyProcess;
let block: string;
let transaction: string;
const ADDRESS = formatAddress(PAYER.address);

networkForTests('accessible', async (made) => {
  network = made;
  daemon = await network.start();
  await network.start([daemon]);
  [transaction = ''] = await network.pay(daemon, 40, { data: Buffer.from('a memo') });
  [block = ''] = await mine(daemon, 5);
  await network.pay(daemon, 40);
});

/** Path, and what is there once the page is whole. */
const PAGES: readonly (readonly [name: string, path: () => string, whole: string])[] = [
  ['chain', () => '/', '.is-tip'],
  ['block', () => `/block/${block}`, '.table'],
  ['transaction', () => `/transaction/${transaction}`, '.memo'],
  ['address', () => `/address/${ADDRESS}`, '.table'],
  ['pool', () => '/pool', '.virtual-list'],
  ['peers', () => '/peers', '.peer-dot'],
  ['network', () => '/network', '.chart canvas'],
  ['search', () => '/search/nonsense', '.notice'],
  ['file', () => `/file/${'ab'.repeat(32)}`, '.notice'],
  ['lost', () => '/nowhere', '.notice'],
  ['a wallet to be made', () => '/wallet', '.welcome'],
  ['verify', () => '/verify', '.file-choice'],
];

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(STANDARDS).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html).slice(0, 3)])).toEqual([]);
}

describe.each(['light', 'dark'] as const)('in the %s theme', (colorScheme) => {
  it.each(PAGES)('%s', async (_, path, whole) => {
    const { api } = await daemon.started;
    const page = await explorer.open(api, path(), { colorScheme });
    await page.locator(whole).first().waitFor();
    await expectAccessible(page);
  });

  it('the dialog about the daemon', async () => {
    const { api } = await daemon.started;
    const page = await explorer.open(api, '/', { colorScheme });
    await page.locator('.connection.live').click();
    await page.getByLabel('Token').waitFor();
    await expectAccessible(page);
  });

  it('everything one does with a wallet', async () => {
    const { api } = await daemon.started;
    const page = await explorer.open(api, '/wallet', { colorScheme });
    await page.getByRole('button', { name: 'Make a wallet' }).click();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Back' }).click();
    await makeWallet(page);
    await mineToWallet(page);
    await addAccount(page, 'savings');
    await page.getByLabel('To', { exact: true }).fill('tally1q');
    await page.getByLabel('Memo').fill('a memo');
    await expectAccessible(page);
    await fillPayment(page, 'savings', '1');
    await page.getByRole('button', { name: 'Review the payment' }).click();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await page.locator('.sent-list .waiting-state').waitFor();
    await mine(daemon, 1);
    await page.locator('.sent-list .good').waitFor();
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Record a file' }).click();
    await page.locator('.wallet input[type=file]').setInputFiles(FILE);
    await page.getByRole('button', { name: 'Put it on record' }).waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Lock', exact: true }).click();
    await page.getByRole('heading', { name: 'Locked' }).waitFor();
    await page.getByText('For trying things out').click();
    await page.getByRole('button', { name: 'Remove from this browser' }).click();
    await expectAccessible(page);
    // The pool's page is to have something to show again.
    await network.pay(daemon, 40);
  });

  it('a receipt that is proved, and one that is refused', async () => {
    const { api } = await daemon.started;
    const receipt = await daemon.client.call('receipt', { params: { id: transaction } });
    const page = await explorer.open(api, '/verify', { colorScheme });
    const chooser = page.locator('.verify input[type=file]').first();
    const choose = (buffer: Buffer) =>
      chooser.setInputFiles({ name: 'a.receipt.json', mimeType: 'application/json', buffer });
    await choose(Buffer.from(JSON.stringify(receipt)));
    await page.locator('.verdict.good').waitFor();
    await expectAccessible(page);
    await choose(Buffer.from('{}'));
    await page.locator('.verdict.bad').waitFor();
    await expectAccessible(page);
  });
});

it.each(PAGES)('%s fits a phone of 360 pixels without sideways scrolling', async (_, path, whole) => {
  const { api } = await daemon.started;
  const page = await explorer.open(api, path(), { viewport: { width: 360, height: 780 } });
  await page.locator(whole).first().waitFor();
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
});

it('an open wallet fits it, too', async () => {
  const { api } = await daemon.started;
  const page = await explorer.open(api, '/wallet', { viewport: { width: 360, height: 780 } });
  await makeWallet(page);
  await mineToWallet(page);
  await addAccount(page, 'savings');
  await fillPayment(page, 'savings', '1');
  await page.getByRole('button', { name: 'Review the payment' }).click();
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
});
