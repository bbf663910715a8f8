/** Whether this browser keeps a wallet: apart from the wallet itself, which is fetched only when somebody goes there. */
export const WALLET_KEY = 'tally-wallet';

export function hasWallet(): boolean {
  return localStorage.getItem(WALLET_KEY) !== null;
}
