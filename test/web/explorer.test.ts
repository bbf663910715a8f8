/** The page in a real browser, on real daemons. */
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { formatAddress } from '../../src/core/address.ts';
import { CountingRelay } from '../support/counting-relay.ts';
import {
  connect,
  type ExplorerNetwork,
  forgetPeers,
  hasTip,
  mine,
  PAYER,
} from '../support/explorer-network.ts';
import { explorerForTests, networkForTests } from '../support/explorer-suite.ts';
import type { TallyProcess } from '../support/tally-process.ts';

const explorer = explorerForTests();
let network: ExplorerNetwork;
let daemon: TallyProcess;
let api: string;

networkForTests('explorer test', async (made) => {
  network = made;
  daemon = await network.start();
  ({ api } = await daemon.started);
  await mine(daemon, 3);
});

afterAll(async () => {
  await explorer.close();
  await network.close();
});

it('shows blocks as they come, with what they hold', async () => {
  const page = await explorer.open(api);
  await page.locator('.connection.live').waitFor();
  await network.pay(daemon, 5);
  await page.getByText('5 waiting').waitFor();
  const [id] = await mine(daemon);
  const card = page.locator(`[data-block="${id}"]`);
  await card.waitFor();
  expect(await card.getAttribute('class')).toContain('is-tip');
  await card.locator('.block-count', { hasText: '5' }).waitFor();
  expect(await card.innerText()).toContain('mined here');
  await page.getByText('0 waiting').waitFor();
});

it('is told from another daemon by the title of its tab', async () => {
  const page = await explorer.open(api);
  const { name } = await daemon.client.call('status');
  await expect.poll(() => page.title()).toBe(`Chain · ${name} · Tallystick`);
  await page.getByRole('link', { name: 'Peers' }).click();
  await expect.poll(() => page.title()).toBe(`Peers · ${name} · Tallystick`);
});

it('stays where one looks when paused, and goes on with the newest', async () => {
  const page = await explorer.open(api);
  await page.locator('.connection.live').waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await mine(daemon, 3);
  await page.getByText('3 newer to the right').waitFor();
  await page.getByRole('button', { name: 'Go live' }).click();
  await page.getByText('3 newer to the right').waitFor({ state: 'detached' });
});

it('is walked through by keys: to the genesis, back, and into a block', async () => {
  const page = await explorer.open(api);
  await page.locator('.is-tip').focus();
  // However far the chain goes on, the focus is not lost with the block that leaves the screen.
  const newest = (await mine(daemon, 20)).at(-1);
  await page.locator(`[data-block="${newest}"].is-tip`).waitFor();
  expect(await page.locator('.block-card:focus').count()).toBe(1);
  await page.keyboard.press('Home');
  await page.locator('.block-card:focus', { hasText: 'genesis' }).waitFor();
  await page.keyboard.press('ArrowRight');
  await page.locator('.block-card:focus:not(:has-text("genesis"))').waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: /^1/, level: 1 }).waitFor();
  expect(await page.title()).toContain('Block');
});

it('jumps to a height far back and draws only what is seen', async () => {
  await mine(daemon, 400);
  const page = await explorer.open(api);
  await page.locator('.connection.live').waitFor();
  await page.getByLabel('Jump to height').fill('120');
  await page.getByLabel('Jump to height').press('Enter');
  await page.locator('.block-height', { hasText: /^120$/ }).waitFor();
  expect(await page.locator('.block-place').count()).toBeLessThan(30);
});

it('shows a fork, and the reorganisation that settles it', async () => {
  const [shown, apart] = [await network.start([daemon]), await network.start([daemon])];
  const { tip } = await daemon.client.call('status');
  await Promise.all([hasTip(shown.client, tip), hasTip(apart.client, tip)]);
  const data = apart.client;
  const stopped = await data.call('status');
  await apart.kill();
  forgetPeers(join(network.folder, 'node-2'));
  const alone = await network.start([], { data: join(network.folder, 'node-2') });
  expect((await alone.client.call('status')).tip).toBe(stopped.tip);

  const page = await explorer.open((await shown.started).api);
  await page.locator('.connection.live').waitFor();
  const losing = await mine(shown, 2);
  await page.locator(`.chain [data-block="${losing[1]}"]`).waitFor();
  // From here on the events alone have to tell it: the tree is not to be had.
  explorer.expected.push('/v1/chain/tree', 'ERR_FAILED');
  await page.route('**/v1/chain/tree**', (route) => route.abort());
  const winning = await mine(alone, 3);
  await connect(shown, alone);
  await page.locator(`.block-place.chain [data-block="${winning[2]}"].is-tip`).waitFor();
  await page.locator(`.block-place.chain [data-block="${winning[0]}"]`).waitFor();
  await page
    .getByText(/2 blocks were left behind after block \d+: the branch .* 3 blocks long/)
    .first()
    .waitFor();
  await page.locator(`.block-place.branch [data-block="${losing[1]}"]`).waitFor();
  const flag = page.locator('.block-place.branch .head-flag');
  expect(await flag.allInnerTexts()).toEqual(['Lost']);
  // Somebody who comes later sees the branch too, and the block's own page says so.
  const later = await explorer.open((await shown.started).api, `/block/${losing[0]}`);
  await later.getByText('This block lost.').waitFor();
  const home = await explorer.open((await shown.started).api);
  await home.locator(`.block-place.branch [data-block="${losing[0]}"]`).waitFor();
});

it('finds heights, blocks, transactions, addresses and files', async () => {
  const content = Buffer.from('the record of a meeting');
  const [paid = ''] = await network.pay(daemon, 1, { data: Buffer.from('for lunch') });
  await network.record(daemon, content, 'minutes.txt');
  const [id = ''] = await mine(daemon);
  const page = await explorer.open(api);
  const look = async (text: string) => {
    await page.getByLabel('Search by height, id or address').fill(text);
    await page.getByLabel('Search by height, id or address').press('Enter');
  };
  await look('2');
  await page.getByRole('heading', { level: 1, name: /^2/ }).waitFor();
  await look(id);
  await page.locator('code', { hasText: id }).waitFor();
  // The transaction's id is no block's: the daemon says 404 once, as it should.
  explorer.expected.push(`/v1/blocks/${paid}`);
  await look(paid);
  await page.getByText('for lunch').waitFor();
  await page.getByText('1 confirmation').waitFor();
  await look(formatAddress(PAYER.address));
  await page.getByRole('heading', { name: 'History' }).waitFor();
  await page.getByText('record', { exact: true }).first().waitFor();
  await look('nonsense');
  await page.getByText('“nonsense” is no height, id or address.').waitFor();

  const file = page.locator('input[type=file]');
  await file.setInputFiles({ name: 'minutes.txt', mimeType: 'text/plain', buffer: content });
  await page.getByRole('heading', { name: 'On the ledger' }).waitFor();
  await page.getByText('minutes.txt').first().waitFor();
  await file.setInputFiles({
    name: 'other.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('not recorded'),
  });
  await page.getByText('No record of it here.').waitFor();
});

it('lists the pool, and empties it when it is mined', async () => {
  await network.pay(daemon, 300);
  const page = await explorer.open(api, '/pool');
  await page.locator('.virtual-list').waitFor();
  await page.locator('table[aria-rowcount="300"]').waitFor();
  expect(await page.locator('.virtual-list tbody tr').count()).toBeLessThan(60);
  await page.getByText('By fee rate').click();
  await mine(daemon);
  await page.getByText('Nothing waits').waitFor();
});

it('draws the peers, and who dialled whom', async () => {
  const page = await explorer.open(api, '/peers');
  await page.getByRole('img', { name: /connections?: [1-9] dialled us, we dialled 0/ }).waitFor();
  expect(await page.locator('.peer-dot').count()).toBeGreaterThan(0);
  await page.getByRole('button', { name: 'Ask all peers now' }).click();
  await page.getByText('Nobody has more work than we do.').waitFor();
});

it('charts the network', async () => {
  const page = await explorer.open(api, '/network');
  await page.locator('.chart canvas').nth(4).waitFor();
  await page.getByText(/in the last \d+ blocks/).waitFor();
});

it('says that the daemon is gone, and goes on when it is back', async () => {
  const data = join(network.folder, 'restarted');
  const first = await network.start([], { data });
  const { api: url } = await first.started;
  const page = await explorer.open(url);
  await page.locator('.connection.live').waitFor();
  explorer.expected.push('ERR_CONNECTION_REFUSED', 'ERR_INCOMPLETE_CHUNKED_ENCODING', 'ERR_CONNECTION_RESET');
  await first.kill();
  await page.getByText(/Disconnected, (retry in|trying)/).waitFor();
  const second = await network.start([], { data, apiPort: Number(new URL(url).port) });
  await page.locator('.connection.live').waitFor();
  const [id] = await mine(second);
  await page.locator(`[data-block="${id}"].is-tip`).waitFor();
});

it('asks for everything anew after the machine slept, though nobody closed the connection', async () => {
  const relay = await CountingRelay.start(api);
  try {
    const page = await explorer.open(relay.url);
    await page.clock.install();
    await page.reload();
    await page.locator('.connection.live').waitFor();
    await expect.poll(() => relay.streams).toEqual({ '/v1/events': 1 });
    const asked = relay.asked.get('/v1/events') ?? 0;
    await page.clock.setSystemTime(Date.now() + 3_600_000);
    await expect.poll(() => relay.asked.get('/v1/events'), { timeout: 15_000 }).toBeGreaterThan(asked);
    await page.locator('.connection.live').waitFor();
    const [id] = await mine(daemon);
    await page.locator(`[data-block="${id}"].is-tip`).waitFor();
    expect(await explorer.closePages()).toEqual([]);
  } finally {
    await relay.close();
  }
});

it('asks for the token where one is needed, and keeps it for the tab', async () => {
  const data = join(network.folder, 'beyond');
  const guarded = await network.start([], { data, more: ['--api-host', '0.0.0.0'] });
  const { api: url } = await guarded.started;
  const { readApiToken } = await import('../../src/api/token.ts');
  const token = (await readApiToken(data)) ?? '';
  const page = await explorer.open(url, '/peers');
  explorer.expected.push('/v1/chain/resolve');
  await page.getByRole('button', { name: 'Ask all peers now' }).click();
  await page.getByText('so this needs its token').waitFor();
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Use', exact: true }).click();
  await page.getByRole('button', { name: 'Ask all peers now' }).click();
  await page.getByText('There is no peer to ask.').waitFor();
  expect(await page.evaluate('sessionStorage.getItem("tally-token")')).toBe(token);
});
