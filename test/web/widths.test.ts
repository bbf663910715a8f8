/** Every page at every width from a small phone to a desk, with long names, large amounts and much of everything. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatAddress, parseAddress } from '../../src/core/address.ts';
import { connect, ExplorerNetwork, forgetPeers, hasTip, mine, PAYER } from '../support/explorer-network.ts';
import { explorerForTests } from '../support/explorer-suite.ts';
import { addAccount, fillPayment, makeWallet, mineToWallet } from '../support/explorer-wallet.ts';
import { overflowOf } from '../support/overflow.ts';
import { PagedDevnet } from '../support/paged-devnet.ts';
import type { TallyProcess } from '../support/tally-process.ts';

const NARROWEST = 320;
const WIDEST = 1_440;
const STEP = 20;
const HEIGHT = 860;
/** What a page draws anew for another width, it draws within this. */
const SETTLED = { timeout: 15_000 };
/** Fifty-seven widths of one page, on a slow machine. */
const TEST_MS = 120_000;
const WIDTHS = Array.from({ length: (WIDEST - NARROWEST) / STEP + 1 }, (_, index) => WIDEST - index * STEP);

/** As long as names may be. */
const NAME = 'the-network-of-the-long-division';
/** Ten digits and all six behind the point. */
const AMOUNT = 1_234_567_890_123_456n;
const ADDRESS = formatAddress(PAYER.address);
const CONTENT = Buffer.from('minutes of a meeting');
const DIGEST = createHash('sha256').update(CONTENT).digest('hex');
const LONG_NAME = `${'minutes-of-the-annual-general-meeting-'.repeat(3)}.txt`;
const ACCOUNT = 'x'.repeat(32);
const MEMO = 'Donaudampfschifffahrtsgesellschaftskapitän'.repeat(6);

const explorer = explorerForTests();

async function expectToFit(page: Page, narrowest = NARROWEST): Promise<void> {
  for (const width of WIDTHS.filter((one) => one >= narrowest)) {
    await page.setViewportSize({ width, height: HEIGHT });
    await expect.poll(() => overflowOf(page), { ...SETTLED, message: `at ${width} px` }).toEqual([]);
  }
}

describe('of one daemon', () => {
  let network: ExplorerNetwork;
  let daemon: TallyProcess;
  let api: string;
  let lost: string;
  let payment: string;
  let record: string;

  beforeAll(async () => {
    network = await ExplorerNetwork.create(NAME, 1_048_576, undefined, {
      allocations: [{ address: Buffer.from(PAYER.address, 'hex'), amount: 1_000n * AMOUNT }],
    });
    daemon = await network.start();
    ({ api } = await daemon.started);
    const data = join(network.folder, 'apart');
    const apart = await network.start([daemon], { data });
    const [tip = ''] = await mine(daemon, 2).then((ids) => ids.slice(-1));
    await hasTip(apart.client, tip);
    await apart.kill();
    forgetPeers(data);
    const alone = await network.start([], { data });
    [payment = ''] = await network.pay(daemon, 1, { amount: AMOUNT, data: Buffer.from(MEMO) });
    await network.pay(daemon, 3, { amount: AMOUNT });
    record = await network.record(daemon, CONTENT, 'x'.repeat(120));
    const [first = ''] = await mine(daemon);
    lost = first;
    await mine(daemon);
    const winning = await mine(alone, 3);
    await connect(daemon, alone);
    await hasTip(daemon.client, winning.at(-1) ?? '');
    const [confirmed = ''] = await mine(daemon);
    await hasTip(daemon.client, confirmed);
    await network.pay(daemon, 60, { amount: AMOUNT, fee: AMOUNT / 1_000n });
  }, 90_000);

  afterAll(async () => {
    await network.close();
  });

  const PAGES: readonly (readonly [name: string, path: () => string, whole: string])[] = [
    ['the chain', () => '/', '.is-tip'],
    ['a block', () => '/block/6', '.table'],
    ['a block that lost', () => `/block/${lost}`, '.state.lost'],
    ['the genesis', () => '/block/0', '.facts'],
    ['no block', () => `/block/${'ab'.repeat(32)}`, '.notice'],
    ['a payment', () => `/transaction/${payment}`, '.memo'],
    ['a record', () => `/transaction/${record}`, '.facts'],
    ['an address', () => `/address/${ADDRESS}`, '.table'],
    ['the pool', () => '/pool', '.virtual-list'],
    ['peers', () => '/peers', '.peer-dot'],
    ['the network', () => '/network', '.chart canvas'],
    ['a search without a result', () => `/search/${'nonsense'.repeat(12)}`, '.notice'],
    ['a search with a result', () => '/search/6', '.table'],
    ['a file on record', () => `/file/${DIGEST}`, '.found'],
    ['a file that is not on record', () => `/file/${'ab'.repeat(32)}`, '.notice'],
    ['a wallet to be made', () => '/wallet', '.welcome'],
    ['a receipt to be verified', () => '/verify', '.file-choice'],
    ['no page', () => '/nowhere', '.notice'],
  ];

  it.each(PAGES)(
    '%s',
    async (_, path, whole) => {
      explorer.expected.push('ab'.repeat(32));
      const page = await explorer.open(api, path());
      await page.locator(whole).first().waitFor();
      await expectToFit(page);
    },
    TEST_MS,
  );

  it(
    'two dozen peers at long addresses',
    async () => {
      const page = await explorer.open(api);
      const { peers } = await daemon.client.call('peers');
      const [peer] = peers;
      if (peer === undefined) throw new Error('the daemon has no peer');
      const many = Array.from({ length: 24 }, (_, index) => ({
        ...peer,
        id: `${peer.id.slice(0, -2)}${index + 10}`,
        address: `/dns4/${'daemon-of-a-branch-office.'.repeat(4)}example.org/tcp/41410`,
        height: 1_234_567_890,
      }));
      await page.route('**/v1/peers', (route) => route.fulfill({ json: { peers: many } }));
      await page.getByRole('link', { name: 'Peers', exact: true }).click();
      await page.getByRole('heading', { name: '24 connected' }).waitFor();
      await expectToFit(page);
    },
    TEST_MS,
  );

  it(
    'a receipt that is proved, and one that is refused',
    async () => {
      const receipt = await daemon.client.call('receipt', { params: { id: record } });
      const page = await explorer.open(api, '/verify');
      const chooser = page.locator('.verify input[type=file]');
      const choose = (buffer: Buffer) =>
        chooser
          .nth(0)
          .setInputFiles({ name: `${LONG_NAME}.receipt.json`, mimeType: 'application/json', buffer });
      await chooser.nth(1).setInputFiles({ name: LONG_NAME, mimeType: 'text/plain', buffer: CONTENT });
      await choose(Buffer.from(JSON.stringify(receipt)));
      await page.locator('.verdict.good').waitFor();
      await expectToFit(page);
      await choose(Buffer.from('{}'));
      await page.locator('.verdict.bad').waitFor();
      await expectToFit(page);
    },
    TEST_MS,
  );

  it(
    'a wallet from its words to a payment and a record',
    async () => {
      const page = await explorer.open(api, '/wallet');
      await page.getByRole('button', { name: 'Make a wallet' }).click();
      await expectToFit(page);
      await page.getByRole('button', { name: 'Back' }).click();
      await makeWallet(page);
      await page.getByText('how money comes here').waitFor();
      await expectToFit(page);
      await mineToWallet(page);
      await addAccount(page, ACCOUNT);
      const address = await page.locator('.receive code').first().innerText();
      await network.pay(daemon, 2, { to: parseAddress(address), amount: AMOUNT });
      await mine(daemon);
      await page.getByRole('heading', { level: 1, name: /^\d(,\d{3}){3}/ }).waitFor();
      await fillPayment(page, ACCOUNT, '1234567890.123456');
      await page.getByLabel('Memo').fill(MEMO);
      await expectToFit(page);
      await page.getByRole('button', { name: 'Review the payment' }).click();
      await expectToFit(page);
      await page.getByRole('button', { name: 'Send', exact: true }).click();
      await page.locator('.sent-list .waiting-state').waitFor();
      await page.getByRole('link', { name: 'Record a file' }).click();
      const file = { name: LONG_NAME, mimeType: 'text/plain', buffer: CONTENT };
      await page.locator('.wallet input[type=file]').setInputFiles(file);
      await page.getByText('It is on record already').waitFor();
      await expectToFit(page);
      await page.getByRole('button', { name: 'Put it on record' }).click();
      await page.locator('.sent-list .waiting-state').nth(1).waitFor();
      await mine(daemon);
      await page.locator('.sent-list .good').nth(1).waitFor();
      await page.getByRole('link', { name: 'History' }).click();
      await page.locator('.table').waitFor();
      await expectToFit(page);
      await page.getByRole('button', { name: 'Lock', exact: true }).click();
      await page.getByRole('button', { name: 'Remove from this browser' }).click();
      await expectToFit(page);
    },
    4 * TEST_MS,
  );

  it(
    'text twice as large as usual',
    async () => {
      const page = await explorer.open(api);
      const browser = await page.context().newCDPSession(page);
      await browser.send('Page.setFontSizes', { fontSizes: { standard: 32, fixed: 26 } });
      await page.locator('.is-tip').waitFor();
      await expectToFit(page, 2 * NARROWEST);
      await page.getByRole('link', { name: 'Peers', exact: true }).click();
      await page.locator('.peer-dot').first().waitFor();
      await expectToFit(page, 2 * NARROWEST);
    },
    TEST_MS,
  );

  it(
    'the dialog about the daemon',
    async () => {
      const page = await explorer.open(api);
      await page.locator('.connection.live').click();
      await page.getByLabel('Token').waitFor();
      await expectToFit(page);
    },
    TEST_MS,
  );
});

describe('of several daemons', () => {
  let devnet: PagedDevnet;

  beforeAll(async () => {
    devnet = await PagedDevnet.start(3);
    await devnet.hasPeers(3, 2);
    const tip = (await devnet.mine(1, 3)).at(-1) ?? '';
    await devnet.haveTip(tip, [1, 2, 3]);
  }, 60_000);

  afterAll(async () => {
    await devnet.stop();
  });

  it.each(['/', '/peers', '/network', '/wallet'])(
    'the page at %s',
    async (path) => {
      const page = await explorer.open(devnet.url, path);
      await page.locator('.node-switcher').waitFor();
      await page.locator('.connection.live').waitFor();
      await expectToFit(page);
    },
    TEST_MS,
  );

  it(
    'all of them side by side, agreed, cut and healed',
    async () => {
      const page = await explorer.open(devnet.url, '/nodes');
      await page.getByRole('heading', { name: 'All 3 nodes agree' }).waitFor();
      await expectToFit(page);
      await page.getByText('Choose who is cut off').click();
      await page.getByRole('button', { name: 'One alone' }).click();
      await page.getByText('The network is cut.').waitFor();
      await devnet.hasPeers(3, 0);
      await devnet.mine(1, 2);
      await devnet.mine(3, 3);
      await page.getByRole('heading', { name: '2 branches, no agreement' }).waitFor();
      await expectToFit(page);
      await page.getByRole('button', { name: 'Heal' }).click();
      await page.getByText(/node-1: 2 blocks were left behind/).waitFor();
      await expectToFit(page);
    },
    3 * TEST_MS,
  );
});
