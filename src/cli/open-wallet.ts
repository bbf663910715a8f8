/** A wallet with its keys, for commands that sign or change it. */
import type { KeyFile } from '../client/key-file.ts';
import type { Wallet } from '../client/wallet.ts';
import { findAccount, type WalletAccount } from '../client/wallet-account.ts';
import { WalletError } from '../client/wallet-error.ts';
import { CommandError } from './errors.ts';
import type { SignerOptions } from './options.ts';
import { givenPassphrase, HOW_TO_GIVE, type PassphraseOptions } from './passphrase.ts';
import { askSecret, canAsk } from './prompts.ts';
import { readWallet, type StoredWallet } from './wallet-file.ts';

/** Typing errors are forgiven so often. */
const MAX_TRIES = 3;

export interface OpenWallet {
  readonly wallet: Wallet;
  /** What it was opened with; undefined if it is not encrypted. */
  readonly passphrase: string | undefined;
}

/**
 * Asks for the passphrase if it is needed and not given.
 *
 * @throws CommandError if it is wrong, or nobody can be asked
 */
export async function openWallet(
  { keyFile, path }: StoredWallet,
  options: PassphraseOptions,
): Promise<OpenWallet> {
  if (!keyFile.encrypted) return { wallet: await unlock(keyFile, path), passphrase: undefined };
  const given = await givenPassphrase(options);
  if (given !== undefined) return { wallet: await unlock(keyFile, path, given), passphrase: given };
  if (!canAsk()) throw new CommandError(`${path} is encrypted: ${HOW_TO_GIVE}`);
  for (let tries = 1; ; tries++) {
    const typed = await askSecret(tries === 1 ? `Passphrase of ${path}` : 'That was not it; once more');
    try {
      return { wallet: await unlock(keyFile, path, typed), passphrase: typed };
    } catch (error) {
      const wrong = error instanceof CommandError && isWrongPassphrase(error.cause);
      if (!wrong || tries === MAX_TRIES) throw error;
    }
  }
}

/** The account `--account` names, or the first, able to sign. @throws CommandError or WalletError if there is none */
export async function openSigner(folder: string, options: SignerOptions): Promise<WalletAccount> {
  const stored = await readWallet(folder);
  const { index, kind } = findAccount(stored.keyFile.accounts, options.account ?? 0);
  // Before anybody types a passphrase for nothing.
  if (kind === 'watch-only') {
    throw new CommandError(
      `account ${index} of ${stored.path} is watch-only: its key is elsewhere; choose another with --account`,
    );
  }
  return (await openWallet(stored, options)).wallet.account(index);
}

async function unlock(keyFile: KeyFile, path: string, passphrase?: string): Promise<Wallet> {
  try {
    return await keyFile.unlock(passphrase);
  } catch (cause) {
    if (!(cause instanceof WalletError)) throw cause;
    const what = isWrongPassphrase(cause) ? 'cannot be opened' : 'cannot be used';
    throw new CommandError(`${path} ${what}: ${cause.message}`, { cause });
  }
}

function isWrongPassphrase(error: unknown): boolean {
  return error instanceof WalletError && error.code === 'wrong-passphrase';
}
