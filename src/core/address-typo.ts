/** What is wrong with a text that is no address, as exactly as bech32m tells: for whoever typed it. */
import { bech32m } from '@scure/base';
import { ADDRESS_TEXT_LENGTH } from './address.ts';

const START = 'tally1';
const ALPHABET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';

/**
 * The place of a wrong character is told, never what should stand there: what fits the checksum may still be somebody
 * else's address (BIP 173).
 *
 * @param text is no address @returns undefined if there is more wrong than a sentence can tell
 */
export function describeAddressTypo(text: string): string | undefined {
  if (text !== text.toLowerCase() && text !== text.toUpperCase()) {
    return 'it mixes small and capital letters: an address has one kind';
  }
  const lower = text.toLowerCase();
  if (!lower.startsWith(START)) return `it does not begin with ${START}`;
  const wrong = [...lower].findIndex((character, at) => at >= START.length && !ALPHABET.includes(character));
  if (wrong !== -1) return `character ${wrong + 1}, "${[...text][wrong]}", is in no address`;
  if (lower.length !== ADDRESS_TEXT_LENGTH) {
    return `it has ${lower.length} characters, an address has ${ADDRESS_TEXT_LENGTH}`;
  }
  const place = wrongCharacter(lower);
  return place === undefined ? undefined : `character ${place + 1}, "${text[place]}", is wrong`;
}

/** The one place where another character would mend the checksum: for one wrong character there is only this. */
function wrongCharacter(text: string): number | undefined {
  for (let at = START.length; at < text.length; at++) {
    for (const character of ALPHABET) {
      const mended = text.slice(0, at) + character + text.slice(at + 1);
      if (bech32m.decodeUnsafe(mended, ADDRESS_TEXT_LENGTH) !== undefined) return at;
    }
  }
  return undefined;
}
