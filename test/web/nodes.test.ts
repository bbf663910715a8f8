/** Several daemons on one page, in a real browser. */
import AxeBuilder from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNodesServer } from '../../src/api/nodes/nodes-server.ts';
import { ExplorerNetwork, mine } from '../support/explorer-network.ts';
import { explorerForTests } from '../support/explorer-suite.ts';
import { PagedDevnet } from '../support/paged-devnet.ts';
import { SILENT } from '../support/served-ledger.ts';

const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const TIMEOUT = { timeout: 15_000 };

const explorer = explorerForTests();

describe('a devnet of three', () => {
  let devnet: PagedDevnet;
  let height = 0;

  beforeAll(async () => {
    devnet = await PagedDevnet.start(3);
    await devnet.hasPeers(3, 2);
    await devnet.mine(1, 3);
    height = 3;
  }, 60_000);

  afterAll(async () => {
    await devnet.stop();
  });

  async function agreed(page: Page): Promise<void> {
    await page.getByRole('heading', { level: 1, name: `All 3 nodes agree on block ${height}` }).waitFor();
  }

  it('shows a block travel: who mined it, and how much later the others had it', async () => {
    const page = await explorer.open(devnet.url, '/nodes');
    await agreed(page);
    await devnet.mine(2);
    height += 1;
    await agreed(page);
    const newest = page.locator('.travel tbody tr').first();
    await expect
      .poll(() => newest.locator('td').allInnerTexts(), TIMEOUT)
      .toEqual([
        expect.stringContaining(`${height}`),
        expect.stringMatching(/^\+\d+ ms/),
        'mined',
        expect.stringMatching(/^\+\d+ ms/),
      ]);
    expect(await page.locator('.timeline-names li').allInnerTexts()).toEqual(
      [1, 2, 3].map((node) => expect.stringMatching(new RegExp(`node-${node}[^]*${height}`))),
    );
  });

  it('cut in two it grows two branches, healed it is one again and shows who turned', async () => {
    const page = await explorer.open(devnet.url, '/nodes');
    await agreed(page);
    await page.getByRole('button', { name: 'One alone' }).click();
    await page.getByText('node-1 and node-2 cannot reach node-3').waitFor();
    await devnet.hasPeers(3, 0);
    await devnet.mine(1, 2);
    await devnet.mine(3, 3);
    await page.getByRole('heading', { name: '2 branches, no agreement' }).waitFor();
    await page.locator('.nodes-detail li').nth(1).waitFor();
    await expect
      .poll(() => page.locator('.nodes-detail li').allInnerTexts(), TIMEOUT)
      .toEqual([
        expect.stringMatching(new RegExp(`${height + 2}\\s+node-1 and node-2$`)),
        expect.stringMatching(new RegExp(`${height + 3}\\s+node-3$`)),
      ]);
    const tones = await page
      .locator('.branch-tree li')
      .evaluateAll((items) => new Set(items.map(({ className }) => className.trim())).size);
    expect(tones).toBe(2);
    await page.getByRole('button', { name: 'Heal' }).click();
    height += 3;
    await agreed(page);
    await page
      .getByText(/node-1: 2 blocks were left behind after block \d+: branch B, 3 blocks long, has more work/)
      .waitFor();
    await page.getByText(/node-2: 2 blocks were left behind .* branch B/).waitFor();
    expect(await page.locator('.timeline-turn').count()).toBe(2);
    await page.locator('.branch-tree .is-lost', { hasText: 'lost' }).first().waitFor();
    // One who comes later sees what happened.
    const later = await explorer.open(devnet.url, '/nodes');
    await agreed(later);
    await later.getByText(/node-2: 2 blocks were left behind .* branch B/).waitFor();
    // And can look at it again, as that node saw it.
    await later
      .locator('.reorganisation-notes li', { hasText: 'node-2' })
      .getByRole('link', { name: 'Show the fork' })
      .click();
    await later.getByRole('heading', { level: 1, name: /^Fork after block \d+/ }).waitFor();
    await later.locator('.block-place.of-fork').nth(1).waitFor();
    expect(await later.getByLabel('Daemon that the pages look at').inputValue()).toBe('2');
    await later.getByRole('link', { name: 'Nodes', exact: true }).click();
    await later.getByRole('link', { name: 'All forks that node-2 saw' }).click();
    await later.getByRole('link', { name: /^Fork after block \d+/ }).waitFor();
  });

  it('is cut where one chooses, by keys too', async () => {
    const page = await explorer.open(devnet.url, '/nodes');
    await agreed(page);
    await page.getByText('Choose who is cut off').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Cut them off' }).press('Enter');
    await page.getByText('node-2 and node-3 cannot reach node-1').waitFor();
    await devnet.hasPeers(1, 0);
    await page.getByRole('button', { name: 'Heal' }).click();
    await page.getByText('Cut the network in two').waitFor();
    await devnet.hasPeers(1, 2);
  });

  it('has the other pages look at the daemon that is chosen, and remembers it', async () => {
    const page = await explorer.open(devnet.url, '/nodes');
    await agreed(page);
    await page.getByRole('button', { name: 'Look at node-2' }).click();
    const switcher = page.getByLabel('Daemon that the pages look at');
    expect(await switcher.inputValue()).toBe('2');
    await page.getByRole('link', { name: 'Chain', exact: true }).click();
    await page.locator('.connection.live').waitFor();
    await page.locator('.block-card.is-tip', { hasText: `${height}` }).waitFor();
    expect(await page.locator('.end a').getAttribute('href')).toContain('/nodes/2/openapi.json');
    await switcher.selectOption('3');
    await page.locator('.connection.live').waitFor();
    const [id] = await devnet.mine(3);
    height += 1;
    await page.locator(`[data-block="${id}"].is-tip`).waitFor();
    await page.locator(`[data-block="${id}"]`, { hasText: 'mined here' }).waitFor();
    await page.reload();
    await page.locator('.connection.live').waitFor();
    expect(await switcher.inputValue()).toBe('3');
  });

  it.each(['light', 'dark'] as const)('is for everybody, cut and whole (%s)', async (colorScheme) => {
    const page = await explorer.open(devnet.url, '/nodes', { colorScheme });
    const check = async () => {
      const { violations } = await new AxeBuilder({ page }).withTags(STANDARDS).analyze();
      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html).slice(0, 3)])).toEqual([]);
    };
    await agreed(page);
    await page.locator('.travel tbody tr').first().waitFor();
    await check();
    await page.getByRole('button', { name: 'Half and half' }).click();
    await page.getByText('The network is cut.').waitFor();
    await check();
    await page.getByRole('button', { name: 'Heal' }).click();
    await page.getByText('Cut the network in two').waitFor();
  });

  it('fits a phone of 360 pixels without sideways scrolling', async () => {
    const page = await explorer.open(devnet.url, '/nodes', { viewport: { width: 360, height: 780 } });
    await agreed(page);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });
});

describe('daemons elsewhere', () => {
  it('one that is killed is shown as down, and comes back', async () => {
    const network = await ExplorerNetwork.create('nodes test');
    const first = await network.start();
    const data = `${network.folder}/second`;
    const second = await network.start([first], { data });
    const urls = [(await first.started).api, (await second.started).api];
    const server = await createNodesServer({
      ...{ host: '127.0.0.1', port: 0, portOption: '--port', log: SILENT },
      nodes: urls.map((url, index) => ({ name: `node-${index + 1}`, url })),
    });
    try {
      const page = await explorer.open(server.url, '/nodes');
      await mine(first, 2);
      await page.getByRole('heading', { name: 'All 2 nodes agree on block 2' }).waitFor();
      // Whoever serves these cannot cut them.
      expect(await page.getByText('Cut the network').count()).toBe(0);
      await second.kill('SIGKILL');
      await page.getByText('node-2 is down.').waitFor();
      await mine(first);
      await page.getByRole('heading', { name: '1 of 2 nodes agree on block 3' }).waitFor();
      const back = await network.start([first], { data, apiPort: Number(new URL(urls[1] ?? '').port) });
      await page.getByRole('heading', { name: 'All 2 nodes agree on block 3' }).waitFor();
      await mine(back);
      await page.getByRole('heading', { name: 'All 2 nodes agree on block 4' }).waitFor();
      expect(await page.locator('.timeline-down').count()).toBe(1);
      expect(await explorer.closePages()).toEqual([]);
    } finally {
      await server.close();
      await network.close();
    }
  });
});
