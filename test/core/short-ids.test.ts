import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packShortIds, SHORT_ID_BYTES, shortIdsOf, unpackShortIds } from '../../src/core/short-ids.ts';
import { bytes32 } from '../support/arbitraries.ts';

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** By the platform's own hash. */
function expected(id: Uint8Array, block: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash('sha256').update(id).update(block).digest().subarray(0, SHORT_ID_BYTES));
}

describe('short ids', () => {
  it('are the first 6 bytes of sha256(transaction id ‖ block id)', () => {
    fc.assert(
      fc.property(fc.array(bytes32, { maxLength: 20 }), bytes32, (ids, block) => {
        const packed = packShortIds(shortIdsOf(joined(ids), block));
        expect(packed).toEqual(joined(ids.map((id) => expected(id, block))));
      }),
    );
  });

  it.each([1_023, 1_024, 1_025, 3_000])('of %i transactions are the same as one by one', (count) => {
    const ids = Array.from({ length: count }, (_, i) => new Uint8Array(32).fill(i).fill(i >> 8, 16));
    const block = new Uint8Array(32).fill(9);
    expect(packShortIds(shortIdsOf(joined(ids), block))).toEqual(
      joined(ids.map((id) => expected(id, block))),
    );
  });

  it('do not depend on where the ids lie in memory', () => {
    const ids = joined([new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]);
    const block = new Uint8Array(32).fill(3);
    for (let shift = 1; shift < 8; shift++) {
      const memory = new Uint8Array(shift + ids.length);
      memory.set(ids, shift);
      expect(shortIdsOf(memory.subarray(shift), block)).toEqual(shortIdsOf(ids, block));
    }
  });

  it('differ from block to block', () => {
    const id = new Uint8Array(32).fill(1);
    expect(shortIdsOf(id, new Uint8Array(32).fill(2))).not.toEqual(
      shortIdsOf(id, new Uint8Array(32).fill(3)),
    );
  });

  it('come out of a message as they went in', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 10 }), (some) => {
        const bytes = new Uint8Array(SHORT_ID_BYTES * some.length).map(
          (_, at) => (some[at % some.length] ?? 0) * at,
        );
        expect(packShortIds(unpackShortIds(bytes))).toEqual(bytes);
      }),
    );
    const largest = new Uint8Array(SHORT_ID_BYTES).fill(255);
    expect(unpackShortIds(largest)).toEqual(Float64Array.of(2 ** 48 - 1));
    expect(packShortIds(Float64Array.of(2 ** 48 - 1))).toEqual(largest);
  });
});
