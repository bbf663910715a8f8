import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readSources, resolveImport } from './sources.ts';

interface LockedPackage {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
}

const read = (name: string) => JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8'));
const packages: Record<string, LockedPackage> = read('package-lock.json').packages;
const installed = Object.entries(packages).filter(([path]) => path !== '');

describe('package-lock.json', () => {
  it('names no server: it works with any registry', () => {
    const named = installed.filter(([, { resolved }]) => resolved !== undefined && /^\w+:/.test(resolved));
    expect(named.map(([path]) => path)).toEqual([]);
  });

  it('pins the contents of every package', () => {
    expect(installed.length).toBeGreaterThan(100);
    expect(installed.filter(([, { integrity }]) => integrity === undefined).map(([path]) => path)).toEqual(
      [],
    );
  });
});

/** What `npm pack` would put in, of what is here now: not all is built. */
function packed(): string[] {
  const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    encoding: 'utf8',
  });
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  return files.map(({ path }) => path);
}

describe('package.json', () => {
  it('packs the pages, and not their pictures, which stand in the repository it names', () => {
    const files = packed();
    expect(files).toEqual(expect.arrayContaining(['README.md', 'docs/protocol.md', 'bin/tally.js']));
    expect(files.filter((path) => /\.(png|jpe?g|gif)$/.test(path))).toEqual([]);
    expect(read('package.json').repository.url).toMatch(/^git\+https:\/\/github\.com\//);
  });

  it('names the Node.js that the command asks for, and of that npm says nothing in a checkout', () => {
    const launcher = readFileSync(new URL('../../bin/tally.js', import.meta.url), 'utf8');
    expect(read('package.json').engines).toEqual({ node: '>=22.16' });
    expect(launcher).toContain('22.16 or newer');
    expect(readFileSync(new URL('../../.npmrc', import.meta.url), 'utf8')).toMatch(/^loglevel=error$/m);
  });

  it('names every file that does something when it is only imported', () => {
    const globs = read('package.json').sideEffects as string[];
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const named = new Set(globSync(globs, { cwd: root }).map((path) => path.replaceAll('\\', '/')));
    const sources = readSources();
    const bare = sources.flatMap((file) =>
      [...file.code.matchAll(/^\s*import\s*['"](\.[^'"]+)['"]/gm)].map(
        ([, specifier = '']) => `src/${resolveImport(file, specifier)}`,
      ),
    );
    expect(bare.length).toBeGreaterThan(5);
    expect(bare.filter((path) => !named.has(path))).toEqual([]);
    // Threads are entries of their own.
    const threads = sources.filter(({ path }) => /worker\.ts$/.test(path)).map(({ path }) => `src/${path}`);
    expect(threads.length).toBeGreaterThan(2);
    expect(threads.filter((path) => !named.has(path))).toEqual([]);
  });

  it('names exact versions only: the verifier of signatures is consensus', () => {
    const { dependencies, devDependencies } = read('package.json');
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+$/.test(String(version)),
    );
    expect(loose).toEqual([]);
  });
});
