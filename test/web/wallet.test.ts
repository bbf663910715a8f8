/** The wallet of the page, in a real browser: made, locked, brought back, and paying. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { KeyFile, writeUnencrypted } from '../../src/client/key-file.ts';
import { Wallet } from '../../src/client/wallet.ts';
import { formatAddress } from '../../src/core/address.ts';
import {
  connect,
  type ExplorerNetwork,
  forgetPeers,
  hasTip,
  mine,
  PAYER,
} from '../support/explorer-network.ts';
import { explorerForTests, networkForTests } from '../support/explorer-suite.ts';
import {
  addAccount,
  choosePassphrase,
  fillPayment,
  makeWallet,
  mineToWallet,
  PASSPHRASE,
  send,
} from '../support/explorer-wallet.ts';
import type { TallyProcess } from '../support/tally-process.ts';

/** Longer than the page lets an open wallet lie about. */
const SOME_TIME_MS = 6 * 60_000;

const explorer = explorerForTests();
let network: ExplorerNetwork;
let daemon: TallyProcess;
let api: string;

networkForTests('wallet test', async (made) => {
  network = made;
  daemon = await network.start();
  ({ api } = await daemon.started);
  await mine(daemon, 3);
});

async function keptText(page: Page): Promise<string> {
  return (await page.evaluate('localStorage.getItem("tally-wallet")')) as string;
}

describe('keeping keys', () => {
  it('makes a wallet of 24 words, kept as an encrypted key file', async () => {
    const page = await explorer.open(api, '/wallet');
    const words = await makeWallet(page);
    const file = new KeyFile(await keptText(page));
    expect(file.encrypted).toBe(true);
    expect(file.accounts[0]?.address).toBe(Wallet.fromWords(words).account(0).address);
    // A single one may be the name of a field: "address" is such a word.
    const list = words.split(' ');
    const kept = (await keptText(page)).replaceAll(/\W+/g, ' ');
    for (const [index, word] of list.slice(1).entries()) expect(kept).not.toContain(`${list[index]} ${word}`);
    expect((await file.unlock(PASSPHRASE)).exportWords().words).toBe(words);
  });

  it('is locked on demand, and opened by its passphrase only', async () => {
    const page = await explorer.open(api, '/wallet');
    await makeWallet(page);
    await page.getByRole('button', { name: 'Lock', exact: true }).click();
    await page.getByLabel('Passphrase').fill('something else');
    await page.getByRole('button', { name: 'Unlock' }).click();
    await page.getByText('The passphrase is wrong.').waitFor();
    expect(await page.getByRole('link', { name: 'Record a file' }).count()).toBe(0);
    await page.getByLabel('Passphrase').fill(PASSPHRASE);
    await page.getByRole('button', { name: 'Unlock' }).click();
    await page.getByRole('link', { name: 'Record a file' }).waitFor();
  });

  it('is locked when the page is opened again, and when nobody has used it for a while', async () => {
    const page = await explorer.open(api, '/wallet');
    await makeWallet(page);
    await page.reload();
    await page.getByRole('heading', { name: 'Locked' }).waitFor();
    await page.getByLabel('Passphrase').fill(PASSPHRASE);
    await page.getByRole('button', { name: 'Unlock' }).click();
    await page.getByRole('link', { name: 'Record a file' }).waitFor();
    await page.clock.setFixedTime(Date.now() + SOME_TIME_MS);
    await page.getByRole('heading', { name: 'Locked' }).waitFor();
  });

  it('comes back from its words, naming the word that is wrong', async () => {
    const { words } = Wallet.create().exportWords();
    const page = await explorer.open(api, '/wallet');
    await page.getByRole('button', { name: 'Restore from 24 words' }).click();
    await page.getByLabel('The words').fill(words.replace(/^\S+/, 'abandonn'));
    await page.getByLabel('A passphrase for this browser').fill(PASSPHRASE);
    await page.getByLabel('Once more').fill(PASSPHRASE);
    await page.getByRole('button', { name: 'Restore the wallet' }).click();
    await page.getByText('Word 1, "abandonn", is not in the list').waitFor();
    await page.getByLabel('The words').fill(words);
    await choosePassphrase(page, 'Restore the wallet');
    const address = formatAddress(Wallet.fromWords(words).account(0).address);
    await page.locator('.receive code', { hasText: address }).first().waitFor();
  });

  it('goes out as a key file and comes back from it, with every account', async () => {
    const page = await explorer.open(api, '/wallet');
    await makeWallet(page);
    await addAccount(page, 'savings');
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download its key file' }).click();
    const download = await downloading;
    const path = join(network.folder, download.suggestedFilename());
    await download.saveAs(path);

    const other = await explorer.open(api, '/wallet');
    await other.getByRole('button', { name: 'Restore from a key file' }).click();
    await other.locator('.wallet input[type=file]').setInputFiles(path);
    await other.getByText('2 accounts, encrypted').waitFor();
    await other.getByLabel('Its passphrase').fill(PASSPHRASE);
    await choosePassphrase(other, 'Restore the wallet');
    await other.locator('.account', { hasText: 'savings' }).waitFor();
    expect(new KeyFile(await keptText(other)).accounts.map(({ address }) => address)).toEqual(
      new KeyFile(await keptText(page)).accounts.map(({ address }) => address),
    );
  });

  it('shows what it only watches, and does not count it as its own', async () => {
    const wallet = Wallet.fromWords(Wallet.create().exportWords().words);
    wallet.watch(PAYER.address, 'the club');
    const file = join(network.folder, 'watching.json');
    await writeFile(file, writeUnencrypted(wallet));
    const page = await explorer.open(api, '/wallet');
    await page.getByRole('button', { name: 'Restore from a key file' }).click();
    await page.locator('.wallet input[type=file]').setInputFiles(file);
    await choosePassphrase(page, 'Restore the wallet');
    const watched = page.locator('.account', { hasText: 'watched only' });
    await watched.getByText(/[1-9][\d,.]* tally/).waitFor();
    await page.getByRole('heading', { level: 1, name: /^0 tally$/ }).waitFor();
  });

  it('is removed only by somebody who says so twice', async () => {
    const page = await explorer.open(api, '/wallet');
    await makeWallet(page);
    await page.getByRole('button', { name: 'Remove from this browser' }).click();
    await page.getByRole('button', { name: 'Leave it' }).click();
    expect(await keptText(page)).not.toBeNull();
    await page.getByRole('button', { name: 'Remove from this browser' }).click();
    await page.getByRole('button', { name: 'Remove it' }).click();
    await page.getByRole('button', { name: 'Make a wallet' }).waitFor();
    expect(await keptText(page)).toBeNull();
  });
});

describe('paying', () => {
  it('leads a stranger from the first page to a payment confirmed', async () => {
    const page = await explorer.open(api);
    await page.getByRole('link', { name: 'Make a wallet' }).click();
    await makeWallet(page);
    await page.getByText('how money comes here').waitFor();
    await mineToWallet(page);
    await page.getByRole('heading', { level: 1, name: /^50/ }).waitFor();
    await addAccount(page, 'savings');
    await fillPayment(page, 'savings', '12.5');
    await page.getByLabel('Memo').fill('for lunch');
    await page.getByText('Left afterwards: 37.499831 tally').waitFor();
    await page.getByRole('button', { name: 'Review the payment' }).press('Enter');
    // The keyboard goes on where the next step begins.
    await page.locator('h2:focus', { hasText: 'Is this right?' }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('.sent-list .waiting-state').first().waitFor();
    await mine(daemon);
    await page.getByText('1 confirmation', { exact: true }).waitFor();
    await page.locator('.account', { hasText: 'savings' }).getByText('12.5').waitFor();
    await mine(daemon, 2);
    await page.getByText('3 confirmations').waitFor();
    await page.getByRole('link', { name: 'History' }).click();
    await page.locator('.table', { hasText: 'for lunch' }).waitFor();
  });

  it('names mistakes before anything is signed', async () => {
    const page = await explorer.open(api, '/wallet');
    await makeWallet(page);
    await mineToWallet(page);
    const own = await page.locator('.receive code').first().innerText();
    const review = page.getByRole('button', { name: 'Review the payment' });
    const to = page.getByLabel('To', { exact: true });
    await to.fill(`${own.slice(0, -1)}${own.endsWith('q') ? 'p' : 'q'}`);
    await page.getByLabel('Amount').fill('1,5');
    await page.getByText(/character 64, "[qp]", is wrong/).waitFor();
    await page.getByLabel('Memo').focus();
    await page.getByText('"1,5" is not an amount').waitFor();
    await to.fill(own);
    await page.getByLabel('Amount').fill('1000');
    await page.getByText('are more than the account has: 50 tally').waitFor();
    expect(await review.isDisabled()).toBe(true);
    await page.getByLabel('Amount').fill('1500000notches');
    await page.getByLabel('Fee').fill('0.1');
    await page.getByText('Left afterwards: 48.4 tally').waitFor();
    await page.getByLabel('Fee').fill('0.000001');
    await page.getByText('less than the 0.00016 this daemon asks for').waitFor();
    await review.click();
    // The daemon has the last word.
    explorer.expected.push('/v1/transactions');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await page.getByText(/fee is below what this node asks/).waitFor();
    expect(await page.locator('.sent-list').count()).toBe(0);
  });

  it('follows a payment through a reorganisation', async () => {
    const shown = await network.start([daemon]);
    const data = join(network.folder, 'apart');
    const apart = await network.start([daemon], { data });
    const { tip } = await daemon.client.call('status');
    await Promise.all([hasTip(shown.client, tip), hasTip(apart.client, tip)]);
    const page = await explorer.open((await shown.started).api, '/wallet');
    await makeWallet(page);
    await mineToWallet(page);
    await hasTip(apart.client, (await shown.client.call('status')).tip);
    await apart.kill();
    forgetPeers(data);
    const alone = await network.start([], { data });

    await addAccount(page, 'savings');
    await fillPayment(page, 'savings', '1');
    await send(page);
    await mine(shown);
    await page.getByText('1 confirmation', { exact: true }).waitFor();
    await mine(alone, 2);
    await connect(shown, alone);
    await page.getByText('A reorganisation took it out of its block.').waitFor();
    await page.locator('.sent-list .waiting-state').waitFor();
    await mine(shown);
    await page.getByText('1 confirmation', { exact: true }).waitFor();
    expect(await page.getByText('A reorganisation took it out').count()).toBe(0);
  });

  it('keeps what was signed, and sends it again if the daemon lost it', async () => {
    const page = await explorer.open(api, '/wallet');
    await makeWallet(page);
    await mineToWallet(page);
    await addAccount(page, 'savings');
    await fillPayment(page, 'savings', '2');
    explorer.expected.push('/v1/transactions', 'ERR_FAILED');
    await page.route('**/v1/transactions', (route) => route.abort());
    await page.getByRole('button', { name: 'Review the payment' }).click();
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await page.getByText('It may not have reached the daemon.').waitFor();
    await page.unroute('**/v1/transactions');
    await page.reload();
    await page.getByRole('button', { name: 'Send it again' }).click();
    await page.locator('.sent-list .waiting-state').waitFor();
    await mine(daemon);
    await page.getByText('1 confirmation', { exact: true }).waitFor();
  });
});
