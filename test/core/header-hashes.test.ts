import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashHeaders } from '../../src/core/header-hashes.ts';
import { partOf } from '../../src/core/merkle.ts';
import { SealedHeaderType } from '../../src/core/types.ts';
import { sealedHeader } from '../support/arbitraries.ts';

describe('hashes of many headers', () => {
  it('are those SSZ gives one by one', () => {
    fc.assert(
      fc.property(fc.array(sealedHeader, { maxLength: 9 }), (headers) => {
        const roots = hashHeaders(headers);
        expect(roots.length).toBe(32 * headers.length);
        for (const [index, sealed] of headers.entries()) {
          expect(partOf(roots, index)).toEqual(SealedHeaderType.hashTreeRoot(sealed));
        }
      }),
    );
  });
});
