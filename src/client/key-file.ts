/**
 * A wallet as text to keep: JSON, encrypted by a passphrase or plainly not. Addresses and names can be read without
 * the passphrase, so that a daemon can mine to a wallet it cannot spend from. docs/protocol.md, "Wallets", has the format.
 */
import { formatAddress, parseAddress } from '../core/address.ts';
import { bytesToHex, hexToBytes } from '../core/hex.ts';
import { type CanonicalValue, canonicalJson } from './canonical-json.ts';
import { accountPath } from './derivation.ts';
import {
  damaged,
  type EncryptedContent,
  readContent,
  readSecrets,
  type Secrets,
  type SingleKeyContent,
  type StoredAccount,
  type UnencryptedContent,
  writeContent,
} from './key-file-content.ts';
import { decrypt, encrypt, newKey, recoverKey, type ScryptCost } from './passphrase-encryption.ts';
import { Wallet } from './wallet.ts';
import { accountToJson, checkName, type PublicAccount } from './wallet-account.ts';

/** A key file, read but not opened: its accounts, not its keys. */
export class KeyFile {
  readonly encrypted: boolean;
  /** Whoever can read the file can spend: there are keys in it, not encrypted. */
  readonly exposesKeys: boolean;
  readonly accounts: readonly PublicAccount[];
  readonly #content: UnencryptedContent | EncryptedContent | SingleKeyContent;

  /** @param text of the file @throws WalletError `damaged` or `unsupported` */
  constructor(text: string) {
    this.#content = readContent(text);
    this.encrypted = this.#content.kind === 'encrypted';
    this.accounts =
      this.#content.version === 1
        ? openSingleKey(this.#content).accounts.map((account) => account.toPublic())
        : readAccounts(this.#content.accounts);
    this.exposesKeys = !this.encrypted && this.accounts.some(({ kind }) => kind !== 'watch-only');
  }

  /**
   * The wallet with its keys. With an encrypted file it takes about a second.
   *
   * @param passphrase not used if the file is not encrypted
   * @throws WalletError `wrong-passphrase`, or `damaged` if what was encrypted is not what the file says
   */
  async unlock(passphrase = ''): Promise<Wallet> {
    const content = this.#content;
    if (content.version === 1) return openSingleKey(content);
    if (content.kind === 'unencrypted') return openWallet(this.accounts, content.secrets);
    const { ciphertext, ...rest } = content;
    const key = await recoverKey(content, passphrase);
    const plain = decrypt(key, content, associatedBytes(rest), ciphertext);
    if (plain === undefined)
      throw damaged('the passphrase is right, but something is not as it was encrypted');
    return openWallet(this.accounts, readSecrets(JSON.parse(new TextDecoder().decode(plain))));
  }
}

/** The text of a key file whose keys anybody can read: for development. */
export function writeUnencrypted(wallet: Wallet): string {
  return writeContent({
    version: 2,
    kind: 'unencrypted',
    accounts: storedAccounts(wallet),
    secrets: secretsOf(wallet),
  });
}

/**
 * The text of a key file that opens with a passphrase. Takes about a second.
 *
 * @param passphrase not empty; there is no way back without it
 */
export async function writeEncrypted(wallet: Wallet, passphrase: string, cost?: ScryptCost): Promise<string> {
  if (passphrase === '') throw new RangeError('a passphrase has at least one character');
  const { header, key } = await newKey(passphrase, cost);
  const open = { version: 2, kind: 'encrypted', accounts: storedAccounts(wallet), ...header } as const;
  const plain = new TextEncoder().encode(JSON.stringify(secretsOf(wallet)));
  return writeContent({ ...open, ciphertext: encrypt(key, header, associatedBytes(open), plain) });
}

/** All that can be read without the passphrase: to change any of it breaks the authentication. */
function associatedBytes(open: Omit<EncryptedContent, 'ciphertext'>): Uint8Array {
  return new TextEncoder().encode(canonicalJson(open as unknown as CanonicalValue));
}

function storedAccounts(wallet: Wallet): StoredAccount[] {
  return wallet.accounts.map((account) => {
    const { index: _, ...stored } = accountToJson(account);
    return stored;
  });
}

function secretsOf(wallet: Wallet): Secrets {
  const mnemonic = wallet.hasWords ? wallet.exportWords() : undefined;
  return {
    ...(mnemonic === undefined ? {} : { words: mnemonic.words }),
    ...(mnemonic === undefined || mnemonic.bip39Passphrase === ''
      ? {}
      : { bip39Passphrase: mnemonic.bip39Passphrase }),
    seeds: wallet.accounts
      .filter(({ kind }) => kind === 'imported')
      .map((account) => bytesToHex(account.exportSeed())),
  };
}

/** Whoever can write the file may not write to a terminal, nor show a path that is not followed. */
function readAccounts(stored: readonly StoredAccount[]): PublicAccount[] {
  let derived = 0;
  return stored.map(({ kind, address, name, path }, index) => {
    if (path !== (kind === 'derived' ? accountPath(derived++) : undefined)) {
      throw damaged(`the path of account ${index} is not the next one`);
    }
    try {
      if (name !== undefined) checkName(name);
      return { index, kind, address: parseAddress(address), name, path };
    } catch {
      throw damaged(`the address or name of account ${index} is none`);
    }
  });
}

/** @throws WalletError `damaged` unless every account is what its secrets give */
function openWallet(accounts: readonly PublicAccount[], secrets: Secrets): Wallet {
  let wallet: Wallet;
  try {
    wallet = rebuild(accounts, secrets);
  } catch {
    // Without the cause, which may quote a word.
    throw damaged('its secrets are not those of its accounts');
  }
  const wrong = accounts.find(({ address, index }) => wallet.accounts[index]?.address !== address);
  if (wrong !== undefined) throw damaged(`the address of account ${wrong.index} is not that of its key`);
  if (wallet.accounts.length !== accounts.length) throw damaged('it has secrets of no account');
  return wallet;
}

function rebuild(accounts: readonly PublicAccount[], { bip39Passphrase, seeds, words }: Secrets): Wallet {
  const wallet = words === undefined ? Wallet.withoutWords() : Wallet.fromWords(words, bip39Passphrase);
  const nextSeed = seeds.values();
  for (const { index, kind, address, name } of accounts) {
    if (kind === 'watch-only') wallet.watch(address, name);
    else if (kind === 'imported') wallet.importSeed(hexToBytes(nextSeed.next().value ?? ''), name);
    // Words come with their first account.
    else if (index === 0) wallet.rename(0, name);
    else wallet.addAccount(name);
  }
  return wallet;
}

function openSingleKey({ address, seed }: SingleKeyContent): Wallet {
  const wallet = Wallet.withoutWords();
  try {
    if (formatAddress(wallet.importSeed(hexToBytes(seed)).address) === address) return wallet;
  } catch {
    throw damaged('its seed is not 32 bytes in hex');
  }
  throw damaged('the address is not that of its key');
}
