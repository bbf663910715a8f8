/** One account of a wallet: what everybody may know of it, and, unless it is only watched, the key that signs for it. */
import { formatAddress } from '../core/address.ts';
import type { Address, NetworkId, TransactionId } from '../core/identifiers.ts';
import type { SignedTransaction } from '../core/types.ts';
import { type Payment, signPayment } from './keys.ts';
import { WalletError } from './wallet-error.ts';

/** From the wallet's words, from a seed of its own, or without a key. */
export const ACCOUNT_KINDS = ['derived', 'imported', 'watch-only'] as const;
export type AccountKind = (typeof ACCOUNT_KINDS)[number];

/** Fits a line of a terminal beside an address. */
const MAX_NAME_LENGTH = 32;

/** What is known of an account without its key. */
export interface PublicAccount {
  /** Its place in the wallet, from 0. */
  readonly index: number;
  readonly kind: AccountKind;
  readonly address: Address;
  /** Undefined if it was given none. */
  readonly name: string | undefined;
  /** How its key follows from the words; undefined unless it is derived. */
  readonly path: string | undefined;
}

/** Made by a wallet; never changes. Its key shows in no text of it. */
export class WalletAccount implements PublicAccount {
  readonly index: number;
  readonly kind: AccountKind;
  readonly address: Address;
  readonly name: string | undefined;
  readonly path: string | undefined;
  readonly #seed: Uint8Array | undefined;

  constructor({ index, kind, address, name, path }: PublicAccount, seed: Uint8Array | undefined) {
    this.index = index;
    this.kind = kind;
    this.address = address;
    this.name = name;
    this.path = path;
    this.#seed = seed;
  }

  /**
   * Signs a payment for one network; on any other it is worth nothing.
   *
   * @throws RangeError naming the field that does not fit
   * @throws WalletError `watch-only`
   */
  signPayment(network: NetworkId, payment: Payment): { id: TransactionId; signed: SignedTransaction } {
    return signPayment(network, { address: this.address, seed: this.#secret() }, payment);
  }

  /** The 32 secret bytes: whoever has them can spend. @throws WalletError `watch-only` */
  exportSeed(): Uint8Array {
    return this.#secret().slice();
  }

  /** The same account under another name. */
  renamed(name: string | undefined): WalletAccount {
    return new WalletAccount({ ...this.toPublic(), name }, this.#seed);
  }

  toPublic(): PublicAccount {
    const { index, kind, address, name, path } = this;
    return { index, kind, address, name, path };
  }

  /** Nothing secret; the address in bech32m. */
  toJSON(): { index: number; kind: AccountKind; address: string; name?: string; path?: string } {
    return accountToJson(this);
  }

  #secret(): Uint8Array {
    if (this.#seed !== undefined) return this.#seed;
    throw new WalletError(
      'watch-only',
      `${describe(this)} is watch-only: its key is not in this wallet, so it cannot pay`,
    );
  }
}

/** Nothing secret; the address in bech32m. */
export function accountToJson({ index, kind, address, name, path }: PublicAccount): {
  index: number;
  kind: AccountKind;
  address: string;
  name?: string;
  path?: string;
} {
  return {
    index,
    kind,
    address: formatAddress(address),
    ...(name === undefined ? {} : { name }),
    ...(path === undefined ? {} : { path }),
  };
}

/** @param which an index or a name @throws WalletError `unknown-account` naming those there are */
export function findAccount<T extends PublicAccount>(accounts: readonly T[], which: number | string): T {
  const found = accounts.find(({ index, name }) => `${index}` === `${which}` || name === which);
  if (found !== undefined) return found;
  const last = accounts.length - 1;
  const names = accounts.flatMap(({ name }) => (name === undefined ? [] : [name]));
  throw new WalletError(
    'unknown-account',
    `there is no account ${JSON.stringify(which)}: there is ${last === 0 ? 'account 0' : `0 to ${last}`}${names.length === 0 ? '' : `, by name ${names.join(', ')}`}`,
  );
}

/** @throws WalletError `wrong-name` unless it can be told from an index and cannot disturb a terminal */
export function checkName(name: string): void {
  const fits = name !== '' && name.length <= MAX_NAME_LENGTH && name.trim() === name;
  if (!fits || /\p{C}/u.test(name) || /^[0-9]+$/.test(name)) {
    throw new WalletError(
      'wrong-name',
      `a name has 1 to ${MAX_NAME_LENGTH} characters, not only digits and no blank at either end`,
    );
  }
}

function describe({ index, name }: PublicAccount): string {
  return name === undefined ? `account ${index}` : `account ${index} (${name})`;
}
