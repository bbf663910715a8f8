import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { keyPairFromSeed } from '../../src/client/keys.ts';
import { MAX_ACCOUNTS, Wallet } from '../../src/client/wallet.ts';
import { formatAddress } from '../../src/core/address.ts';
import { bytesToHex } from '../../src/core/hex.ts';
import { signatureCheck } from '../../src/core/signature.ts';
import { verifySignature } from '../../src/native/signatures.ts';
import { testKey, testNetwork } from '../support/ledger.ts';
import vectors from '../vectors/wallet.json' with { type: 'json' };

const network = testNetwork();
const words = `${'abandon '.repeat(23)}art`;
const seed = new Uint8Array(32).fill(7);
const watched = testKey(3).address;
const payment = { recipient: testKey(2).address, sequence: 0n, amount: 1n, fee: 1n };

function everyKind(): Wallet {
  const wallet = Wallet.fromWords(words, 'and a passphrase');
  wallet.addAccount('savings');
  wallet.importSeed(seed, 'old');
  wallet.watch(watched);
  return wallet;
}

test.each(vectors)('words are these accounts: $words $bip39Passphrase', (vector) => {
  const wallet = Wallet.fromWords(vector.words, vector.bip39Passphrase);
  while (wallet.accounts.length < vector.accounts.length) wallet.addAccount();
  expect(
    wallet.accounts.map((account) => ({
      path: account.path,
      seed: bytesToHex(account.exportSeed()),
      address: formatAddress(account.address),
    })),
  ).toEqual(vector.accounts);
});

test('new wallets differ, and their words bring them back', () => {
  const wallet = Wallet.create();
  expect(Wallet.create().account(0).address).not.toBe(wallet.account(0).address);
  expect(Wallet.fromWords(wallet.exportWords().words).toJSON()).toEqual(wallet.toJSON());
});

test('accounts are found by index and by name, and have their kinds', () => {
  const wallet = everyKind();
  expect(wallet.accounts.map(({ kind, name }) => [kind, name])).toEqual([
    ['derived', undefined],
    ['derived', 'savings'],
    ['imported', 'old'],
    ['watch-only', undefined],
  ]);
  expect(wallet.account('savings')).toBe(wallet.account(1));
  expect(wallet.account('1')).toBe(wallet.account(1));
  expect(wallet.account('old').address).toBe(keyPairFromSeed(seed).address);
  expect(() => wallet.account(4)).toThrow('there is no account 4: there is 0 to 3, by name savings, old');
  expect(wallet.addAccount().path).toBe("m/44'/1413565529'/2'");
});

test('every account with a key signs what libsodium verifies', () => {
  for (const account of everyKind().accounts.slice(0, 3)) {
    const { signed } = account.signPayment(network.id, payment);
    expect(bytesToHex(signed.transaction.sender)).toBe(account.address);
    expect(verifySignature(signatureCheck(signed, network.id))).toBe(true);
  }
});

test('one that is only watched does not sign, and says so', () => {
  const wallet = everyKind();
  expect(() => wallet.account(3).signPayment(network.id, payment)).toThrow(
    expect.objectContaining({
      code: 'watch-only',
      message: 'account 3 is watch-only: its key is not in this wallet, so it cannot pay',
    }),
  );
  expect(() => wallet.account(3).exportSeed()).toThrow('watch-only');
});

test('a name may change, and be taken away', () => {
  const wallet = everyKind();
  wallet.rename('savings', 'rent');
  expect(wallet.account('rent').signPayment(network.id, payment).id).toMatch(/^[0-9a-f]{64}$/);
  wallet.rename('rent', undefined);
  expect(wallet.account(1).name).toBeUndefined();
});

test.each(['', ' x', '12', 'a\u001b[31m', 'a\u202eb', '\ud800', 'x'.repeat(33)])('%j is no name', (name) => {
  expect(() => everyKind().addAccount(name)).toThrow(expect.objectContaining({ code: 'wrong-name' }));
});

test('a name or an address is there once only', () => {
  const wallet = everyKind();
  expect(() => wallet.addAccount('old')).toThrow('account 2 is called old already');
  expect(() => wallet.rename(0, 'old')).toThrow('account 2 is called old already');
  expect(() => wallet.importSeed(seed)).toThrow('this address is account 2 of the wallet already');
  expect(() => wallet.watch(wallet.account(0).address)).toThrow('account 0');
  expect(wallet.accounts).toHaveLength(4);
});

test('a wallet of single keys has no words', () => {
  const wallet = Wallet.withoutWords();
  wallet.importSeed(seed);
  expect(() => wallet.exportWords()).toThrow(expect.objectContaining({ code: 'no-words' }));
  expect(() => wallet.addAccount()).toThrow(expect.objectContaining({ code: 'no-words' }));
});

test('there is a last account', () => {
  const wallet = Wallet.withoutWords();
  for (let i = 0; i < MAX_ACCOUNTS; i++)
    wallet.watch(testKey(0).address.replace(/^.{4}/, `${1_000 + i}`) as never);
  expect(() => wallet.watch(watched)).toThrow(expect.objectContaining({ code: 'too-many-accounts' }));
});

test('a seed the caller changes afterwards changes no key', () => {
  const given = seed.slice();
  const account = Wallet.withoutWords().importSeed(given);
  given.fill(0);
  account.exportSeed().fill(0);
  expect(account.exportSeed()).toEqual(seed);
});

describe('no secret shows', () => {
  const wallet = everyKind();
  const secrets = ['abandon', 'and a passphrase', ...everyKind().accounts.slice(0, 3).flatMap(formsOfSeed)];

  /** As hex, and as the numbers an inspector prints. */
  function formsOfSeed(account: { exportSeed(): Uint8Array }): string[] {
    const bytes = account.exportSeed();
    return [bytesToHex(bytes), [...bytes].join(', ').slice(0, 20), [...bytes].join(',').slice(0, 20)];
  }

  test.each([
    ['a wallet', wallet],
    ['an account', wallet.account(0)],
    ['an imported account', wallet.account(2)],
  ])('in %s', (_what, value) => {
    const texts = [
      `${value}`,
      JSON.stringify(value),
      inspect(value, { depth: 9, showHidden: true, getters: true, compact: true, breakLength: 1e9 }),
      JSON.stringify({ ...value }),
    ];
    for (const secret of secrets) for (const text of texts) expect(text).not.toContain(secret);
    expect(texts[1]).toContain('tally1');
  });
});
