/** A wallet: the accounts that follow from 24 words, keys brought from elsewhere, and addresses that are only watched. */
import type { Address } from '../core/identifiers.ts';
import { accountPath, accountsRoot, childKey } from './derivation.ts';
import { keyPairFromSeed } from './keys.ts';
import { generateWords, parseWords, wordsToSeed } from './mnemonic.ts';
import { checkName, findAccount, type PublicAccount, WalletAccount } from './wallet-account.ts';
import { WalletError } from './wallet-error.ts';

/** More than anybody tells apart; opening a wallet derives them all. */
export const MAX_ACCOUNTS = 1_000;

/** What brings a wallet's derived accounts back. */
export interface Mnemonic {
  /** 24 words with single spaces. */
  readonly words: string;
  /** BIP-39's; empty if none was chosen. */
  readonly bip39Passphrase: string;
}

/**
 * Keys in memory. Nothing secret shows in its text, its JSON or what an inspector prints; only the methods called
 * `export…` give secrets away. To keep one, see `key-file.ts`.
 *
 * ```ts
 * const wallet = Wallet.create();
 * const { id, signed } = wallet.account(0).signPayment(network, { recipient, sequence, amount, fee });
 * ```
 */
export class Wallet {
  readonly #mnemonic: Mnemonic | undefined;
  readonly #root: ReturnType<typeof accountsRoot> | undefined;
  readonly #accounts: WalletAccount[] = [];

  private constructor(mnemonic?: Mnemonic) {
    this.#mnemonic = mnemonic;
    if (mnemonic === undefined) return;
    this.#root = accountsRoot(wordsToSeed(mnemonic.words, mnemonic.bip39Passphrase));
  }

  /** 24 new words and their first account. */
  static create(): Wallet {
    return Wallet.fromWords(generateWords());
  }

  /**
   * The wallet of these words with its first account; `addAccount` brings back the others.
   *
   * @param words 24, in any case, with any white space between them
   * @param bip39Passphrase with another one, the same words are another wallet
   * @throws WalletError `word-count`, `unknown-word`, `wrong-checksum`
   */
  static fromWords(words: string, bip39Passphrase = ''): Wallet {
    const wallet = new Wallet({ words: parseWords(words), bip39Passphrase });
    wallet.addAccount();
    return wallet;
  }

  /** No words and no account yet: for single keys and watch-only addresses. */
  static withoutWords(): Wallet {
    return new Wallet();
  }

  get hasWords(): boolean {
    return this.#mnemonic !== undefined;
  }

  /** In the order they were added. */
  get accounts(): readonly WalletAccount[] {
    return this.#accounts;
  }

  /** @param which an index, or a name @throws WalletError `unknown-account` */
  account(which: number | string): WalletAccount {
    return findAccount(this.#accounts, which);
  }

  /** The next account that follows from the words. @throws WalletError `no-words`, `wrong-name`, `too-many-accounts` */
  addAccount(name?: string): WalletAccount {
    if (this.#root === undefined) {
      throw new WalletError(
        'no-words',
        'this wallet has no words for another account to follow from: make one that has, or import a seed',
      );
    }
    const step = this.#accounts.filter(({ kind }) => kind === 'derived').length;
    const { address, seed } = keyPairFromSeed(childKey(this.#root, step).key);
    return this.#add({ kind: 'derived', address, name, path: accountPath(step) }, seed);
  }

  /**
   * A single key from elsewhere, which the words do not bring back.
   *
   * @param seed 32 bytes
   * @throws RangeError if it has not 32 bytes
   * @throws WalletError `known-address`, `wrong-name`, `too-many-accounts`
   */
  importSeed(seed: Uint8Array, name?: string): WalletAccount {
    const own = seed.slice();
    const { address } = keyPairFromSeed(own);
    return this.#add({ kind: 'imported', address, name, path: undefined }, own);
  }

  /** An address whose key is elsewhere. @throws WalletError `known-address`, `wrong-name`, `too-many-accounts` */
  watch(address: Address, name?: string): WalletAccount {
    return this.#add({ kind: 'watch-only', address, name, path: undefined }, undefined);
  }

  /** @param name undefined: none any more @throws WalletError `unknown-account`, `wrong-name` */
  rename(which: number | string, name: string | undefined): WalletAccount {
    const account = this.account(which);
    if (name !== account.name) this.#checkName(name);
    const renamed = account.renamed(name);
    this.#accounts[account.index] = renamed;
    return renamed;
  }

  /** The words: whoever has them can spend from every derived account. @throws WalletError `no-words` */
  exportWords(): Mnemonic {
    if (this.#mnemonic !== undefined) return this.#mnemonic;
    throw new WalletError(
      'no-words',
      'this wallet has no words, only single keys: export the seed of an account',
    );
  }

  /** Nothing secret. */
  toJSON(): { accounts: ReturnType<WalletAccount['toJSON']>[] } {
    return { accounts: this.#accounts.map((account) => account.toJSON()) };
  }

  #add(fields: Omit<PublicAccount, 'index'>, seed: Uint8Array | undefined): WalletAccount {
    if (this.#accounts.length >= MAX_ACCOUNTS) {
      throw new WalletError('too-many-accounts', `a wallet has at most ${MAX_ACCOUNTS} accounts`);
    }
    this.#checkName(fields.name);
    const known = this.#accounts.find(({ address }) => address === fields.address);
    if (known !== undefined) {
      throw new WalletError('known-address', `this address is account ${known.index} of the wallet already`);
    }
    const account = new WalletAccount({ ...fields, index: this.#accounts.length }, seed);
    this.#accounts.push(account);
    return account;
  }

  #checkName(name: string | undefined): void {
    if (name === undefined) return;
    checkName(name);
    const holder = this.#accounts.find((account) => account.name === name);
    if (holder !== undefined) {
      throw new WalletError('wrong-name', `account ${holder.index} is called ${name} already`);
    }
  }
}
