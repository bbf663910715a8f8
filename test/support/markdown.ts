/** The pages people read, taken apart: blocks of code, tables, headings, links. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Fence {
  /** `sh`, `ts`; empty if it names none. */
  readonly language: string;
  /** The heading it stands under, without its signs. */
  readonly heading: string;
  /** As printed, with its last line break. */
  readonly text: string;
  /** Of its first line of text, from 1. */
  readonly line: number;
}

export interface Row {
  readonly line: number;
  readonly cells: readonly string[];
}

export interface Page {
  /** From the root of the checkout. */
  readonly path: string;
  readonly fences: readonly Fence[];
  /** Rows that follow one another without a gap. */
  readonly tables: readonly (readonly Row[])[];
  /** As links name them. */
  readonly anchors: ReadonlySet<string>;
  /** Of the headings, without their signs. */
  readonly titles: readonly string[];
  /** Targets of links and pictures. */
  readonly links: readonly string[];
  /** All but the blocks of code. */
  readonly prose: string;
}

/** Every page of the checkout. */
export function readPages(): Page[] {
  return globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md', 'test/**/*.md'], { cwd: ROOT })
    .sort()
    .map((path) => parsePage(path.replaceAll('\\', '/'), readFileSync(join(ROOT, path), 'utf8')));
}

export function parsePage(path: string, text: string): Page {
  const fences: Fence[] = [];
  const tables: Row[][] = [];
  const titles: string[] = [];
  const prose: string[] = [];
  let open: { language: string; line: number; lines: string[] } | undefined;
  let table: Row[] | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^\s*```(\S*)/.exec(line);
    if (open !== undefined) {
      if (fence === null) open.lines.push(line);
      else {
        const body = open.lines.map((one) => `${one}\n`).join('');
        fences.push({ language: open.language, heading: titles.at(-1) ?? '', text: body, line: open.line });
        open = undefined;
      }
      continue;
    }
    if (fence !== null) {
      open = { language: fence[1] ?? '', line: index + 2, lines: [] };
      table = undefined;
      continue;
    }
    prose.push(line);
    const title = /^#{1,6} (.+)$/.exec(line)?.[1];
    if (title !== undefined) titles.push(title);
    if (!line.startsWith('|')) {
      table = undefined;
      continue;
    }
    if (table === undefined) {
      table = [];
      tables.push(table);
    }
    table.push({ line: index + 1, cells: cellsOf(line) });
  }
  if (open !== undefined) throw new Error(`${path}:${open.line}: the block of code has no end`);
  const rest = prose.join('\n');
  return {
    ...{ path, fences, tables, titles, prose: rest },
    anchors: new Set(titles.map(anchorOf)),
    links: [...rest.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target),
  };
}

/** The page and the anchor a link of this page leads to, from the root of the checkout; undefined if it leads elsewhere. */
export function leadsTo(page: Page, link: string): { path: string; anchor: string | undefined } | undefined {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [target = '', anchor] = link.split('#');
  return { path: target === '' ? page.path : join(dirname(page.path), target).replaceAll('\\', '/'), anchor };
}

/** As GitHub makes it of a heading. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** A bar in a cell is written `\|`. */
function cellsOf(line: string): string[] {
  return line
    .trim()
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}
