/**
 * A chain in a file: blocks in order behind a start that names the network, and an end that names the last of them.
 * The format is in docs/protocol.md, "A chain in a file".
 */
import { type BlockId, ID_BYTES, idFromBytes, idToBytes, type NetworkId } from './identifiers.ts';

/** Not text, and damaged at once by whoever takes it for text and mends its line ends. */
const MAGIC = Uint8Array.of(0x89, 0x74, 0x61, 0x6c, 0x6c, 0x79, 0x0d, 0x0a);
const VERSION = 1;
const LENGTH_BYTES = 4;
const START_BYTES = MAGIC.length + LENGTH_BYTES + ID_BYTES;
const ENTRY_HEAD_BYTES = LENGTH_BYTES + ID_BYTES;

/** The bytes are no chain file, or a damaged one. */
export class ChainFileError extends Error {
  override readonly name = 'ChainFileError';
}

interface Part {
  /** The part as it stands in the file. */
  readonly encoded: Uint8Array;
  /** Where it ends, in bytes from the file's beginning. */
  readonly endsAt: number;
}

/** Nothing in a part has been checked: `bytes` is SSZ of what claims to be that block. */
export type ChainFilePart =
  | (Part & { readonly kind: 'start'; readonly network: NetworkId })
  | (Part & { readonly kind: 'block'; readonly id: BlockId; readonly bytes: Uint8Array })
  | (Part & { readonly kind: 'end'; readonly tip: BlockId });

export function encodeChainFileStart(network: NetworkId): Uint8Array {
  const bytes = new Uint8Array(START_BYTES);
  bytes.set(MAGIC);
  viewOf(bytes).setUint32(MAGIC.length, VERSION, true);
  bytes.set(idToBytes(network), MAGIC.length + LENGTH_BYTES);
  return bytes;
}

/** @param block its SSZ bytes */
export function encodeChainFileBlock(id: BlockId, block: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(ENTRY_HEAD_BYTES + block.length);
  viewOf(bytes).setUint32(0, block.length, true);
  bytes.set(idToBytes(id), LENGTH_BYTES);
  bytes.set(block, ENTRY_HEAD_BYTES);
  return bytes;
}

/** An entry without a block. @param tip the block before it; of a file without blocks, the one it would follow */
export function encodeChainFileEnd(tip: BlockId): Uint8Array {
  return encodeChainFileBlock(tip, new Uint8Array(0));
}

/** Takes a file's bytes as they come and gives its parts. Holds no more than two blocks, and the bytes just given. */
export class ChainFileReader {
  readonly #maxBlockBytes: number;
  /** Not given out yet. */
  #left: Uint8Array = new Uint8Array(0);
  /** Bytes of its buffer behind `#left` that are ours and free. */
  #room = 0;
  /** Where `#left` begins in the file. */
  #position = 0;
  #hasStarted = false;
  #hasEnded = false;

  /** @param maxBlockBytes what claims to be longer is refused before it is read */
  constructor(maxBlockBytes: number) {
    this.#maxBlockBytes = maxBlockBytes;
  }

  /** @returns the parts that are whole now @throws ChainFileError; the parts before were given */
  *read(chunk: Uint8Array): Generator<ChainFilePart> {
    this.#append(chunk);
    for (let part = this.#next(); part !== undefined; part = this.#next()) yield part;
  }

  /** There are no more bytes. @throws ChainFileError if the file is not whole */
  finish(): void {
    if (this.#hasEnded) return;
    throw new ChainFileError(
      this.#hasStarted || this.#left.length > 0 ? 'the file breaks off here' : 'the file is empty',
    );
  }

  #next(): ChainFilePart | undefined {
    if (!this.#hasStarted) return this.#start();
    if (this.#hasEnded && this.#left.length > 0) throw new ChainFileError('there is more behind the end');
    if (this.#left.length < LENGTH_BYTES) return undefined;
    const length = viewOf(this.#left).getUint32(0, true);
    if (length > this.#maxBlockBytes) {
      throw new ChainFileError(`${length} bytes are announced, a block has at most ${this.#maxBlockBytes}`);
    }
    const encoded = this.#take(ENTRY_HEAD_BYTES + length);
    if (encoded === undefined) return undefined;
    const id = idFromBytes<BlockId>(encoded.subarray(LENGTH_BYTES, ENTRY_HEAD_BYTES));
    const endsAt = this.#position;
    if (length > 0) return { kind: 'block', id, bytes: encoded.subarray(ENTRY_HEAD_BYTES), encoded, endsAt };
    this.#hasEnded = true;
    return { kind: 'end', tip: id, encoded, endsAt };
  }

  /** A block may come in a million pieces: room for as much again keeps it from being copied with each of them. */
  #append(chunk: Uint8Array): void {
    const { length } = this.#left;
    if (length === 0) {
      this.#left = chunk;
      this.#room = 0;
      return;
    }
    if (chunk.length > this.#room) {
      const grown = new Uint8Array(length + Math.max(length, chunk.length));
      grown.set(this.#left);
      this.#left = grown.subarray(0, length);
      this.#room = grown.length - length;
    }
    const { buffer, byteOffset } = this.#left;
    this.#left = new Uint8Array(buffer, byteOffset, length + chunk.length);
    this.#left.set(chunk, length);
    this.#room -= chunk.length;
  }

  #start(): ChainFilePart | undefined {
    const known = Math.min(MAGIC.length, this.#left.length);
    if (MAGIC.subarray(0, known).some((byte, at) => this.#left[at] !== byte)) {
      throw new ChainFileError('this is no chain file: it does not begin like one');
    }
    const start = this.#take(START_BYTES);
    if (start === undefined) return undefined;
    const version = viewOf(start).getUint32(MAGIC.length, true);
    if (version !== VERSION) {
      throw new ChainFileError(`the file has version ${version}, this program reads version ${VERSION}`);
    }
    this.#hasStarted = true;
    const network = idFromBytes<NetworkId>(start.subarray(MAGIC.length + LENGTH_BYTES));
    return { kind: 'start', network, encoded: start, endsAt: this.#position };
  }

  #take(length: number): Uint8Array | undefined {
    if (this.#left.length < length) return undefined;
    const taken = this.#left.subarray(0, length);
    this.#left = this.#left.subarray(length);
    this.#position += length;
    return taken;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
