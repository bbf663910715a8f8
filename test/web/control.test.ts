/** What the page makes a daemon do: mine, leave it, dial a peer; with its token where one is needed. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readApiToken } from '../../src/api/token.ts';
import type { ExplorerNetwork } from '../support/explorer-network.ts';
import { explorerForTests, networkForTests } from '../support/explorer-suite.ts';
import type { TallyProcess } from '../support/tally-process.ts';

const explorer = explorerForTests();
let network: ExplorerNetwork;
let daemon: TallyProcess;
let api: string;

networkForTests('control test', async (made) => {
  network = made;
  daemon = await network.start();
  ({ api } = await daemon.started);
});

it('starts mining and stops it', async () => {
  const page = await explorer.open(api);
  await page.getByRole('button', { name: 'Start mining' }).click();
  await page.getByText('This daemon mines').waitFor();
  await page.locator('.is-tip:not(:has-text("genesis"))').first().waitFor();
  await page.getByRole('button', { name: 'Stop mining' }).click();
  await page.getByText('This daemon does not mine by itself.').waitFor();
  expect((await daemon.client.status()).mining.active).toBe(false);
});

it('mines as many blocks as asked', async () => {
  const { height } = await daemon.client.status();
  const page = await explorer.open(api);
  await page.getByLabel('Blocks to mine now').fill('5');
  await page.getByRole('button', { name: 'Mine 5 blocks now' }).click();
  await page.getByText('All found.').waitFor();
  expect((await daemon.client.status()).height).toBe(height + 5);
});

it('adds a peer, and says what is wrong with one that does not answer', async () => {
  const other = await network.start();
  const [address = ''] = (await other.started).addresses;
  const page = await explorer.open(api, '/peers');
  await page.getByLabel('Its address').fill('/ip4/127.0.0.1/tcp/1');
  explorer.expected.push('/v1/peers');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.locator('.refusal').waitFor();
  await page.getByLabel('Its address').fill(address);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByText(/^Connected to …/).waitFor();
  await page.getByRole('heading', { name: '1 connected' }).waitFor();
  await page.locator('.peer-dot').waitFor();
});

it('asks for the token where the daemon does, and refuses a wrong one', async () => {
  const data = join(network.folder, 'beyond');
  const guarded = await network.start([], { data, more: ['--api-host', '0.0.0.0'] });
  const token = (await readApiToken(data)) ?? '';
  const page = await explorer.open((await guarded.started).api);
  explorer.expected.push('/v1/mining');
  await page.getByRole('button', { name: 'Start mining' }).click();
  await page.getByText('so this needs its token').waitFor();
  await page.getByLabel('Token').fill('ab'.repeat(32));
  await page.getByRole('button', { name: 'Use', exact: true }).click();
  await page.getByRole('button', { name: 'Start mining' }).click();
  await page.getByText('The token is not this daemon’s.').waitFor();
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Use', exact: true }).click();
  await page.getByRole('button', { name: 'Start mining' }).click();
  await page.getByRole('button', { name: 'Stop mining' }).click();
  await page.getByRole('button', { name: 'Start mining' }).waitFor();
});
