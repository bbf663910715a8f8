/** The page stays small. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const BUILT = fileURLToPath(new URL('../../dist/web/', import.meta.url));
/** All that a daemon's page may load, compressed, what is only loaded for the charts too. */
const MOST_BYTES = 150_000;
/** What the view of several daemons adds, where there are several. */
const MOST_NODES_BYTES = 12_000;
const OF_NODES = /^assets\/nodes-/;

it(`is at most ${MOST_BYTES / 1_000} kB, compressed`, () => {
  const sent = compressed().filter((name) => !OF_NODES.test(name));
  expect(sent.length).toBeGreaterThan(3);
  expect(bytesOf(sent)).toBeLessThanOrEqual(MOST_BYTES);
});

it(`and ${MOST_NODES_BYTES / 1_000} kB more where it shows several daemons`, () => {
  const sent = compressed().filter((name) => OF_NODES.test(name));
  expect(sent.length).toBe(2);
  expect(bytesOf(sent)).toBeLessThanOrEqual(MOST_NODES_BYTES);
});

function compressed(): string[] {
  const names = readdirSync(BUILT, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.br') || name.endsWith('.woff2'));
}

function bytesOf(names: readonly string[]): number {
  return names.reduce((sum, name) => sum + statSync(`${BUILT}${name}`).size, 0);
}

it('asks nobody else for anything', () => {
  const page = readFileSync(`${BUILT}index.html`, 'utf8');
  expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
  expect(page).not.toMatch(/<script(?![^>]*src=)|<style| style=/);
});
