/** What is counted agrees with its number: "1 thread", "2 threads". No text spells a plural out behind a number. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { counted } from '../../src/cli/output.ts';

const SOURCE = fileURLToPath(new URL('../../src/', import.meta.url));
const NOUNS = [
  ...['account', 'allocation', 'block', 'byte', 'confirmation', 'connection', 'daemon', 'event', 'file'],
  ...['minute', 'node', 'peer', 'record', 'rule', 'run', 'second', 'seed', 'thread', 'transaction', 'word'],
];
/** Behind a value in a template or in JSX. A constant in capitals is never one, and a property has `=` behind it. */
const SPELLED_OUT = new RegExp(
  `(?<![A-Z_])\\}(?: more)? (?:(?:${NOUNS.join('|')})s|(?:address|branch|hash)es)\\b(?![='])`,
);
/** As people write it who forgot that there is a function. */
const BY_HAND = /=== 1 \? '(\w+)' : '\1(?:s|es)'|=== 1 \? '' : 's'/;

const files = ['cli', 'web'].flatMap((room) =>
  readdirSync(`${SOURCE}${room}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => `${room}/${name}`),
);

function offences(path: string, pattern: RegExp): string[] {
  const lines = readFileSync(`${SOURCE}${path}`, 'utf8').split('\n');
  return lines.filter((line) => pattern.test(line)).map((line) => `${path}: ${line.trim()}`);
}

describe('numbers with a noun', () => {
  it('are left to the function that knows the plural', () => {
    expect(files.length).toBeGreaterThan(100);
    expect(files.flatMap((path) => offences(path, SPELLED_OUT))).toEqual([]);
    expect(files.flatMap((path) => offences(path, BY_HAND))).toEqual([]);
  });

  it('agree', () => {
    expect([0, 1, 2].map((count) => counted(count, 'thread'))).toEqual([
      '0 threads',
      '1 thread',
      '2 threads',
    ]);
    expect([1, 2].map((count) => counted(count, 'hash', 'hashes'))).toEqual(['1 hash', '2 hashes']);
  });
});
