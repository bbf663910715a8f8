/** `tallystick/client` runs in browsers: what it loads, and what that loads, has nothing of Node in it. */
import { isBuiltin } from 'node:module';
import { expect, it } from 'vitest';
import { packageOf, parseSource, readSources, resolveImport, type SourceFile } from './sources.ts';

const NATIVE_PACKAGES = ['sodium-native', '@chainsafe/hashtree'];
const sources = new Map(readSources().map((file) => [file.path, withoutTypes(file)]));

/** `import type` and `export type` are gone when it runs. */
function withoutTypes({ path, code }: SourceFile): SourceFile {
  return parseSource(path, code.replaceAll(/^\s*(?:import|export)\s+type\b[^;]*;/gm, ''));
}

/** Every file and package loaded with a file, at once or later. */
function loadedWith(entry: string): { files: Set<string>; foreign: Set<string> } {
  const files = new Set<string>();
  const foreign = new Set<string>();
  const waiting = [entry];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const file = sources.get(path);
    if (file === undefined || files.has(path)) continue;
    files.add(path);
    for (const specifier of file.imports) {
      const target = resolveImport(file, specifier);
      if (target === undefined) foreign.add(specifier);
      else waiting.push(target);
    }
  }
  return { files, foreign };
}

it('loads nothing of Node and nothing native', () => {
  const { foreign } = loadedWith('client/index.ts');
  expect(foreign).toContain('eventsource-parser/stream');
  expect([...foreign].filter((one) => isBuiltin(one) || NATIVE_PACKAGES.includes(packageOf(one)))).toEqual(
    [],
  );
});

it('does not build the schemas of the routes', () => {
  const { files, foreign } = loadedWith('client/index.ts');
  expect(files).not.toContain('client/contract.ts');
  expect(foreign).not.toContain('typebox');
});

it('sees what is loaded elsewhere', () => {
  expect(loadedWith('api/server.ts').files).toContain('client/contract.ts');
  expect(loadedWith('daemon.ts').foreign).toContain('sodium-native');
});
