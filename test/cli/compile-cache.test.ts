/** What Node compiled is kept where this user may write, or every command would take half a second longer. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ENTRY } from '../support/run-tally.ts';

let folder: string;

/** A package of the launcher alone, which says what it decided. */
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'tallystick-cache-')));
  const code = join(folder, 'package/src/cli');
  mkdirSync(code, { recursive: true });
  cpSync(ENTRY, join(code, 'tally.js'));
  writeFileSync(join(folder, 'package/package.json'), '{"type":"module"}');
  const say = 'console.log(process.env.NODE_COMPILE_CACHE)';
  writeFileSync(
    join(code, 'program.ts'),
    `export const createProgram = () => ({ parseAsync: async () => ${say} });`,
  );
  writeFileSync(join(code, 'errors.ts'), 'export const report = () => 1;');
  const libraries = join(folder, 'package/node_modules');
  mkdirSync(libraries);
  symlinkSync(join(import.meta.dirname, '../../node_modules/env-paths'), join(libraries, 'env-paths'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function cacheOf(env: Record<string, string> = {}): string {
  const { NODE_COMPILE_CACHE: _, ...rest } = process.env;
  const home = {
    XDG_CACHE_HOME: join(folder, 'home'),
    HOME: join(folder, 'home'),
    LOCALAPPDATA: join(folder, 'home'),
  };
  const entry = join(folder, 'package/src/cli/tally.js');
  return execFileSync(process.execPath, [entry], {
    env: { ...rest, ...home, ...env },
    encoding: 'utf8',
  }).trim();
}

it('beside the code, where no other user can write', () => {
  const cache = cacheOf();
  expect(cache).toBe(join(folder, 'package/node_modules/.cache/tally'));
  expect(existsSync(cache)).toBe(true);
});

it("in the user's own cache, where the package may not be written to", () => {
  // As unwritable to root, too.
  writeFileSync(join(folder, 'package/node_modules/.cache'), '');
  const cache = cacheOf();
  expect(cache.startsWith(join(folder, 'home'))).toBe(true);
  expect(existsSync(cache)).toBe(true);
});

it('where the user says', () => {
  const chosen = join(folder, 'chosen');
  expect(cacheOf({ NODE_COMPILE_CACHE: chosen })).toBe(chosen);
});
