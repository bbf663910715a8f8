/** What somebody does with the wallet of the page. */
import type { Page } from 'playwright-core';

export const PASSPHRASE = 'correct horse battery staple';

/** Makes one and leaves it open. @returns its 24 words */
export async function makeWallet(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Make a wallet' }).click();
  const words = await page.locator('.words li').allInnerTexts();
  await page.getByLabel('I have written them down').check();
  await choosePassphrase(page, 'Keep the wallet');
  return words.join(' ');
}

export async function choosePassphrase(page: Page, button: string): Promise<void> {
  await page.getByLabel('A passphrase for this browser').fill(PASSPHRASE);
  await page.getByLabel('Once more').fill(PASSPHRASE);
  await page.getByRole('button', { name: button }).click();
  await page.getByRole('heading', { name: 'Accounts' }).waitFor();
}

export async function addAccount(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Add an account' }).click();
  await page.getByLabel('Its name').fill(name);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.locator('.account', { hasText: name }).waitFor();
}

/** From the page itself, as somebody does whose wallet is empty. */
export async function mineToWallet(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Mine a block to this account' }).click();
  await page.getByText('Found. The reward is yours.').waitFor();
}

/** Chooses who is paid from what is suggested. */
export async function fillPayment(page: Page, suggestion: string, amount: string): Promise<void> {
  await page.locator('.chip', { hasText: suggestion }).click();
  await page.getByLabel('Amount').fill(amount);
}

export async function send(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Review the payment' }).click();
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.locator('.sent-list .waiting-state').first().waitFor();
}
