import { afterEach, expect, it, vi } from 'vitest';
import {
  ChainFileReader,
  encodeChainFileBlock,
  encodeChainFileEnd,
  encodeChainFileStart,
} from '../../src/core/chain-file.ts';
import { concatBytes } from '../../src/core/hex.ts';
import type { BlockId, NetworkId } from '../../src/core/identifiers.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const id = 'ab'.repeat(32);
const block = Uint8Array.from({ length: 16_384 }, (_, index) => index);
const file = concatBytes([
  encodeChainFileStart(id as NetworkId),
  encodeChainFileBlock(id as BlockId, block),
  encodeChainFileBlock(id as BlockId, block),
  encodeChainFileEnd(id as BlockId),
]);

it.each([1, 7, 4_096, file.length])(
  'a file that comes in pieces of %i bytes is copied a few times at most',
  (size) => {
    const pieces = Array.from({ length: Math.ceil(file.length / size) }, (_, index) =>
      file.slice(size * index, size * (index + 1)),
    );
    const set = vi.spyOn(Object.getPrototypeOf(Uint8Array.prototype), 'set');
    const reader = new ChainFileReader(block.length);
    const parts = pieces.flatMap((piece) => [...reader.read(piece)]);
    reader.finish();
    const copied = set.mock.calls.reduce((sum, [from]) => sum + (from as Uint8Array).length, 0);
    expect(copied).toBeLessThan(4 * file.length);
    expect(concatBytes(parts.map(({ encoded }) => encoded))).toEqual(file);
    expect(parts.map(({ kind }) => kind)).toEqual(['start', 'block', 'block', 'end']);
  },
);
