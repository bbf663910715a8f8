/** 24 words that stand for a key (BIP-39, the English list): easy to write down, and a slip of the pen is noticed. */
import { entropyToMnemonic, mnemonicToEntropy, mnemonicToSeedSync } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { WalletError } from './wallet-error.ts';

export const WORD_COUNT = 24;
/** 256 bits: nobody guesses them, whatever the machine. */
const ENTROPY_BYTES = 32;
/** Five times what 24 words of the list can take; more is not somebody's words. */
const MAX_TEXT_LENGTH = 1_200;
/** The longest word of the list has 8 letters; what is much longer is shown and compared in part. */
const MAX_WORD_LENGTH = 16;
const SUGGESTIONS = 3;

const WORDS: ReadonlySet<string> = new Set(wordlist);

/** 24 new words from the platform's secure randomness. */
export function generateWords(): string {
  return entropyToMnemonic(crypto.getRandomValues(new Uint8Array(ENTROPY_BYTES)), wordlist);
}

/**
 * Words as somebody typed them: any case, any white space between them.
 *
 * @returns the 24 words in lower case with single spaces
 * @throws WalletError `word-count`, `unknown-word` (naming its position and the nearest words) or `wrong-checksum`
 */
export function parseWords(text: string): string {
  const words = text.slice(0, MAX_TEXT_LENGTH).normalize('NFKD').toLowerCase().trim().split(/\s+/);
  const count = words[0] === '' ? 0 : words.length;
  if (count !== WORD_COUNT || text.length > MAX_TEXT_LENGTH) {
    const found = text.length > MAX_TEXT_LENGTH ? 'a longer text' : `${count}`;
    throw new WalletError('word-count', `a wallet has ${WORD_COUNT} words, not ${found}`);
  }
  for (const [index, word] of words.entries()) if (!WORDS.has(word)) throw unknownWord(word, index + 1);
  const parsed = words.join(' ');
  try {
    mnemonicToEntropy(parsed, wordlist);
  } catch {
    // Without the cause: it may repeat the words.
    throw new WalletError(
      'wrong-checksum',
      'the words are all in the list but do not belong together (wrong checksum): one of them is another, or two are swapped',
    );
  }
  return parsed;
}

/**
 * The 64 bytes all keys follow from. Takes about 10 ms.
 *
 * @param words as `parseWords` gives them
 * @param passphrase BIP-39's: with another one, the same words are another wallet
 */
export function wordsToSeed(words: string, passphrase: string): Uint8Array {
  return mnemonicToSeedSync(words, passphrase);
}

function unknownWord(word: string, position: number): WalletError {
  const shown = word.length > MAX_WORD_LENGTH ? `${word.slice(0, MAX_WORD_LENGTH)}…` : word;
  const nearest = nearestWords(word.slice(0, MAX_WORD_LENGTH));
  return new WalletError(
    'unknown-word',
    `word ${position}, ${JSON.stringify(shown)}, is not in the list; nearest are ${nearest.join(', ')}`,
  );
}

/** By letters to change, then as the list has them. */
function nearestWords(word: string): string[] {
  return wordlist
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, SUGGESTIONS)
    .map(({ candidate }) => candidate);
}

/** Levenshtein's: the least letters to put in, take out or replace. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
