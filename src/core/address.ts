/** Addresses as people write them: bech32m with the prefix `tally`, which catches typing errors. */
import { bech32m } from '@scure/base';
import { type Address, ID_BYTES, idFromBytes, idToBytes } from './identifiers.ts';

const PREFIX = 'tally';
/** `tally1` + 52 characters for 32 bytes + 6 of checksum. */
export const ADDRESS_TEXT_LENGTH = 64;

export function formatAddress(address: Address): string {
  return bech32m.encode(PREFIX, bech32m.toWords(idToBytes(address)));
}

/** @throws TypeError saying what is wrong with `text` */
export function parseAddress(text: string): Address {
  return idFromBytes(parseAddressBytes(text));
}

/** @returns 32 bytes @throws TypeError saying what is wrong with `text` */
export function parseAddressBytes(text: string): Uint8Array {
  return readUsual(text) ?? readAny(text);
}

function readAny(text: string): Uint8Array {
  let decoded: { prefix: string; bytes: Uint8Array };
  try {
    decoded = bech32m.decodeToBytes(text);
  } catch (cause) {
    throw new TypeError('not an address: it has a typing error or is not bech32m', { cause });
  }
  if (decoded.prefix !== PREFIX)
    throw new TypeError(`not an address: it begins with ${decoded.prefix}, not ${PREFIX}`);
  if (decoded.bytes.length !== ID_BYTES)
    throw new TypeError(`not an address: ${decoded.bytes.length} bytes, not ${ID_BYTES}`);
  return decoded.bytes;
}

const USUAL_START = `${PREFIX}1`;
const ALPHABET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const WORD_BITS = 5;
/** Where the checksum's characters begin. */
const CHECKSUM_AT = ADDRESS_TEXT_LENGTH - 6;
/** Stands in the table below for a character that is none of bech32m's. */
const NO_WORD = 0xff;
/** Value of a character by its code. */
const WORDS = new Uint8Array(128).fill(NO_WORD);
for (let word = 0; word < ALPHABET.length; word++) WORDS[ALPHABET.charCodeAt(word)] = word;

/** Of BIP 173: what the five bits that leave the checksum's register are made up for with. */
const GENERATORS = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
/** All sums of them. */
const FEEDBACK = Int32Array.from({ length: 32 }, (_, top) =>
  GENERATORS.reduce((sum, generator, bit) => sum ^ ((top >> bit) & 1 ? generator : 0), 0),
);
/** Of BIP 350. */
const CHECKSUM = 0x2bc830a3;

function checksumStep(checksum: number, word: number): number {
  return ((checksum & 0x1ffffff) << WORD_BITS) ^ word ^ (FEEDBACK[checksum >>> 25] as number);
}

/** The checksum's register behind the prefix. */
const AFTER_PREFIX = [
  ...Array.from(PREFIX, (character) => character.charCodeAt(0) >> 5),
  0,
  ...Array.from(PREFIX, (character) => character.charCodeAt(0) & 31),
].reduce(checksumStep, 1);

/**
 * An address as we write it, in one pass: the API reads two for each transaction, and the library takes six times
 * as long. What it does not understand is left to the library, which knows what is wrong.
 */
function readUsual(text: string): Uint8Array | undefined {
  if (text.length !== ADDRESS_TEXT_LENGTH || !text.startsWith(USUAL_START)) return undefined;
  const bytes = new Uint8Array(ID_BYTES);
  let checksum = AFTER_PREFIX;
  let bits = 0;
  let bitCount = 0;
  let next = 0;
  for (let at = USUAL_START.length; at < ADDRESS_TEXT_LENGTH; at++) {
    const word = WORDS[text.charCodeAt(at)] ?? NO_WORD;
    if (word === NO_WORD) return undefined;
    checksum = checksumStep(checksum, word);
    if (at >= CHECKSUM_AT) continue;
    bits = ((bits << WORD_BITS) | word) & 0xfff;
    bitCount += WORD_BITS;
    if (bitCount < 8) continue;
    bitCount -= 8;
    bytes[next++] = bits >> bitCount;
  }
  const padding = bits & ((1 << bitCount) - 1);
  return checksum === CHECKSUM && padding === 0 ? bytes : undefined;
}
