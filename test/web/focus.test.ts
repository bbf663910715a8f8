/** Where the keyboard is after everything one can do in the page: at the step that follows, never at the page's body. */
import type { Page } from 'playwright-core';
import { describe, expect, it, vi } from 'vitest';
import { type ExplorerNetwork, mine } from '../support/explorer-network.ts';
import { explorerForTests, networkForTests } from '../support/explorer-suite.ts';
import {
  choosePassphrase,
  fillPayment,
  makeWallet,
  mineToWallet,
  PASSPHRASE,
} from '../support/explorer-wallet.ts';
import { PagedDevnet } from '../support/paged-devnet.ts';
import type { TallyProcess } from '../support/tally-process.ts';

const DEADLINE = { timeout: 15_000 };
/** A longer way is none that a user goes. */
const MOST_TABS = 12;

/** Several steps in a browser, on a machine that does other things, too. */
vi.setConfig({ testTimeout: 120_000 });

const explorer = explorerForTests();
let network: ExplorerNetwork;
let daemon: TallyProcess;
let api: string;

networkForTests('focus test', async (made) => {
  network = made;
  daemon = await network.start();
  ({ api } = await daemon.started);
  await mine(daemon, 3);
});

/** The element that has the focus, and what it is called. */
async function focused(page: Page): Promise<string> {
  return (await page.evaluate(`(() => {
    const one = document.activeElement;
    const name = one.getAttribute('aria-label') ?? one.labels?.[0]?.innerText ?? one.innerText ?? '';
    return one.tagName.toLowerCase() + ' ' + (one === document.body || one.tagName === 'MAIN' ? '' : name.trim());
  })()`)) as string;
}

async function expectFocus(page: Page, expected: string | RegExp): Promise<void> {
  await expect
    .poll(() => focused(page), DEADLINE)
    .toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected));
}

/** As a user does without a mouse. */
async function press(page: Page, name: string): Promise<void> {
  const button = page.getByRole('button', { name, exact: true });
  // One that is not ready cannot be reached by keys, and the key would go to what has the focus.
  await expect.poll(() => button.isEnabled(), DEADLINE).toBe(true);
  await button.press('Enter');
}

describe('the way to a wallet', () => {
  it(`is at most ${MOST_TABS} tabs long`, async () => {
    const page = await explorer.open(api);
    await page.locator('.connection.live').waitFor();
    let tabs = 0;
    do {
      await page.keyboard.press('Tab');
      tabs += 1;
    } while ((await focused(page)) !== 'a Make a wallet' && tabs < 60);
    expect(tabs).toBeLessThanOrEqual(MOST_TABS);
  });

  it('is one tab long for those who skip to the content', async () => {
    const page = await explorer.open(api);
    await page.locator('.connection.live').waitFor();
    await page.keyboard.press('Tab');
    await expectFocus(page, 'a Skip to the content');
    await page.keyboard.press('Enter');
    await expectFocus(page, 'main ');
    await page.keyboard.press('Tab');
    await expectFocus(page, 'a Make a wallet');
  });
});

describe('on the page of the chain', () => {
  it('the chain is one stop, walked through by arrows, the next block too', async () => {
    const page = await explorer.open(api);
    await page.locator('.block-card.is-tip').focus();
    await page.keyboard.press('ArrowRight');
    await page.locator('.next-card:focus').waitFor();
    await page.keyboard.press('Tab');
    // Of the line below the chain, which tells of the last fork.
    await expectFocus(page, 'a All forks');
    await page.keyboard.press('Shift+Tab');
    await page.locator('.next-card:focus').waitFor();
    await page.keyboard.press('ArrowLeft');
    await page.locator('.block-card.is-tip:focus').waitFor();
    await page.keyboard.press('Tab');
    await expectFocus(page, 'a All forks');
    await page.keyboard.press('Tab');
    await expectFocus(page, 'button Pause');
    await page.keyboard.press('Enter');
    await expectFocus(page, 'button Go live');
  });

  it('what was pressed is kept while the daemon works, and after', async () => {
    const page = await explorer.open(api);
    await press(page, 'Mine a block now');
    await page.getByText('Found.', { exact: true }).waitFor();
    await expectFocus(page, 'button Mine a block now');
    await press(page, 'Start mining');
    await page.getByText('This daemon mines').waitFor();
    await expectFocus(page, 'button Stop mining');
    await page.keyboard.press('Enter');
    await page.getByText('This daemon does not mine by itself.').waitFor();
    await expectFocus(page, 'button Start mining');
    await press(page, 'Use dark colours');
    await expectFocus(page, 'button Use light colours');
  });

  it('after a search for a block is given up, it can be begun again', async () => {
    const page = await explorer.open(api);
    const asked = page.waitForRequest('**/v1/mine');
    // No answer comes: the search is as long as one likes.
    await page.route('**/v1/mine', () => {});
    await press(page, 'Mine a block now');
    await asked;
    await expectFocus(page, 'button Searching…');
    await press(page, 'Stop');
    await page.getByText('Stopped.').waitFor();
    await expectFocus(page, 'button Mine a block now');
  });

  it('a row that leaves the list hands it to the row above', async () => {
    const page = await explorer.open(api);
    const newest = (await mine(daemon, 12)).at(-1);
    await page.locator(`[data-block="${newest}"].is-tip`).waitFor();
    const rows = page.locator('.columns .table tbody tr');
    const last = rows.nth(9).locator('a').first();
    const height = Number(await last.innerText());
    await last.focus();
    await mine(daemon);
    await rows
      .nth(9)
      .getByText(`${height + 1}`, { exact: true })
      .waitFor();
    await rows.nth(9).locator('a:focus').waitFor();
  });

  it('an invitation that is not wanted hands it to the chain', async () => {
    const page = await explorer.open(api);
    await page.locator('.is-tip').waitFor();
    await press(page, 'Not now');
    await page.locator('.block-card.is-tip:focus').waitFor();
  });

  it('the dialog gives it back to what opened it', async () => {
    const page = await explorer.open(api);
    await page.locator('.connection.live').press('Enter');
    await page.getByLabel('Token').waitFor();
    await page.keyboard.press('Escape');
    await expectFocus(page, 'button Live');
    await page.keyboard.press('Enter');
    await press(page, 'Close');
    await expectFocus(page, 'button Live');
    await page.keyboard.press('Enter');
    await press(page, 'Use');
    await expectFocus(page, 'button Live');
  });

  it('each page begins at its content', async () => {
    const page = await explorer.open(api);
    for (const name of ['Pool', 'Peers', 'Network', 'Wallet', 'Verify', 'Chain']) {
      await page.getByRole('link', { name, exact: true }).press('Enter');
      await expectFocus(page, 'main ');
    }
    const search = page.getByLabel('Search by height, id or address');
    await search.fill('2');
    await search.press('Enter');
    await page.getByRole('heading', { level: 1, name: /^2/ }).waitFor();
    await expectFocus(page, 'main ');
    await page.getByRole('link', { name: 'Next' }).press('Enter');
    await page.getByRole('heading', { level: 1, name: /^3/ }).waitFor();
    await expectFocus(page, 'main ');
  });

  it('asking the peers and adding one keep what was pressed', async () => {
    const other = await network.start();
    const [address = ''] = (await other.started).addresses;
    const page = await explorer.open(api, '/peers');
    await page.getByLabel('Its address').fill('/ip4/127.0.0.1/tcp/1');
    explorer.expected.push('/v1/peers');
    await press(page, 'Add');
    await page.locator('.refusal').waitFor();
    await expectFocus(page, 'button Add');
    await page.getByLabel('Its address').fill(address);
    await page.getByLabel('Its address').press('Enter');
    await page.getByText(/^Connected to …/).waitFor();
    await expectFocus(page, 'input Its address');
    await press(page, 'Ask all peers now');
    await page.getByText('Nobody has more work than we do.').waitFor();
    await expectFocus(page, 'button Ask all peers now');
  });
});

describe('in the wallet', () => {
  it('is made, and the next step is how money comes there', async () => {
    const page = await explorer.open(api, '/wallet');
    await press(page, 'Make a wallet');
    await expectFocus(page, 'h2 Write these 24 words down');
    await press(page, 'Back');
    await expectFocus(page, 'button Make a wallet');
    await press(page, 'Restore from 24 words');
    await expectFocus(page, 'h2 Restore from 24 words');
    await press(page, 'Back');
    await press(page, 'Restore from a key file');
    await expectFocus(page, 'h2 Restore from a key file');
    await press(page, 'Back');
    await press(page, 'Make a wallet');
    await page.getByLabel('I have written them down').check();
    await page.getByLabel('A passphrase for this browser').fill(PASSPHRASE);
    await page.getByLabel('Once more').fill(PASSPHRASE);
    await press(page, 'Keep the wallet');
    await expectFocus(page, 'summary It is empty: how money comes here');
    await press(page, 'Mine a block to this account');
    await page.getByText('Found. The reward is yours.').waitFor();
    await expectFocus(page, 'button Mine a block to this account');
  });

  it('is locked, unlocked, and removed only on purpose', async () => {
    const page = await explorer.open(api, '/wallet');
    await makeWallet(page);
    await press(page, 'Lock');
    await expectFocus(page, 'h2 Locked');
    await page.getByLabel('Passphrase').fill('something else');
    await page.getByLabel('Passphrase').press('Enter');
    await page.getByText('The passphrase is wrong.').waitFor();
    await expectFocus(page, 'input Passphrase');
    await page.getByLabel('Passphrase').fill(PASSPHRASE);
    await press(page, 'Unlock');
    await expectFocus(page, 'a Pay');
    await press(page, 'Remove from this browser');
    // A second press of the same key must not remove it.
    await expectFocus(page, 'button Leave it');
    await page.keyboard.press('Enter');
    await expectFocus(page, 'button Remove from this browser');
    await page.keyboard.press('Enter');
    await press(page, 'Remove it');
    await expectFocus(page, 'button Make a wallet');
  });

  it('is paid from, and what was sent is followed and taken off the list', async () => {
    const page = await explorer.open(api, '/wallet');
    await makeWallet(page);
    await mineToWallet(page);
    await press(page, 'Add an account');
    await expectFocus(page, 'input Its name');
    await page.keyboard.type('savings');
    await page.keyboard.press('Enter');
    await page.locator('.account', { hasText: 'savings' }).waitFor();
    await expectFocus(page, 'button Add an account');
    await fillPayment(page, 'savings', '1');
    await press(page, 'Review the payment');
    await expectFocus(page, 'h2 Is this right?');
    await press(page, 'Change it');
    await expectFocus(page, 'input To');
    await press(page, 'Review the payment');
    await press(page, 'Send');
    await expectFocus(page, 'a 1 tally');
    await page.getByRole('link', { name: 'Record a file' }).press('Enter');
    await expectFocus(page, 'a Record a file');
    const file = { name: 'minutes.txt', mimeType: 'text/plain', buffer: Buffer.from('minutes') };
    await page.locator('.wallet input[type=file]').setInputFiles(file);
    await press(page, 'Put it on record');
    await expectFocus(page, 'a Record of minutes.txt');
    await page.getByRole('button', { name: 'Take it off this list' }).first().press('Enter');
    await expectFocus(page, 'a 1 tally');
    await page.getByRole('button', { name: 'Take it off this list' }).press('Enter');
    await expectFocus(page, /^(summary|button|input|a) ./);
  });

  it('comes back from its key file', async () => {
    const page = await explorer.open(api, '/wallet');
    await makeWallet(page);
    const text = (await page.evaluate('localStorage.getItem("tally-wallet")')) as string;
    await press(page, 'Remove from this browser');
    await press(page, 'Remove it');
    await press(page, 'Restore from a key file');
    const file = { name: 'wallet.json', mimeType: 'application/json', buffer: Buffer.from(text) };
    await page.locator('.wallet input[type=file]').setInputFiles(file);
    await page.getByLabel('Its passphrase').fill(PASSPHRASE);
    await choosePassphrase(page, 'Restore the wallet');
    await expectFocus(page, /^summary ./);
  });
});

it('a network that is cut is healed, and the other way round, without looking for the button', async () => {
  const devnet = await PagedDevnet.start(2);
  try {
    await devnet.hasPeers(2, 1);
    const page = await explorer.open(devnet.url, '/nodes');
    await press(page, 'One alone');
    await page.getByText('The network is cut.').waitFor();
    await expectFocus(page, 'button Heal');
    await devnet.hasPeers(2, 0);
    await page.keyboard.press('Enter');
    await page.getByText('Cut the network in two').waitFor();
    await expectFocus(page, 'button Half and half');
    await devnet.hasPeers(2, 1);
    await page.getByText('Choose who is cut off').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await press(page, 'Cut them off');
    await page.getByText('The network is cut.').waitFor();
    await expectFocus(page, 'button Heal');
    await page.getByRole('button', { name: 'Look at node-2' }).press('Enter');
    await expectFocus(page, /^button Looking/);
    await page.getByLabel('Daemon that the pages look at').focus();
    await page.keyboard.press('ArrowUp');
    await page.locator('.connection.live').waitFor();
    await expectFocus(page, /^select Daemon/);
    expect(await explorer.closePages()).toEqual([]);
  } finally {
    await devnet.stop();
  }
});
