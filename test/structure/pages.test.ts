/** What the pages point at is there: sections, files, scripts; and their tables are whole. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { leadsTo, parsePage, ROOT, readPages } from '../support/markdown.ts';

const pages = readPages();
const pageAt = new Map(pages.map((page) => [page.path, page]));
const scripts: Readonly<Record<string, string>> = packageJson.scripts;

describe.each(pages.map((page) => [page.path, page] as const))('%s', (path, page) => {
  it('has every row in a table of as many columns', () => {
    for (const [head, rule, ...rows] of page.tables) {
      const where = `${path}:${head?.line}`;
      expect(rule, `${where} is a row outside of a table`).toBeDefined();
      expect(rule?.cells, `${where} is a row outside of a table`).toSatisfy((cells: string[]) =>
        cells.every((cell) => /^:?-+:?$/.test(cell)),
      );
      for (const { cells, line } of [rule ?? { cells: [], line: 0 }, ...rows]) {
        expect(cells.length, `columns of ${path}:${line}`).toBe(head?.cells.length);
      }
    }
  });

  it('leads to files and sections that are there', () => {
    for (const link of page.links) {
      const to = leadsTo(page, link);
      if (to === undefined) continue;
      expect(existsSync(join(ROOT, to.path)), `${link} in ${path}`).toBe(true);
      if (to.anchor === undefined) continue;
      expect([...(pageAt.get(to.path)?.anchors ?? [])], `${link} in ${path}`).toContain(to.anchor);
    }
  });

  it('numbers a section as the section itself does, and leads there', () => {
    // Of another's work: its year stands before.
    const text = page.prose.replaceAll(/\d{4}, section [\d.]+/g, '');
    const links = /\[(?:sections? )?(\d+)\]\(([^)#]*)#(\d+)-[^)]*\)/g;
    for (const [link, number, , anchored] of text.matchAll(links)) expect(number, link).toBe(anchored);
    expect(text.replaceAll(links, '').match(/(\bsections? |§ ?)\d[^.]{0,40}/g), 'make it a link').toBeNull();
  });

  it('names files of the checkout and scripts that are there', () => {
    for (const [, named = ''] of page.prose.matchAll(/`((?:src|docs|test|scripts|examples)\/[\w./-]+)`/g)) {
      expect(existsSync(join(ROOT, named)), `${named} in ${path}`).toBe(true);
    }
    for (const [, name = ''] of page.prose.matchAll(/npm run ([\w:-]+)/g))
      expect(Object.keys(scripts)).toContain(name);
  });
});

/** A section is named by its title, which also says what it is about; a number does not tell that it has moved. */
describe('what the code says of the pages', () => {
  const files = globSync(
    ['src/**/*.{ts,tsx,js}', 'test/**/*.ts', 'scripts/**/*.ts', 'examples/*.ts', 'bin/*.js'],
    {
      cwd: ROOT,
    },
  );
  /** A comment goes on in the next line behind its star. */
  const said = files.map((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8').replaceAll(/\n\s*(\*|\/\/) ?/g, ' ');
    return { path, text };
  });

  it('names pages and titles that are there', () => {
    for (const { path, text } of said) {
      for (const [, page = '', title] of text.matchAll(/\b(docs\/[\w-]+\.md)(?:, \\?"([^"\\]+)\\?")?/g)) {
        const titles = pageAt.get(page)?.titles;
        expect(titles, `${page} in ${path}`).toBeDefined();
        if (title === undefined) continue;
        expect(
          titles?.map((one) => one.replace(/^\d+\. /, '')),
          `${page} in ${path}`,
        ).toContain(title);
      }
    }
  });

  it('numbers no section of ours', () => {
    for (const { path, text } of said) {
      if (path.endsWith('pages.test.ts')) continue;
      // Of another's work: its year stands before.
      const ours = text.replaceAll(/\d{4}, section [\d.]+/g, '').match(/.{0,60}(\bsections? |§ ?)\d+/g);
      expect(ours, `${path}: name it by its title`).toBeNull();
    }
  });
});

describe('a page taken apart', () => {
  it('has its blocks under their headings, and its tables row by row', () => {
    const { fences, tables, anchors } = parsePage(
      'x.md',
      '# A b, c!\n\n```sh\nls | cat\n```\n\n| a | b |\n|---|---|\n| 1 \\| 2 | `3` |\n\n| lost | row |\n',
    );
    expect(fences).toEqual([{ language: 'sh', heading: 'A b, c!', text: 'ls | cat\n', line: 4 }]);
    expect(tables.map((rows) => rows.map(({ cells }) => cells))).toEqual([
      [
        ['a', 'b'],
        ['---', '---'],
        ['1 \\| 2', '`3`'],
      ],
      [['lost', 'row']],
    ]);
    expect([...anchors]).toEqual(['a-b-c']);
  });
});
