import { inspect } from 'node:util';
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CanonicalValue, canonicalJson } from '../../src/client/canonical-json.ts';
import { KeyFile, writeEncrypted, writeUnencrypted } from '../../src/client/key-file.ts';
import { Wallet } from '../../src/client/wallet.ts';
import { formatAddress } from '../../src/core/address.ts';
import { bytesToHex } from '../../src/core/hex.ts';
import { testKey } from '../support/ledger.ts';

const words = `${'abandon '.repeat(23)}art`;
const seed = new Uint8Array(32).fill(7);
/** Weak, so that tests are quick. */
const COST = { N: 16, r: 8, p: 1 };
const PASSPHRASE = 'correct horse';

function everyKind(): Wallet {
  const wallet = Wallet.fromWords(words, 'and a passphrase');
  wallet.rename(0, 'mine');
  wallet.importSeed(seed, 'old');
  wallet.addAccount('savings');
  wallet.watch(testKey(3).address);
  return wallet;
}

const encrypted = await writeEncrypted(everyKind(), PASSPHRASE, COST);

type BentAccount = { address: string; name: string; path: string };

/** A file as it is parsed, to be bent. */
interface Bent {
  version: number;
  kind: string;
  note?: string;
  accounts: [BentAccount, BentAccount, BentAccount, BentAccount];
  scrypt: { N: number; r: number; p: number; salt: string };
  nonce: string;
  ciphertext: string;
  secrets: { words?: string | undefined; seeds: string[] };
}

/** As somebody changes it who knows about the checksum. */
function changed(text: string, change: (content: Bent) => unknown): string {
  const { checksum: _, ...content } = JSON.parse(text);
  change(content);
  const checksum = bytesToHex(sha256(new TextEncoder().encode(canonicalJson(content as CanonicalValue))));
  return JSON.stringify({ ...content, checksum });
}

/** What is wrong with a file, by code. */
async function fate(text: string, passphrase = PASSPHRASE): Promise<string> {
  try {
    await new KeyFile(text).unlock(passphrase);
    return 'opened';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

function expectSame(opened: Wallet, wallet: Wallet): void {
  expect(opened.toJSON()).toEqual(wallet.toJSON());
  expect(opened.exportWords()).toEqual(wallet.exportWords());
  expect(opened.account('old').exportSeed()).toEqual(seed);
}

test('what is written unencrypted opens without a passphrase, and says what it is', async () => {
  const text = writeUnencrypted(everyKind());
  expect(JSON.parse(text)).toMatchObject({ version: 2, kind: 'unencrypted' });
  const file = new KeyFile(text);
  expect(file.encrypted).toBe(false);
  expectSame(await file.unlock(), everyKind());
});

test('what is encrypted opens with its passphrase only; addresses and names are read without', async () => {
  const file = new KeyFile(encrypted);
  expect(file.encrypted).toBe(true);
  expect(file.accounts.map(({ name }) => name)).toEqual(['mine', 'old', 'savings', undefined]);
  expect(file.accounts).toEqual(everyKind().accounts.map((account) => account.toPublic()));
  expectSame(await file.unlock(PASSPHRASE), everyKind());
  await expect(file.unlock('correct horsf')).rejects.toMatchObject({
    code: 'wrong-passphrase',
    message: 'the passphrase is wrong',
  });
  await expect(file.unlock()).rejects.toMatchObject({ code: 'wrong-passphrase' });
});

test('no secret is in the encrypted text, nor in what an inspector prints of a file', () => {
  for (const text of [
    encrypted,
    inspect(new KeyFile(writeUnencrypted(everyKind())), { depth: 9, showHidden: true }),
  ]) {
    for (const secret of ['abandon', 'and a passphrase', PASSPHRASE, bytesToHex(seed)]) {
      expect(text).not.toContain(secret);
    }
  }
});

test('the same wallet is never encrypted alike', async () => {
  const again = JSON.parse(await writeEncrypted(everyKind(), PASSPHRASE, COST));
  const first = JSON.parse(encrypted);
  expect(again.scrypt.salt).not.toBe(first.scrypt.salt);
  expect(again.nonce).not.toBe(first.nonce);
  expect(again.ciphertext).not.toBe(first.ciphertext);
});

test('one passphrase typed in two ways of Unicode is one', async () => {
  const text = await writeEncrypted(everyKind(), 'Zu\u0308rich', COST);
  expect(await fate(text, 'Z\u00fcrich')).toBe('opened');
});

test('encrypting does not keep the event loop', async () => {
  let turns = 0;
  const turn = setInterval(() => turns++, 1);
  await writeEncrypted(everyKind(), PASSPHRASE, { N: 2 ** 15, r: 8, p: 1 });
  clearInterval(turn);
  expect(turns).toBeGreaterThan(2);
});

test('the single key of version 1 is still read', async () => {
  const wallet = Wallet.withoutWords();
  const address = formatAddress(wallet.importSeed(seed).address);
  const text = JSON.stringify({
    version: 1,
    kind: 'unencrypted-ed25519-seed',
    address,
    seed: bytesToHex(seed),
  });
  const file = new KeyFile(text);
  expect(file).toMatchObject({ encrypted: false, accounts: [{ kind: 'imported', index: 0 }] });
  expect((await file.unlock()).account(0).exportSeed()).toEqual(seed);
  expect(await fate(text.replace(address, formatAddress(testKey(2).address)))).toBe('damaged');
  expect(await fate(text.replace('07', '0'))).toBe('damaged');
});

describe('a file that is not as it was written', () => {
  test('is refused whatever byte was changed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(encrypted.length - 1), fc.integer({ min: 33, max: 126 }), async (at, code) => {
        const character = String.fromCharCode(code);
        fc.pre(encrypted[at] !== character && !/\s/.test(encrypted[at] ?? ''));
        const text = encrypted.slice(0, at) + character + encrypted.slice(at + 1);
        expect(['damaged', 'unsupported']).toContain(await fate(text));
      }),
    );
  });

  test('is refused with null where there is a text or nothing', async () => {
    const content = JSON.parse(encrypted);
    content.accounts[0].name = null;
    expect(await fate(JSON.stringify(content))).toBe('damaged');
  });

  const other = formatAddress(testKey(9).address);
  /** Hex with another first digit, whatever that was. */
  const flipped = (hex: string) => `${hex.startsWith('0') ? '1' : '0'}${hex.slice(1)}`;
  test.each<[string, string, (content: Bent) => unknown]>([
    ['an address', 'damaged', (content) => (content.accounts[0].address = other)],
    ['a watched address', 'damaged', (content) => (content.accounts[3].address = other)],
    ['a name', 'damaged', (content) => (content.accounts[0].name = 'yours')],
    ['the order', 'damaged', (content) => content.accounts.reverse()],
    ['an account less', 'damaged', (content) => content.accounts.pop()],
    ['the nonce', 'damaged', (content) => (content.nonce = '00'.repeat(24))],
    ['the ciphertext', 'damaged', (content) => (content.ciphertext = flipped(content.ciphertext))],
    ['a kind', 'damaged', (content) => (content.kind = 'unencrypted')],
    ['a field more', 'damaged', (content) => (content.note = 'x')],
    ['the salt', 'wrong-passphrase', (content) => (content.scrypt.salt = '00'.repeat(32))],
    ['a lower cost', 'wrong-passphrase', (content) => (content.scrypt.N = 2)],
    ['the version', 'unsupported', (content) => (content.version = 3)],
    ['gigabytes', 'unsupported', (content) => (content.scrypt.N = 2 ** 30)],
    ['large blocks', 'unsupported', (content) => (content.scrypt.r = 2 ** 26)],
    ['hours', 'unsupported', (content) => (content.scrypt.p = 2 ** 30)],
    ['no power of two', 'damaged', (content) => (content.scrypt.N = 17)],
    ['no number', 'damaged', (content) => (content.scrypt.r = -1)],
  ])('although its checksum is right: %s', async (_what, code, change) => {
    expect(await fate(changed(encrypted, change))).toBe(code);
  });

  test.each<[string, (content: Bent) => unknown]>([
    ['an address', (content) => (content.accounts[0].address = other)],
    ['an imported address', (content) => (content.accounts[1].address = other)],
    ['a word', (content) => (content.secrets.words = content.secrets.words?.replace('art', 'arr'))],
    ['a seed less', (content) => content.secrets.seeds.pop()],
    ['all accounts', (content) => content.accounts.splice(0)],
    ['no words', (content) => delete content.secrets.words],
  ])('although not encrypted: %s', async (_what, change) => {
    const text = changed(writeUnencrypted(everyKind()), change);
    expect(await fate(text)).toBe('damaged');
    const error = await (async () => new KeyFile(text).unlock())().catch((thrown: unknown) => thrown);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('abandon');
  });

  test.each(['', '{', 'null', '[]', '7', '{}', '{"version":2}', ' '.repeat(2_000_000)])(
    '%#',
    async (text) => {
      expect(['damaged', 'unsupported']).toContain(await fate(text));
    },
  );
});

test.each<[string, (content: Bent) => unknown]>([
  ['a name that writes to the terminal', (content) => (content.accounts[0].name = '\u001b[31m')],
  ['a path that is not followed', (content) => (content.accounts[0].path = "m/44'/0'/0'")],
  ['an address that is none', (content) => (content.accounts[3].address = 'tally1')],
])('%s is refused before the passphrase is asked for', (_what, change) => {
  expect(() => new KeyFile(changed(encrypted, change))).toThrow(expect.objectContaining({ code: 'damaged' }));
});

test('canonical JSON is sorted, without white space, and the same whatever the order', () => {
  expect(canonicalJson({ b: [1, 'ä\n'], a: { d: true, c: undefined } })).toBe(
    '{"a":{"d":true},"b":[1,"ä\\n"]}',
  );
});
