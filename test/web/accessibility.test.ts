/** Every page, in both themes and on a phone, against what axe knows of WCAG 2.2 AA. */
import AxeBuilder from '@axe-core/playwright';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { formatAddress } from '../../src/core/address.ts';
import { ExplorerNetwork, mine, PAYER } from '../support/explorer-network.ts';
import { Explorer } from '../support/explorer-page.ts';
import type { TallyProcess } from '../support/tally-process.ts';

const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

let explorer: Explorer;
let network: ExplorerNetwork;
let daemon: TallyProcess;
let block: string;
let transaction: string;
const ADDRESS = formatAddress(PAYER.address);

beforeAll(async () => {
  [explorer, network] = await Promise.all([Explorer.launch(), ExplorerNetwork.create('accessible')]);
  daemon = await network.start();
  await network.start([daemon]);
  [transaction = ''] = await network.pay(daemon, 40, { data: Buffer.from('a memo') });
  [block = ''] = await mine(daemon, 5);
  await network.pay(daemon, 40);
}, 60_000);

afterEach(async () => {
  expect(await explorer.closePages()).toEqual([]);
});

afterAll(async () => {
  await explorer.close();
  await network.close();
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
];

describe.each(['light', 'dark'] as const)('in the %s theme', (colorScheme) => {
  it.each(PAGES)('%s', async (_, path, whole) => {
    const { api } = await daemon.started;
    const page = await explorer.open(api, path(), { colorScheme });
    await page.locator(whole).first().waitFor();
    const { violations } = await new AxeBuilder({ page }).withTags(STANDARDS).analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html).slice(0, 3)])).toEqual([]);
  });

  it('the dialog about the daemon', async () => {
    const { api } = await daemon.started;
    const page = await explorer.open(api, '/', { colorScheme });
    await page.locator('.connection.live').click();
    await page.getByLabel('Token').waitFor();
    const { violations } = await new AxeBuilder({ page }).withTags(STANDARDS).analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html).slice(0, 3)])).toEqual([]);
  });
});

it.each(PAGES)('%s fits a phone of 360 pixels without sideways scrolling', async (_, path, whole) => {
  const { api } = await daemon.started;
  const page = await explorer.open(api, path(), { viewport: { width: 360, height: 780 } });
  await page.locator(whole).first().waitFor();
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
});
