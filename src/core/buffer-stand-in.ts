/**
 * The SSZ library writes the lengths of lists through Node's `Buffer`, which browsers do not have. Where it is missing,
 * this stands in for the one thing that is used: a view of bytes that an integer can be written into. Imported before
 * the library.
 */
class LengthBytes extends Uint8Array<ArrayBuffer> {
  /** As Node's: little-endian. */
  writeUIntLE(value: number, offset: number, byteLength: number): number {
    let rest = value;
    for (let at = offset; at < offset + byteLength; at++) {
      this[at] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    return offset + byteLength;
  }
}

if (!('Buffer' in globalThis)) {
  const from = (memory: ArrayBuffer, start: number, length: number) => new LengthBytes(memory, start, length);
  // Not seen by whoever lists the page's globals.
  Object.defineProperty(globalThis, 'Buffer', { value: { from }, configurable: true, writable: true });
}
