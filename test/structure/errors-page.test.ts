import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { POLICIES } from '../../src/chain/policy.ts';
import { RULES } from '../../src/core/errors.ts';

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

/** Code and meaning of every row of a table whose first cell is a code. */
const rows = new Map(
  [...page.matchAll(/^\| `([a-z-]+)` \| (.+?) \|/gm)].map(([, code = '', meaning = '']) => [code, meaning]),
);

describe('docs/errors.md', () => {
  it.each(Object.entries({ ...RULES, ...POLICIES }))('lists %s with its meaning', (code, meaning) => {
    expect(rows.get(code)).toBe(meaning);
  });

  it('lists nothing else as a rule or a policy', () => {
    expect([...rows.keys()].sort()).toEqual(Object.keys({ ...RULES, ...POLICIES }).sort());
  });
});
