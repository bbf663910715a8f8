/** Whether this browser keeps a wallet: apart from the wallet itself, which is fetched only when somebody goes there. */
import { lasting } from '../state/storage.ts';

export const WALLET_KEY = 'tally-wallet';

export function hasWallet(): boolean {
  return lasting.read(WALLET_KEY) !== undefined;
}
