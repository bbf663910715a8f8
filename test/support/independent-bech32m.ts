/** Addresses as text a second time, from BIP 350. Nothing of `src/` is imported. */

const ALPHABET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATORS = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const CHECKSUM = 0x2bc830a3;
const CHECKSUM_WORDS = 6;

export function encodeBech32m(prefix: string, bytes: Uint8Array): string {
  const words = regroup([...bytes], 8, 5);
  const rest = polymod([...expand(prefix), ...words, ...new Array(CHECKSUM_WORDS).fill(0)]) ^ CHECKSUM;
  const checksum = Array.from({ length: CHECKSUM_WORDS }, (_, i) => (rest >> (5 * (5 - i))) & 31);
  return `${prefix}1${[...words, ...checksum].map((word) => ALPHABET[word]).join('')}`;
}

/** @throws Error if it is no bech32m with this prefix */
export function decodeBech32m(prefix: string, text: string): Uint8Array {
  if (!text.startsWith(`${prefix}1`)) throw new Error(`${text} does not begin with ${prefix}1`);
  const words = [...text.slice(prefix.length + 1)].map((character) => ALPHABET.indexOf(character));
  if (words.includes(-1)) throw new Error(`${text} has a character that is not bech32m`);
  if (polymod([...expand(prefix), ...words]) !== CHECKSUM) throw new Error(`${text} has a wrong checksum`);
  const length = Math.floor(((words.length - CHECKSUM_WORDS) * 5) / 8);
  const bytes = Uint8Array.from(regroup(words.slice(0, -CHECKSUM_WORDS), 5, 8)).subarray(0, length);
  if (encodeBech32m(prefix, bytes) !== text) throw new Error(`${text} has padding that is not zero`);
  return bytes;
}

function expand(prefix: string): number[] {
  const codes = [...prefix].map((character) => character.charCodeAt(0));
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
}

function polymod(words: number[]): number {
  let rest = 1;
  for (const word of words) {
    const top = rest >> 25;
    rest = ((rest & 0x1ffffff) << 5) ^ word;
    GENERATORS.forEach((generator, i) => {
      if ((top >> i) & 1) rest ^= generator;
    });
  }
  return rest;
}

/** The same bits in groups of another length, the last filled up with zeros. */
function regroup(groups: number[], from: number, to: number): number[] {
  const bits = groups.map((group) => group.toString(2).padStart(from, '0')).join('');
  return (bits.match(new RegExp(`.{1,${to}}`, 'g')) ?? []).map((run) =>
    Number.parseInt(run.padEnd(to, '0'), 2),
  );
}
