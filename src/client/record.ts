/**
 * Records: what the data of a transaction says when it puts a file's fingerprint on the ledger.
 *
 *     0x12 0x20 + SHA-256 of the file (a multihash) + a note in UTF-8, which may be missing
 *
 * The transaction itself is an ordinary one: it pays nothing, to its own sender.
 */
/** As in core/types.ts, which takes 100 ms to load; a test holds them together. */
const MAX_DATA_BYTES = 1_024;
/** Multihash: the code of SHA-256, and how many bytes follow. */
const PREFIX = Uint8Array.of(0x12, 0x20);
const SHA256_BYTES = 32;
const NOTE_AT = PREFIX.length + SHA256_BYTES;
export const MAX_NOTE_BYTES = MAX_DATA_BYTES - NOTE_AT;

export interface FileRecord {
  /** SHA-256 of the file: 32 bytes. */
  readonly sha256: Uint8Array;
  /** For everybody to read: anybody's text, which may hold control characters. Undefined if there is none. */
  readonly note?: string;
}

/** @returns up to 1,024 bytes @throws RangeError saying what is wrong with the fingerprint or the note */
export function encodeRecord({ sha256, note = '' }: FileRecord): Uint8Array<ArrayBuffer> {
  if (sha256.length !== SHA256_BYTES)
    throw new RangeError(`a fingerprint has ${SHA256_BYTES} bytes, not ${sha256.length}`);
  if (!note.isWellFormed()) throw new RangeError('the note is not a text of whole characters');
  const text = new TextEncoder().encode(note);
  if (text.length > MAX_NOTE_BYTES)
    throw new RangeError(`the note has ${text.length} bytes; at most ${MAX_NOTE_BYTES} fit`);
  const data = new Uint8Array(NOTE_AT + text.length);
  data.set(PREFIX);
  data.set(sha256, PREFIX.length);
  data.set(text, NOTE_AT);
  return data;
}

/** @returns undefined if the data is no record: it may be anything else */
export function decodeRecord(data: Uint8Array): FileRecord | undefined {
  if (data.length < NOTE_AT || data[0] !== PREFIX[0] || data[1] !== PREFIX[1]) return undefined;
  const sha256 = data.slice(PREFIX.length, NOTE_AT);
  if (data.length === NOTE_AT) return { sha256 };
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return { sha256, note: decoder.decode(data.subarray(NOTE_AT)) };
  } catch {
    return undefined;
  }
}
