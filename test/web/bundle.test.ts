/** The page stays small. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const BUILT = fileURLToPath(new URL('../../dist/web/', import.meta.url));

const names = readdirSync(`${BUILT}assets`).filter((name) => /\.(js|css|woff2)$/.test(name));
const textOf = (name: string) => readFileSync(`${BUILT}assets/${name}`, 'utf8');

/** Compressed, as it is sent. */
function sent(files: Iterable<string>): number {
  const sizeOf = (name: string) =>
    statSync(`${BUILT}assets/${name.endsWith('.woff2') ? name : `${name}.br`}`).size;
  return [...files].reduce((sum, name) => sum + sizeOf(name), 0);
}

/** A chunk and whatever it cannot do without. */
function closure(roots: Iterable<string>): Set<string> {
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (found.has(name)) return;
    found.add(name);
    if (!name.endsWith('.js')) return;
    for (const [, imported = ''] of textOf(name).matchAll(/(?:from|import)\s*["'`]\.\/([^"'`]+)["'`]/g)) {
      visit(imported);
    }
  };
  for (const name of roots) visit(name);
  return found;
}

const page = readFileSync(`${BUILT}index.html`, 'utf8');
/** Fetched before anything is seen; the font by the style sheet. */
const first = closure(names.filter((name) => page.includes(name) || name.endsWith('.woff2')));

/** What is fetched besides when somebody goes there: all it may lead to, the daemon's first page left out. */
function later(start: RegExp): number {
  const roots = names.filter((name) => start.test(name));
  expect(roots.length, String(start)).toBeGreaterThan(0);
  const all = closure(roots);
  return sent([...all].filter((name) => !first.has(name)));
}

describe('sent, compressed', () => {
  it('for the first page at most 150 kB', () => {
    expect(first.size).toBeGreaterThanOrEqual(3);
    expect(sent(first)).toBeLessThanOrEqual(150_000);
  });

  it.each([
    ['the charts', /^uPlot/, 25_000],
    ['the view of several daemons, where there are several', /^nodes-/, 12_000],
    ['the wallet', /^wallet-page/, 80_000],
    ['the stream that all tabs share', /^stream-worker/, 8_000],
    ['checking receipts', /^verify-page/, 50_000],
    ['the rule of signatures, only once there is one to check', /^libsodium/, 130_000],
    ['the forks', /^forks?-page/, 8_000],
  ])('for %s at most %s', (what, start, most) => {
    const bytes = later(start);
    // What docs/explorer.md tells.
    console.info(`${what}: ${bytes} bytes`);
    expect(bytes).toBeLessThanOrEqual(most);
  });

  it('fetches neither wallet nor verifier nor the view of several daemons with the first page', () => {
    expect(
      [...first].filter((name) => /^(nodes-|wallet-page|verify-page|libsodium|types-|keys-)/.test(name)),
    ).toEqual([]);
  });
});

it('asks nobody else for anything', () => {
  expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
  expect(page).not.toMatch(/<script(?![^>]*src=)|<style| style=/);
});
