/** The page stays small. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const BUILT = fileURLToPath(new URL('../../dist/web/', import.meta.url));
/** All of it, compressed, what is only loaded for the charts too. */
const MOST_BYTES = 150_000;

it(`is at most ${MOST_BYTES / 1_000} kB, compressed`, () => {
  const names = readdirSync(BUILT, { recursive: true, encoding: 'utf8' });
  const sent = names.filter((name) => name.endsWith('.br') || name.endsWith('.woff2'));
  const bytes = sent.reduce((sum, name) => sum + statSync(`${BUILT}${name}`).size, 0);
  expect(sent.length).toBeGreaterThan(3);
  expect(bytes).toBeLessThanOrEqual(MOST_BYTES);
});

it('asks nobody else for anything', () => {
  const page = readFileSync(`${BUILT}index.html`, 'utf8');
  expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
  expect(page).not.toMatch(/<script(?![^>]*src=)|<style| style=/);
});
