/**
 * `docs/limits.md` and the code say the same. How to add limits:
 *
 * 1. A table is of one file or of a folder, which the first cell of its head names; the other heads are always the same:
 *    | `src/room/limits.ts` | bound | share, owner | beyond it | why |
 * 2. A row is one constant: | `MAX_PEERS` | 128 connections | … | … | … |; of a folder with its file before it:
 *    | `peers.ts` `MAX_PEERS` | … The bound begins with the value, as people write it: `2,000`, `30 s`, `2 min`, `64 KiB`;
 *    words may follow.
 * 3. Every exported number of a file with a table has its row, but for those called `DEFAULT_…`. Every file of `src/`
 *    called `limits.ts` has its table; others may have one.
 * 4. Every constant called `MAX_…` in a folder with a table has its row, unless it follows from the rows of others; other
 *    constants may have one.
 * 5. A folder in `HELD` has no constant called `MAX_…` outside of the files with a table.
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

/** They follow from other rows and from the sizes of the protocol. */
const DERIVED = [
  'src/node/wire.ts MAX_BLOCK_TRANSACTIONS',
  'src/node/wire.ts MAX_BLOCK_TRANSACTIONS_REQUEST_BYTES',
  'src/node/wire.ts MAX_PREFILLED_BYTES',
  'src/node/wire.ts MAX_GOSSIP_BYTES',
  'src/node/wire.ts MAX_HEADERS_BYTES',
  'src/node/wire.ts MAX_TRANSACTIONS_ANSWER_BYTES',
];

interface Table {
  /** Or a folder. */
  readonly file: string;
  readonly heads: readonly string[];
  readonly rows: readonly Row[];
}

const isFolder = ({ file }: Table): boolean => !file.endsWith('.ts');

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

/** `1_024`, `6n` or `2 ** 16`; not a number: anything else. */
function factorOf(written: string): number {
  const [base = Number.NaN, power = 1] = written
    .replaceAll('_', '')
    .replace(/n$/, '')
    .split(' ** ')
    .map(Number);
  return base ** power;
}

/** A constant of a module, exported or not: its value as it stands there, or as the module exports it. */
async function constantOf(file: string, name: string): Promise<number[]> {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const [, written] = new RegExp(`^(?:export )?const ${name}\\b[^=]* = (.+);$`, 'm').exec(text) ?? [];
  if (written === undefined) return [];
  const product = written.split(' * ').map(factorOf);
  if (!product.some(Number.isNaN)) return [product.reduce((all, factor) => all * factor, 1)];
  const [, dividend = '', divisor] = /^([A-Z_]+) \/ (\d+)$/.exec(written) ?? [];
  if (divisor !== undefined)
    return (await constantOf(file, dividend)).map((value) => value / Number(divisor));
  const exported = ((await import(join(ROOT, file))) as Record<string, unknown>)[name];
  if (typeof exported === 'object' && exported !== null) return Object.values(exported).map(Number);
  return exported === undefined && /^[A-Z_]+$/.test(written)
    ? constantOf(file, written).then((value) => (value.length > 0 ? value : importedBy(text, file, written)))
    : [Number(exported)];
}

/** What a module has of another. */
async function importedBy(text: string, file: string, name: string): Promise<number[]> {
  const [, from = ''] = new RegExp(`import \\{[^}]*\\b${name}\\b[^}]*\\} from '([^']+)'`).exec(text) ?? [];
  return constantOf(join(dirname(file), from), name);
}

/** `gatekeeper.ts` `MAX_BANS` of `src/p2p`. */
function placeOf(table: Table, cell = ''): [file: string, name: string] {
  const [, file = '', name = ''] = /^`([^`]+)` `([^`]+)`$/.exec(cell) ?? [];
  return [`${table.file}/${file}`, name];
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

function constantsCalledLimits(path: string): string[] {
  const text = readFileSync(join(ROOT, path), 'utf8');
  return [...text.matchAll(/^(?:export )?const (MAX_\w+)/gm)].map(([, name = '']) => name);
}

describe('docs/limits.md', () => {
  it('has the same heads everywhere, and no cell without words', () => {
    for (const { heads, rows } of tables) {
      expect(heads).toEqual(HEADS);
      for (const { cells, line } of rows) expect(cells, `docs/limits.md:${line}`).not.toContain('');
      expect(new Set(rows.map(({ cells }) => cells[0])).size, 'one row for each').toBe(rows.length);
    }
  });

  it.each(tables.filter((table) => !isFolder(table)).map((table) => [table.file, table] as const))(
    'says of %s what it says',
    async (file, table) => {
      const written = table.rows.map(({ cells: [name, bound] }) => [quoted(name), boundOf(bound)]);
      expect(Object.fromEntries(written)).toEqual(await limitsOf(file));
    },
  );

  it.each(tables.filter(isFolder).map((table) => [table.file, table] as const))(
    'says of the files of %s what they say',
    async (folder, table) => {
      const places = table.rows.map(({ cells }) => placeOf(table, cells[0]));
      for (const [index, [file, name]] of places.entries()) {
        const bound = table.rows[index]?.cells[1] ?? '';
        const values = await constantOf(file, name);
        const written = values.length > 1 ? bound.match(/\d+/g)?.map(Number) : [boundOf(bound)];
        expect(written, `${file} ${name}`).toEqual(values);
      }
      const named = new Set([...places.map((place) => place.join(' ')), ...DERIVED]);
      const missing = sources
        .filter((path) => path.startsWith(`${folder}/`))
        .flatMap((path) => constantsCalledLimits(path).map((name) => `${path} ${name}`))
        .filter((place) => !named.has(place));
      expect(missing).toEqual([]);
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
    expect(
      elsewhere.flatMap((path) => constantsCalledLimits(path).map((name) => `${path}: ${name}`)),
    ).toEqual([]);
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
