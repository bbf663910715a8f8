/** The scene for the pictures of several daemons: blocks travel, the network is cut, both sides grow, it heals. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { PagedDevnet } from '../test/support/paged-devnet.ts';

/** Who mines next, in turn; nothing here is left to chance. */
const MINERS = [1, 3, 2, 1, 4, 2, 3, 1];
const PACE_MS = 3_400;
const NARROW_BELOW = 600;

/** @param take a picture of the page at a URL, once `prepare` has resolved */
export async function takeNodesPictures(
  take: (name: string, url: string, prepare: (page: Page) => Promise<void>) => Promise<void>,
): Promise<void> {
  const devnet = await PagedDevnet.start(4);
  const url = `${devnet.url}/#/nodes`;
  const see = (text: string) => async (page: Page) => {
    // Higher than the other pictures: what belongs together is to be seen together.
    const { width = 0 } = page.viewportSize() ?? {};
    await page.setViewportSize({ width, height: width < NARROW_BELOW ? 1_440 : 1_090 });
    await page.getByRole('heading', { name: text }).waitFor();
    await page.locator('.travel tbody tr').first().waitFor();
  };
  const tell = (path: string, apart?: readonly number[]) =>
    fetch(`${devnet.url}/nodes/${path}`, {
      method: 'POST',
      ...(apart === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ apart }) }),
    });
  try {
    await devnet.hasPeers(4, 3);
    for (const [round, miner] of [...MINERS, ...MINERS].entries()) {
      await devnet.mine(miner);
      await sleep(PACE_MS * (0.4 + ((round * 7) % 10) / 8));
    }
    await take('nodes', url, see('All 4 nodes agree'));
    await tell('cut', [2, 4]);
    await devnet.hasPeers(2, 1);
    for (const miner of [1, 2, 3, 1, 4, 3, 2, 3]) {
      await sleep(PACE_MS);
      await devnet.mine(miner);
    }
    await take('nodes-cut', url, see('2 branches'));
    const winning = (await devnet.mine(3)).at(-1) ?? '';
    await tell('heal');
    await devnet.haveTip(winning, [1, 2, 3, 4]);
    await sleep(PACE_MS);
    await devnet.mine(4);
    await sleep(PACE_MS);
    await devnet.mine(1);
    await take('nodes-healed', url, see('All 4 nodes agree'));
  } finally {
    await devnet.stop();
  }
}
