import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { generateWords, parseWords, wordsToSeed } from '../../src/client/mnemonic.ts';
import { WalletError } from '../../src/client/wallet-error.ts';
import { bytesToHex } from '../../src/core/hex.ts';
import vectors from '../vectors/bip39.json' with { type: 'json' };

const WORDS = vectors.filter(({ words }) => words.split(' ').length === 24).map(({ words }) => words);
const [first = ''] = WORDS;

function refusal(text: string): WalletError {
  try {
    parseWords(text);
  } catch (error) {
    if (error instanceof WalletError) return error;
    throw error;
  }
  throw new Error('not refused');
}

test.each(vectors)('BIP-39: $words', ({ words, seed }) => {
  expect(bytesToHex(wordsToSeed(words, 'TREZOR'))).toBe(seed);
});

test.each(WORDS)('24 words are read: %s', (words) => {
  expect(parseWords(words)).toBe(words);
});

test('new words are read, and never the same', () => {
  const words = generateWords();
  expect(parseWords(words)).toBe(words);
  expect(generateWords()).not.toBe(words);
});

test('case and white space do not matter', () => {
  expect(parseWords(`\n ${first.toUpperCase().replaceAll(' ', ' \t\r\n')}\n`)).toBe(first);
});

test.each([
  ['', '0'],
  ['abandon', '1'],
  ['abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about', '12'],
  [`${first} art`, '25'],
  ['abandon '.repeat(100_000), 'a longer text'],
])('another count is said: %#', (text, count) => {
  expect(refusal(text)).toMatchObject({
    code: 'word-count',
    message: `a wallet has 24 words, not ${count}`,
  });
});

test('a wrong word is named with its position and the nearest of the list', () => {
  const words = first.split(' ').with(2, 'abandno').with(7, 'wrld').join(' ');
  expect(refusal(words)).toMatchObject({
    code: 'unknown-word',
    message: expect.stringMatching(/^word 3, "abandno", is not in the list; nearest are abandon, /),
  });
  expect(refusal(words.replace('abandno', 'abandon')).message).toMatch(/^word 8, "wrld", .* world, /);
});

test('a wrong word cannot write to the terminal, nor at length', () => {
  const { message } = refusal(
    first
      .split(' ')
      .with(0, `\u001b[31m${'x'.repeat(500)}`)
      .join(' '),
  );
  expect(message).not.toContain('\u001b');
  expect(message.length).toBeLessThan(120);
});

test('a wrong checksum is said, and the words are not repeated', () => {
  const error = refusal(first.replace(/art$/, 'abandon'));
  expect(error.code).toBe('wrong-checksum');
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('abandon');
});

test('whatever is typed, it is read or refused', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(['word-count', 'unknown-word']).toContain(refusal(text).code);
    }),
  );
});
