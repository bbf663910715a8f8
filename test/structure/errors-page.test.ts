import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { POLICIES } from '../../src/chain/policy.ts';
import { RECEIPT_FAULTS } from '../../src/client/receipt-error.ts';
import { RULES } from '../../src/core/errors.ts';

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

/** Code and meaning of every row of a table whose first cell is a code. */
const rows = new Map(
  [...page.matchAll(/^\| `([a-z-]+)` \| (.+?) \|/gm)].map(([, code = '', meaning = '']) => [code, meaning]),
);

const codes = { ...RULES, ...RECEIPT_FAULTS, ...POLICIES };

describe('docs/errors.md', () => {
  it.each(Object.entries(codes))('lists %s with its meaning', (code, meaning) => {
    expect(rows.get(code)).toBe(meaning);
  });

  it('lists nothing else as a rule, a fault of a receipt or a policy', () => {
    expect([...rows.keys()].sort()).toEqual(Object.keys(codes).sort());
  });
});
