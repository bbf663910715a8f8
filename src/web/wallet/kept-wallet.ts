/**
 * The wallet of this page: kept in the browser as the key file it is on disk, encrypted by a passphrase, and open only
 * for as long as somebody uses it.
 */
import { computed, signal } from '@preact/signals';
import { KeyFile, writeEncrypted } from '../../client/key-file.ts';
import type { Wallet } from '../../client/wallet.ts';
import type { PublicAccount, WalletAccount } from '../../client/wallet-account.ts';
import { isLasting, lasting } from '../state/storage.ts';
import { hasWallet, WALLET_KEY } from './has-wallet.ts';

/** Somebody who leaves the desk locks it by leaving. */
const LOCK_AFTER_MS = 5 * 60_000;
const LOOK_EVERY_MS = 5_000;
/** Kinds of use that count. */
const USES = ['pointerdown', 'keydown', 'drop'];

export type KeptWallet =
  | { readonly kind: 'none' }
  | { readonly kind: 'damaged'; readonly reason: string }
  | { readonly kind: 'locked'; readonly file: KeyFile }
  | { readonly kind: 'open'; readonly wallet: Wallet; readonly passphrase: string };

export const kept = signal<KeptWallet>(read());
/** Whether the browser keeps it; otherwise it is gone with this tab. */
export const isKept = signal(hasWallet() || isLasting());
/** Also of a locked one: addresses are no secret. */
export const accounts = computed<readonly PublicAccount[]>(() => {
  const now = kept.value;
  // A copy, for a wallet adds to its own list.
  return now.kind === 'open' ? [...now.wallet.accounts] : now.kind === 'locked' ? now.file.accounts : [];
});

/** By its place among the accounts. */
export const chosen = signal(0);
/** Undefined while the wallet is locked. */
export const payer = computed<WalletAccount | undefined>(() =>
  kept.value.kind === 'open' ? kept.value.wallet.accounts[chosen.value] : undefined,
);

function read(): KeptWallet {
  const text = lasting.read(WALLET_KEY);
  if (text === undefined) return { kind: 'none' };
  try {
    return { kind: 'locked', file: new KeyFile(text) };
  } catch (error) {
    return { kind: 'damaged', reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Encrypts it, which takes about a second, keeps it and leaves it open. */
export async function keep(wallet: Wallet, passphrase: string): Promise<void> {
  store(await writeEncrypted(wallet, passphrase));
  chosen.value = 0;
  opened(wallet, passphrase);
}

/** @throws WalletError `wrong-passphrase`, `damaged` */
export async function unlock(passphrase: string): Promise<void> {
  if (kept.value.kind !== 'locked') return;
  opened(await kept.value.file.unlock(passphrase), passphrase);
}

export function lock(): void {
  kept.value = read();
}

/** Does something to the open wallet and keeps what comes of it. */
export async function change(how: (wallet: Wallet) => void): Promise<void> {
  if (kept.value.kind !== 'open') return;
  const { passphrase, wallet } = kept.value;
  how(wallet);
  store(await writeEncrypted(wallet, passphrase));
  // It may have been locked meanwhile.
  if (kept.value.kind === 'open') opened(wallet, passphrase);
}

/** Gone for good, unless its words or its key file are elsewhere. */
export function forget(): void {
  lasting.remove(WALLET_KEY);
  kept.value = { kind: 'none' };
}

/** As it is kept: what `tally wallet import` reads. */
export function keyFileText(): string {
  return lasting.read(WALLET_KEY) ?? '';
}

function store(text: string): void {
  isKept.value = lasting.write(WALLET_KEY, text);
}

let usedAtMs = 0;

function opened(wallet: Wallet, passphrase: string): void {
  usedAtMs = Date.now();
  kept.value = { kind: 'open', wallet, passphrase };
}

for (const use of USES) {
  addEventListener(use, () => {
    usedAtMs = Date.now();
  });
}
setInterval(() => {
  if (kept.value.kind === 'open' && Date.now() - usedAtMs > LOCK_AFTER_MS) lock();
}, LOOK_EVERY_MS);
// A wallet that only this tab has is not closed by a slip.
addEventListener('beforeunload', (event) => {
  if (kept.value.kind !== 'none' && !isKept.value) event.preventDefault();
});
// Another tab has made one, changed it or removed it.
addEventListener('storage', ({ key }) => {
  if (key === WALLET_KEY) lock();
});
