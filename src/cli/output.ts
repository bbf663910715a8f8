/** What commands print: JSON for scripts, aligned words for people. Colour only where somebody looks. */
import picocolors from 'picocolors';
import { printable, printableColours, printableJson } from './printable.ts';

/** Colours of stdout; picocolors knows NO_COLOR, FORCE_COLOR and terminals. */
export const colours = picocolors.createColors(
  picocolors.isColorSupported && (process.stdout.isTTY === true || isForced(process.env.FORCE_COLOR)),
);

/** As Node reads it: 0 and false are no. */
function isForced(value = ''): boolean {
  return !['', '0', 'false'].includes(value);
}

/** Lines of our own. What is from outside is made `printable` first, or it could begin lines of its own. */
export function print(text: string): void {
  process.stdout.write(`${printableColours(text)}\n`);
}

/** bigint as decimal strings, as in the API. */
export function printJson(value: unknown): void {
  const plain = (_key: string, item: unknown): unknown => (typeof item === 'bigint' ? item.toString() : item);
  print(printableJson(JSON.stringify(value, plain, 2)));
}

/** An object a line. */
export function printJsonLine(value: unknown): void {
  print(printableJson(JSON.stringify(value)));
}

/** Names on the left, values on the right; several of one name below each other. */
export function printFields(fields: Readonly<Record<string, string | readonly string[]>>): void {
  const width = Math.max(...Object.keys(fields).map((name) => name.length));
  for (const [name, given] of Object.entries(fields)) {
    const [first = '', ...others] = (typeof given === 'string' ? [given] : given).map(printable);
    print(`${colours.dim(name.padEnd(width))}  ${first}`);
    for (const other of others) print(`${' '.repeat(width)}  ${other}`);
  }
}

/** Rows under a head, the columns as wide as they must be. */
export function printTable(head: readonly string[], given: readonly (readonly string[])[]): void {
  const rows = given.map((cells) => cells.map(printable));
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  print(colours.dim(line(head)));
  for (const row of rows) print(line(row));
}

/** Some digits of an id, enough to tell ids apart by eye: not the zeros a block's begins with. */
export function short(id: string): string {
  return `${printable(id.replace(/^0+/, '').slice(0, 8))}…`;
}

/** A length of time in its largest unit that is not zero. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  if (ms < 2 * YEAR_MS) return counted(Math.round(ms / 86_400_000), 'day');
  const years = ms / YEAR_MS;
  return counted(years < 1e6 ? Math.round(years).toLocaleString('en-US') : years.toExponential(1), 'year');
}

const YEAR_MS = 365.25 * 86_400_000;

/** A stranger's text in quotes; undefined if it would do something to the terminal. */
export function quotedText(text: string): string | undefined {
  return printable(text) === text ? `"${text}"` : undefined;
}

/** `1 thread`, `2 threads`. */
export function counted(count: number | string, one: string, many = `${one}s`): string {
  return `${count} ${`${count}` === '1' ? one : many}`;
}

/** Hashes a second with a unit. */
export function formatHashrate(hashrate: number): string {
  if (hashrate < 1_000) return `${Math.round(hashrate)} H/s`;
  if (hashrate < 1_000_000) return `${(hashrate / 1_000).toFixed(1)} kH/s`;
  return `${(hashrate / 1_000_000).toFixed(2)} MH/s`;
}

/** A path as a shell takes it. */
export function quoted(path: string): string {
  return /^[\w./~-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
