/** Every fork that a daemon saw, told of when it happens, listed, and shown again. In a real browser. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { createApi } from '../../src/api/server.ts';
import { type BlockId, idFromBytes } from '../../src/core/identifiers.ts';
import { type MadeFork, makeFork } from '../support/explorer-fork.ts';
import { type ExplorerNetwork, hasTip, mine } from '../support/explorer-network.ts';
import { explorerForTests, networkForTests } from '../support/explorer-suite.ts';
import { growBranch, SILENT, servedLedger } from '../support/served-ledger.ts';
import type { TallyProcess } from '../support/tally-process.ts';

const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const WIDTHS = [360, 768, 1_024, 1_440];

const explorer = explorerForTests();
let network: ExplorerNetwork;
let data: string;
let daemon: TallyProcess;
let api: string;
let fork: MadeFork;
/** Opened before the fork, one of each width. */
let watching: Page[];

networkForTests('forks test', async (made) => {
  network = made;
  data = join(network.folder, 'shown');
  daemon = await network.start([], { data });
  ({ api } = await daemon.started);
  await mine(daemon, 5);
});

async function expectOverNone(note: Locator, blocks: Locator): Promise<void> {
  const box = await note.boundingBox();
  expect(box).not.toBeNull();
  for (const card of await blocks.all()) {
    const other = await card.boundingBox();
    if (box === null || other === null) continue;
    const overlaps =
      box.x < other.x + other.width &&
      other.x < box.x + box.width &&
      box.y < other.y + other.height &&
      other.y < box.y + box.height;
    expect(overlaps, `the note lies over ${await card.innerText()}`).toBe(false);
  }
}

/** Both branches are drawn where one looks, and the one that lost is told as such. */
async function expectShown(page: Page, { left, won }: MadeFork): Promise<void> {
  await page.getByRole('heading', { level: 1, name: 'Fork after block 5' }).waitFor();
  for (const id of left) await page.locator(`.block-place.branch.of-fork [data-block="${id}"]`).waitFor();
  for (const id of won) await page.locator(`.block-place.chain [data-block="${id}"]`).waitFor();
  const view = await page.locator('.stage').boundingBox();
  const card = await page.locator(`[data-block="${left[0]}"]`).boundingBox();
  expect(card?.x).toBeGreaterThanOrEqual(view?.x ?? 0);
  expect((card?.x ?? 0) + (card?.width ?? 0)).toBeLessThanOrEqual((view?.x ?? 0) + (view?.width ?? 0));
}

describe('a daemon that saw no fork', () => {
  it('says so, and what a fork is', async () => {
    const page = await explorer.open(api);
    await page.getByText('No fork yet: every block this daemon has seen is on the chain.').waitFor();
    await page.getByRole('link', { name: 'All forks' }).click();
    await page.getByText('Two miners find a block on top of the same one').waitFor();
    await page.getByText('No fork yet.', { exact: true }).waitFor();
  });
});

describe('a fork of two blocks that lost against three', () => {
  it('is told below the blocks while it happens, over none of them, with a way to it', async () => {
    fork = await makeFork(network, daemon, { left: 2, won: 3, payments: 4 }, async () => {
      watching = await Promise.all(
        WIDTHS.map((width) => explorer.open(api, '/', { viewport: { width, height: 800 } })),
      );
      for (const page of watching) await page.locator('.connection.live').waitFor();
    });
    for (const page of watching) {
      const note = page.locator('.last-fork');
      await page.locator(`.block-place.branch [data-block="${fork.left[1]}"]`).waitFor();
      await note.getByText(/2 blocks were left behind after block 5|Fork after block 5/).waitFor();
      await expectOverNone(note, page.locator('.block-card'));
      await expectOverNone(note, page.locator('.next-card'));
    }
    const [page] = watching.slice(-1) as [Page];
    const happened = page.locator('.happenings .reorganisation');
    expect(await happened.innerText()).toContain(
      '2 blocks were left behind after block 5: the branch that ends in block 8, 3 blocks long, has more work and ' +
        'is the chain now. 4 transactions went back to the pool.',
    );
    await page.locator('.last-fork a').first().click();
    await expectShown(page, fork);
    // New blocks do not carry the view away.
    const newest = (await mine(daemon, 12)).at(-1) ?? '';
    await hasTip(daemon.client, newest);
    await page.getByText('newer to the right').waitFor();
    await expectShown(page, fork);
  });

  it('is listed sixty blocks and a reload later, and shown again by click and by keyboard', async () => {
    await mine(daemon, 60);
    const page = await explorer.open(api);
    await page.locator('.connection.live').waitFor();
    await page.getByRole('link', { name: 'All forks' }).click();
    const item = page.locator('.fork-list li');
    await item.waitFor();
    await page.reload();
    await item.waitFor();
    expect(await item.count()).toBe(1);
    const text = await item.innerText();
    expect(text).toContain('Lost when block 8 gave the chain more work');
    expect(text).toContain('2 blocks were left behind');
    expect(text).toContain('4 transactions had to be mined again');
    const link = item.getByRole('link', { name: 'Fork after block 5' });
    await link.click();
    await expectShown(page, fork);
    await page.goBack();
    await link.focus();
    await page.keyboard.press('Enter');
    await expectShown(page, fork);
    // The address can be shared.
    expect(new URL(page.url()).hash).toBe(`#/fork/${fork.left[1]}`);
    await expectShown(await explorer.open(api, `/fork/${fork.left[0]}`), fork);
    // The chain is followed again once one goes there.
    await page.getByRole('link', { name: 'Chain', exact: true }).click();
    await page.locator('.block-card.is-tip').waitFor();
  });

  it('a block that lost says so and leads to it', async () => {
    const page = await explorer.open(api, `/block/${fork.left[0]}`);
    await page.getByText('This block lost.').waitFor();
    await page.getByText('Until then this daemon was on the branch').waitFor();
    await page.getByRole('link', { name: 'Show the fork after block 5' }).click();
    await expectShown(page, fork);
  });

  it('a link to a block that is on the chain says that it is', async () => {
    explorer.expected.push('/v1/chain/forks/');
    const page = await explorer.open(api, `/fork/${fork.won[0]}`);
    await page.getByText('This branch is the chain.').waitFor();
    const unknown = 'ab'.repeat(32);
    explorer.expected.push(`/v1/blocks/${unknown}`);
    await (await explorer.open(api, `/fork/${unknown}`))
      .getByText('This daemon knows no such fork.')
      .waitFor();
  });

  it('is there after the daemon was started anew on its folder', async () => {
    await daemon.kill();
    daemon = await network.start([], { data });
    ({ api } = await daemon.started);
    const page = await explorer.open(api, '/forks');
    await page.getByRole('link', { name: 'Fork after block 5' }).click();
    await expectShown(page, fork);
  });

  it.each(['light', 'dark'] as const)('is for everybody (%s)', async (colorScheme) => {
    for (const [path, whole] of [
      ['/forks', '.fork-list li'],
      [`/fork/${fork.left[0]}`, '.of-fork'],
    ] as const) {
      const page = await explorer.open(api, path, { colorScheme });
      await page.locator(whole).first().waitFor();
      const { violations } = await new AxeBuilder({ page }).withTags(STANDARDS).analyze();
      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html).slice(0, 3)])).toEqual([]);
    }
  });
});

describe('a block as good as the tip', () => {
  it('is an open fork, and lost once the chain has one more, on a page that is open all the while', async () => {
    const ledger = servedLedger();
    const served = await createApi(ledger.daemon, { host: '127.0.0.1', port: 0, log: SILENT });
    const tell = (id: string) => {
      const record = ledger.chain.byId(id as BlockId);
      if (record === undefined) throw new Error('the block is not here');
      const { header } = record.sealed;
      ledger.emit({
        ...{
          event: 'block.accepted',
          height: record.height,
          id: record.id,
          transactions: 0,
          source: 'gossip',
        },
        parent: idFromBytes(header.parent),
        miner: idFromBytes(header.miner),
        timestamp: Number(header.timestamp),
        onChain: ledger.chain.isOnChain(record),
      });
    };
    try {
      ledger.mine(4);
      const page = await explorer.open(served.url, '/forks');
      await page.getByText('No fork yet.', { exact: true }).waitFor();
      const [rival = ''] = growBranch(ledger, 3, 1);
      tell(rival);
      const item = page.locator('.fork-list li');
      await item.getByRole('link', { name: 'Fork after block 3' }).waitFor();
      await item.locator('.state', { hasText: 'Still open' }).waitFor();
      const block = await explorer.open(served.url, `/block/${rival}`);
      await block.getByText('This block is on a branch that may still win.').waitFor();
      for (const { id } of ledger.mine(1)) tell(id);
      await item.locator('.state', { hasText: 'Lost' }).waitFor();
      await item.getByText('This daemon was never on the branch.').waitFor();
      await block.getByText('This block lost.').waitFor();
    } finally {
      await explorer.closePages();
      await served.close();
    }
  });
});

describe('a deep fork', () => {
  it('is drawn where one looks: where it parts, and where it ends', async () => {
    const deep = await makeFork(network, daemon, { left: 40, won: 45 });
    const page = await explorer.open(api, `/fork/${deep.left.at(-1)}`);
    const first = page.locator(`.branch.of-fork [data-block="${deep.left[0]}"]`);
    await first.waitFor();
    expect(await page.locator('.block-place').count()).toBeLessThan(40);
    await page.getByRole('button', { name: 'Where it ends' }).click();
    await page.locator(`.branch.of-fork [data-block="${deep.left.at(-1)}"]`).waitFor();
    await page.getByRole('button', { name: 'Where it parts' }).click();
    await first.waitFor();
    expect(await page.locator('.fork-length').allInnerTexts()).toEqual([
      expect.stringContaining('40 blocks'),
      expect.stringContaining('41 blocks'),
    ]);
  });

  it.each(WIDTHS)('what is told of it fits a window of %d pixels, in the list too', async (width) => {
    const viewport = { width, height: 800 };
    const list = await explorer.open(api, '/forks', { viewport });
    await list.locator('.fork-list li').nth(1).waitFor();
    expect(await list.evaluate('document.getElementById("main").scrollWidth')).toBe(width);
    await list.locator('.fork-list a').first().click();
    await list.locator('.of-fork').first().waitFor();
    expect(await list.evaluate('document.getElementById("main").scrollWidth')).toBe(width);
  });
});

describe('a branch that never was whole', () => {
  /** As it is kept of a branch whose last block never came, or broke a rule. */
  async function startWith(status: number, id: string): Promise<void> {
    await daemon.kill();
    const ledger = new DatabaseSync(join(data, 'ledger.sqlite'));
    ledger.prepare('UPDATE blocks SET status = ? WHERE id = ?').run(status, Buffer.from(id, 'hex'));
    ledger
      .prepare('DELETE FROM bodies WHERE number = (SELECT number FROM blocks WHERE id = ?)')
      .run(Buffer.from(id, 'hex'));
    ledger.close();
    daemon = await network.start([], { data });
    ({ api } = await daemon.started);
  }

  it.each([
    {
      status: 0,
      badge: 'Headers only',
      flag: 'Header only',
      title: 'A block of which only the header is here',
    },
    { status: 2, badge: 'Refused', flag: 'Refused', title: 'A block that was refused' },
  ])('is told as such: $badge', async ({ badge, flag, status, title }) => {
    const [, last = ''] = fork.left;
    await startWith(status, last);
    const page = await explorer.open(api, '/forks');
    const item = page.locator('.fork-list li', { hasText: 'Fork after block 5' });
    await item.locator('.state', { hasText: badge }).waitFor();
    await item.getByRole('link', { name: 'Fork after block 5' }).click();
    await page.locator('.head-flag', { hasText: flag }).waitFor();
    explorer.expected.push(`/v1/blocks/${last}`);
    await page.locator(`[data-block="${last}"]`).click();
    await page.getByRole('heading', { level: 1, name: title }).waitFor();
    await page.getByRole('link', { name: 'Show the fork after block 5' }).waitFor();
  });
});
