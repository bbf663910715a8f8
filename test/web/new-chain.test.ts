/** What the page says while there is little or nothing: a genesis alone, no peer, no difficulty that moves, no subsidy. */
import { describe, expect, it, vi } from 'vitest';
import { formatAddress } from '../../src/core/address.ts';
import { ExplorerNetwork, mine, PAYER } from '../support/explorer-network.ts';
import { explorerForTests } from '../support/explorer-suite.ts';
import { makeWallet } from '../support/explorer-wallet.ts';

/** Several steps in a browser, on a machine that does other things, too. */
vi.setConfig({ testTimeout: 120_000 });

const explorer = explorerForTests();

async function withNetwork(
  others: Parameters<typeof ExplorerNetwork.create>[3],
  act: (api: string, daemon: Awaited<ReturnType<ExplorerNetwork['start']>>) => Promise<void>,
): Promise<void> {
  const network = await ExplorerNetwork.create('new chain', undefined, undefined, others);
  try {
    const daemon = await network.start();
    await act((await daemon.started).api, daemon);
    expect(await explorer.closePages()).toEqual([]);
  } finally {
    await network.close();
  }
}

describe('a chain of a genesis alone', () => {
  it('is told as new where charts will be, until there is something to draw', async () => {
    await withNetwork({}, async (api, daemon) => {
      const page = await explorer.open(api, '/network');
      await page.getByText('no block has been mined yet').waitFor();
      expect(await page.locator('.chart').count()).toBe(0);
      await mine(daemon);
      await page.getByText('1 block after the genesis has been mined.').waitFor();
      await mine(daemon, 2);
      await page.locator('.chart canvas').nth(4).waitFor();
      expect(await page.getByText('The chain is new').count()).toBe(0);
    });
  });

  it('has one difficulty, which is never 0', async () => {
    await withNetwork({}, async (api, daemon) => {
      await mine(daemon, 4);
      const page = await explorer.open(api, '/network');
      await page.locator('.chart canvas').nth(4).waitFor();
      const { difficulty } = await daemon.client.call('status');
      const figure = page.locator('.figure', { hasText: 'difficulty' }).locator('.figure-value');
      expect(Number(await figure.innerText())).toBe(difficulty);
      const chart = page.locator('.chart', { has: page.getByRole('heading', { name: 'Difficulty' }) });
      // It says what the number means, and no second number.
      expect(await chart.locator('p').innerText()).toMatch(
        /^the same for ever .*; 1 is the easiest it allows$/,
      );
    });
  });

  it('is told as new on the first page, where blocks can be mined', async () => {
    await withNetwork({}, async (api, daemon) => {
      const page = await explorer.open(api);
      await page.getByText('The chain is new: its genesis is all there is.').waitFor();
      await page.locator('.figure', { hasText: 'none yet' }).waitFor();
      expect(await page.locator('.figure').first().innerText()).toMatch(/^1\s+block$/);
      await mine(daemon);
      await page.getByText('The chain is new').waitFor({ state: 'detached' });
      expect(await page.locator('.figure').first().innerText()).toMatch(/^2\s+blocks$/);
    });
  });

  it('says of its genesis that it has no miner, and what was given out', async () => {
    await withNetwork({}, async (api) => {
      const page = await explorer.open(api, '/block/0');
      await page.getByText('None: the chain begins here, with 1 allocation').waitFor();
      expect(await page.getByText('subsidy').count()).toBe(0);
      const address = await explorer.open(api, `/address/${formatAddress(PAYER.address)}`);
      await address.getByText('what the network gave out at its start').waitFor();
    });
  });

  it('with no peer to ask, says so and what to do', async () => {
    await withNetwork({}, async (api) => {
      const page = await explorer.open(api, '/peers');
      await page.getByRole('heading', { name: 'No peer yet' }).waitFor();
      await page.getByRole('button', { name: 'Ask all peers now' }).click();
      await page.getByText('There is no peer to ask. Add one below').waitFor();
    });
  });
});

it('of a block without transactions says what its miner got', async () => {
  await withNetwork({}, async (api, daemon) => {
    await mine(daemon);
    const page = await explorer.open(api, '/block/1');
    await page.getByText('None: its miner got the subsidy alone.').waitFor();
  });
});

it('promises no reward on a network that has none', async () => {
  await withNetwork({ subsidy: 0n }, async (api, daemon) => {
    await mine(daemon);
    const page = await explorer.open(api, '/block/1');
    await page.getByText('this block brought its miner nothing').waitFor();
    await page.getByRole('link', { name: 'Network', exact: true }).click();
    await page.getByText('none: a block brings its miner fees alone').waitFor();
    await page.getByRole('link', { name: 'Chain', exact: true }).click();
    await page.locator('.invitation', { hasText: 'be paid' }).waitFor();
    await page.getByRole('link', { name: 'Make a wallet' }).click();
    await makeWallet(page);
    await page.getByText('No money is made on this network any more').waitFor();
  });
});

it('says one thread of one', async () => {
  await withNetwork({}, async (api, daemon) => {
    await daemon.client.call('mining', { body: { active: true } });
    const page = await explorer.open(api);
    const { threads } = (await daemon.client.call('status')).mining;
    await page.getByText(`on ${threads} thread${threads === 1 ? '.' : 's.'}`).waitFor();
    await daemon.client.call('mining', { body: { active: false } });
  });
});
