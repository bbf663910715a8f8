/**
 * `docs/limits.md` and the code say the same. How to add limits:
 *
 * 1. A table is of one file, which the first cell of its head names; the other heads are always the same:
 *    | `src/room/limits.ts` | bound | share, owner | beyond it | why |
 * 2. A row is one exported number of that file: | `MAX_PEERS` | 128 connections | … | … | … |
 *    The bound begins with the value, as people write it: `2,000`, `30 s`, `2 min`, `64 KiB`; words may follow.
 * 3. Every exported number of the file has its row, but for those called `DEFAULT_…`. Every file of `src/` called
 *    `limits.ts` has its table; others may have one.
 * 4. A folder in `HELD` has no constant called `MAX_…` outside of the files with a table: add yours once it is so.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parsePage, ROOT, type Row } from '../support/markdown.ts';

const HELD = ['src/api', 'src/cli/io'];
const HEADS = ['bound', 'share, owner', 'beyond it', 'why'];
const UNITS: Readonly<Record<string, number>> = {
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
};

interface Table {
  readonly file: string;
  readonly heads: readonly string[];
  readonly rows: readonly Row[];
}

const page = parsePage('docs/limits.md', readFileSync(join(ROOT, 'docs/limits.md'), 'utf8'));
const tables: Table[] = page.tables.map(([head, _rule, ...rows]) => ({
  file: quoted(head?.cells[0]),
  heads: head?.cells.slice(1) ?? [],
  rows,
}));
const sources = globSync('src/**/*.ts', { cwd: ROOT }).map((path) => path.replaceAll('\\', '/'));

/** What stands between the backquotes of a cell. */
function quoted(cell = ''): string {
  return /^`([^`]+)`$/.exec(cell)?.[1] ?? '';
}

/** The number a bound begins with, in the unit of its constant: bytes, milliseconds, or pieces. */
function boundOf(bound = ''): number {
  const [, number = '', unit = ''] = /^([0-9][0-9,.]*) ?(\w+)?/.exec(bound) ?? [];
  return Number(number.replaceAll(',', '')) * (UNITS[unit] ?? 1);
}

async function limitsOf(file: string): Promise<Record<string, number>> {
  const exported: Record<string, unknown> = await import(join(ROOT, file));
  const limits = Object.entries(exported).flatMap(([name, value]) =>
    (typeof value === 'number' || typeof value === 'bigint') && !name.startsWith('DEFAULT_')
      ? [[name, Number(value)] as const]
      : [],
  );
  return Object.fromEntries(limits);
}

describe('docs/limits.md', () => {
  it.each(tables.map((table) => [table.file, table] as const))(
    'says of %s what it says',
    async (file, table) => {
      expect(table.heads).toEqual(HEADS);
      const written = table.rows.map(({ cells: [name, bound] }) => [quoted(name), boundOf(bound)]);
      expect(Object.fromEntries(written)).toEqual(await limitsOf(file));
      expect(new Set(table.rows.map(({ cells }) => cells[0])).size, 'one row for each').toBe(
        table.rows.length,
      );
      for (const { cells, line } of table.rows) expect(cells, `docs/limits.md:${line}`).not.toContain('');
    },
  );

  it('has a table of every file of limits', () => {
    const files = sources.filter((path) => path.endsWith('/limits.ts'));
    expect(tables.map(({ file }) => file)).toEqual(expect.arrayContaining(files));
  });

  it.each(HELD)('has whatever is called a limit in %s', (folder) => {
    const elsewhere = sources.filter(
      (path) => path.startsWith(`${folder}/`) && !tables.some(({ file }) => file === path),
    );
    const loose = elsewhere.flatMap((path) => {
      const text = readFileSync(join(ROOT, path), 'utf8');
      return [...text.matchAll(/^(?:export )?const (MAX_\w+)/gm)].map(([, name]) => `${path}: ${name}`);
    });
    expect(loose).toEqual([]);
  });
});

describe('a bound', () => {
  it.each([
    ['256', 256],
    ['2,000 transactions', 2_000],
    ['30 s', 30_000],
    ['2 min', 120_000],
    ['2,560 KiB of each', 2_560 * 1_024],
    ['0.5 MiB', 512 * 1_024],
  ])('%s is read as %d', (text, value) => expect(boundOf(text)).toBe(value));
});
