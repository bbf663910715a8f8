/** The source files as text, for the tests of the plan of the house. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

export interface SourceFile {
  /** From `src/`, with slashes. */
  readonly path: string;
  /** The folder, or the file itself directly under `src/`. */
  readonly room: string;
  readonly lines: number;
  /** Without comments. */
  readonly code: string;
  /** As written: `./x.ts`, `node:fs`, `@scope/package/sub`. */
  readonly imports: readonly string[];
}

export function readSources(): SourceFile[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.[mc]?[jt]sx?$/.test(path))
    .sort()
    .map((name) => {
      const path = name.replaceAll('\\', '/');
      const text = readFileSync(join(SRC, name), 'utf8');
      return parseSource(path, text);
    });
}

export function parseSource(path: string, text: string): SourceFile {
  const code = withoutComments(text);
  return { path, room: roomOf(path), lines: text.split('\n').length - 1, code, imports: importsOf(code) };
}

export function roomOf(path: string): string {
  return path.split('/')[0] ?? path;
}

/** The path from `src/` an import of this file leads to; undefined for a package. */
export function resolveImport(file: SourceFile, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return relative(SRC, join(SRC, dirname(file.path), specifier)).replaceAll('\\', '/');
}

/** `@scope/name` or `name` of what is imported from a package. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Comments out, strings left alone. */
function withoutComments(text: string): string {
  const token = /(['"])(?:\\.|(?!\1)[^\\\n])*\1|`(?:\\.|[^\\`])*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
  return text.replace(token, (found) => (found.startsWith('/') ? ' ' : found));
}

function importsOf(code: string): string[] {
  const forms = [
    /^\s*(?:import|export)\b[^;'"]*?\bfrom\s*['"]([^'"]+)['"]/gm,
    /^\s*import\s*['"]([^'"]+)['"]/gm,
    /\bimport\s*\(\s*['"]([^'"]+)['"]/g,
    /\brequire\s*\(\s*['"]([^'"]+)['"]/g,
    /\bnew URL\(\s*['"](\.[^'"]+\.ts)['"]\s*,\s*import\.meta\.url/g,
  ];
  return forms.flatMap((form) => [...code.matchAll(form)].map((match) => match[1] ?? ''));
}
