/**
 * Makes the pictures of the explorer in `docs/explorer`: a few daemons with some life in them, a browser, and each
 * view in both themes, for a desk and for a phone.
 *
 *     node scripts/screenshots.ts [FOLDER] [VIEW...]
 */
import '../src/native/hasher.ts';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { formatAddress } from '../src/core/address.ts';
import { launchBrowser } from '../test/support/browser.ts';
import {
  connect,
  ExplorerNetwork,
  forgetPeers,
  hasTip,
  mine,
  PAYER,
} from '../test/support/explorer-network.ts';
import { addAccount, fillPayment, makeWallet, mineToWallet, send } from '../test/support/explorer-wallet.ts';
import { takeNodesPictures } from './nodes-scene.ts';

const [folder = 'docs/explorer', ...chosen] = process.argv.slice(2);
const SIZES = [
  { name: 'desktop', width: 1_280, height: 860 },
  { name: 'phone', width: 390, height: 844 },
];
const THEMES = ['light', 'dark'] as const;
/** For what moves to come to rest: a picture has no event to wait for. */
const SETTLE_MS = 1_500;
/** Between the blocks of the scene, so that their ages tell a story. */
const PACE_MS = 700;

/** What stays above a page that is scrolled, and some air. */
const HEADER_HEIGHT = 130;
/** A million hashes a block, so that receipts have some work to tell of: a tenth of a second. */
const BITS = 0x1e10_0000;

const network = await ExplorerNetwork.create('lab', 96_000, BITS);
const browser = await launchBrowser();
await mkdir(folder, { recursive: true });
const isOnlyNodes = chosen.length > 0 && chosen.every((name) => name.startsWith('nodes'));
try {
  if (chosen.length === 0 || chosen.some((name) => name.startsWith('nodes'))) await takeNodesPictures(takeAt);
  if (!isOnlyNodes) await takeOneDaemon();
} finally {
  await browser.close();
  await network.close();
}

/** A few daemons, and all the pages of one of them. */
async function takeOneDaemon(): Promise<void> {
  const shown = await network.start();
  const others = [await network.start([shown]), await network.start([shown])];
  const loner = await network.start([shown]);
  const api = (await shown.started).api;
  const content = Buffer.from('Minutes of the meeting of 3 March');

  const miners = [shown, ...others, loner];
  await mine(shown, 40);
  await hasTip(loner.client, (await shown.client.call('status')).tip);
  let lastPayment = '';
  for (let round = 0; round < 9; round++) {
    const ids = await network.pay(shown, [60, 140, 310, 12, 220, 90, 400, 30, 180][round] ?? 50, {
      ...(round === 4 ? { data: Buffer.from('Thanks for lunch') } : {}),
    });
    lastPayment = ids[0] ?? '';
    if (round === 5) await network.record(shown, content, 'minutes.txt');
    const miner = miners[(round * 2 + (round > 4 ? 1 : 0)) % miners.length] ?? shown;
    await sleep(PACE_MS);
    const [id = ''] = await mine(miner);
    await Promise.all([hasTip(shown.client, id), hasTip(loner.client, id)]);
  }

  // A daemon on its own finds three blocks while the others find two.
  const data = join(network.folder, 'node-3');
  await loner.kill();
  forgetPeers(data);
  const apart = await network.start([], { data });
  for (let round = 0; round < 2; round++) {
    await network.pay(shown, 70);
    await sleep(PACE_MS);
    await mine(round === 0 ? shown : (others[0] ?? shown));
  }
  const losing = (await shown.client.call('status')).tip;
  const winning = await mine(apart, 3);

  const take = (name: string, path: string, prepare: (page: Page) => Promise<void> = async () => {}) =>
    takeAt(name, `${api}/#${path}`, prepare);

  // The pages that are open see the reorganisation; those opened just after are told of it.
  await connect(shown, apart);
  await hasTip(shown.client, winning.at(-1) ?? '');
  await take('reorganisation', '/');
  for (let round = 0; round < 5; round++) {
    await network.pay(shown, [150, 260, 40, 330, 90][round] ?? 10);
    await sleep(PACE_MS);
    await mine(miners[round % 3] ?? shown);
  }
  await network.pay(shown, 160);
  await take('chain', '/');
  await take('block', `/block/${losing}`);
  await take('fork', `/fork/${losing}`);
  await take('forks', '/forks');
  await take('transaction', `/transaction/${lastPayment}`);
  await take('address', `/address/${formatAddress(PAYER.address)}`);
  await take('pool', '/pool');
  await take('peers', '/peers');
  await take('network', '/network');
  await take('file', '/', async (page) => {
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'minutes.txt', mimeType: 'text/plain', buffer: content });
    await page.locator('.found').waitFor();
  });

  await take('wallet', '/wallet', async (page) => {
    await payFromPage(page);
    await mine(shown, 2);
    await page.locator('.sent-list .good').waitFor();
    await page.evaluate('scrollTo(0, 0)');
  });
  await take('send', '/wallet', async (page) => {
    await makeWallet(page);
    await mineToWallet(page);
    await addAccount(page, 'savings');
    await fillPayment(page, 'savings', '12.5');
    await page.getByLabel('Memo').fill('for lunch');
    await page.getByRole('button', { name: 'Review the payment' }).click();
    await page
      .getByText('Is this right?')
      .evaluate('(heading) => heading.closest(".panel").scrollIntoView()');
    await page.mouse.wheel(0, -HEADER_HEIGHT);
  });
  const recorded = await network.record(shown, content, 'as signed in May');
  await mine(shown, 6);
  const receipt = await shown.client.call('receipt', { params: { id: recorded } });
  await take('verify', '/verify', async (page) => {
    const chooser = page.locator('.verify input[type=file]');
    await chooser.nth(0).setInputFiles(textFile('minutes.txt.receipt.json', JSON.stringify(receipt)));
    await chooser.nth(1).setInputFiles(textFile('minutes.txt', String(content)));
    await page.locator('.verdict.good').waitFor();
  });
}

/** In both themes and sizes, if it is one of those asked for. */
async function takeAt(name: string, url: string, prepare: (page: Page) => Promise<void>): Promise<void> {
  if (chosen.length > 0 && !chosen.includes(name)) return;
  for (const theme of THEMES) {
    for (const { height, name: size, width } of SIZES) {
      const page = await browser.newPage({
        viewport: { width, height },
        colorScheme: theme,
        deviceScaleFactor: 1,
      });
      await page.goto(url);
      await page.locator('.connection.live').waitFor();
      await prepare(page);
      await sleep(SETTLE_MS);
      const png = await page.screenshot();
      await writeFile(join(folder, `${name}-${size}-${theme}.png`), png);
      await page.close();
      console.log(`${name}-${size}-${theme}.png ${Math.round(png.length / 1_000)} kB`);
    }
  }
}

async function payFromPage(page: Page): Promise<void> {
  await makeWallet(page);
  await mineToWallet(page);
  await addAccount(page, 'savings');
  await fillPayment(page, 'savings', '12.5');
  await send(page);
}

function textFile(name: string, text: string) {
  return { name, mimeType: 'text/plain', buffer: Buffer.from(text) };
}
