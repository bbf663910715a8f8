/** A test for each block of code a page has, in the order they are printed. */
import { describe, expect, test } from 'vitest';
import { type Fence, type Page, readPages } from './markdown.ts';

/** Runs a block, or says why there is nothing to run. */
export type Way = (block: Fence) => Promise<void> | void;
/** For each heading the ways of the blocks under it, in their order. */
export type Ways = Readonly<Record<string, readonly Way[]>>;

/** Two programs for each, on a machine where others are at work. */
const DEADLINE_MS = 300_000;

/** No code: a figure, a formula, something printed. */
export const figure: Way = ({ language }) => {
  expect(language, 'what is a figure names no language').toBe('');
};

/** Its lines without their remarks. */
export function commandsOf({ text }: Fence): string[] {
  return text.split('\n').flatMap((line) => line.replace(/\s+# .*$/, '') || []);
}

export function pageAt(path: string): Page {
  const page = readPages().find((one) => one.path === path);
  if (page === undefined) throw new Error(`there is no ${path}`);
  return page;
}

/** Fails for a block that is in no table, and for a way whose block has gone. */
export function testBlocks(page: Page, ways: Ways): void {
  describe(page.path, () => {
    const seen = new Map<string, number>();
    for (const block of page.fences) {
      const nth = seen.get(block.heading) ?? 0;
      seen.set(block.heading, nth + 1);
      test(`${block.heading}, block ${nth + 1}`, { timeout: DEADLINE_MS }, async () => {
        const way = ways[block.heading]?.[nth];
        if (way === undefined) {
          throw new Error(
            `${page.path}:${block.line}: nothing runs this block; say how in the table of test/docs`,
          );
        }
        await way(block);
      });
    }
    test('every way has its block', () => {
      expect(
        Object.fromEntries(Object.entries(ways).map(([heading, { length }]) => [heading, length])),
      ).toEqual(Object.fromEntries(seen));
    });
  });
}
