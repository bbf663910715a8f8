/** A wallet's words on a terminal: shown once, and asked back, so that they are on paper before money depends on them. */
import { randomInt } from 'node:crypto';
import { WORD_COUNT } from '../../client/mnemonic.ts';
import { print } from '../output.ts';
import { askText } from '../prompts.ts';

const COLUMNS = 4;
/** Width of the longest word and its number. */
const CELL = 14;
/** Enough to see whether somebody wrote them down. */
const ASKED = 2;

/** In numbered columns, to be read down. */
export function showWords(words: string): void {
  const cells = words.split(' ').map((word, index) => `${`${index + 1}`.padStart(2)} ${word}`.padEnd(CELL));
  const rows = Math.ceil(cells.length / COLUMNS);
  print('These words are the wallet. Write them down, on paper; whoever reads them can spend.\n');
  for (let row = 0; row < rows; row++) {
    print(
      `  ${cells
        .filter((_, index) => index % rows === row)
        .join('  ')
        .trimEnd()}`,
    );
  }
  print('');
}

/** Goes on once the person typed the words asked for. */
export async function confirmWords(words: string): Promise<void> {
  const list = words.split(' ');
  for (const position of positions()) {
    await askText(
      `Word ${position + 1}`,
      (typed) => typed.trim().toLowerCase() === list[position] || 'that is another word',
    );
  }
}

/** Different ones, ascending. */
function positions(): number[] {
  const chosen = new Set<number>();
  while (chosen.size < ASKED) chosen.add(randomInt(WORD_COUNT));
  return [...chosen].sort((a, b) => a - b);
}
