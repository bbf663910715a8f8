/** What can be wrong with words, a wallet or its file. No message holds a secret. */

export type WalletErrorCode =
  /** Not 24 words. */
  | 'word-count'
  /** A word that is not in the list. */
  | 'unknown-word'
  /** Words of the list that do not belong together: one of them is another, or two are swapped. */
  | 'wrong-checksum'
  /** No account of this index or name. */
  | 'unknown-account'
  /** A name that cannot be one, or that another account has. */
  | 'wrong-name'
  /** The address is an account of this wallet already. */
  | 'known-address'
  | 'too-many-accounts'
  /** Nothing to derive accounts from: the wallet has single keys only. */
  | 'no-words'
  /** The account's key is elsewhere. */
  | 'watch-only'
  | 'wrong-passphrase'
  /** A key file that is not as it was written. */
  | 'damaged'
  /** A key file of a later version, or one that asks for more than a reader grants. */
  | 'unsupported';

/** A wallet cannot do what was asked; the message says what to try. */
export class WalletError extends Error {
  override readonly name = 'WalletError';
  readonly code: WalletErrorCode;

  constructor(code: WalletErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
