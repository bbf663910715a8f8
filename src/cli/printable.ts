/**
 * Text from outside on an operator's terminal: names and reasons of peers, answers of daemons, memos, file names. What
 * moves the cursor, begins a line of its own, turns the direction of letters or is there without being seen is shown
 * as a dot, or, where the text is JSON, as the escape that means the same.
 */

/** Controls, marks of direction, what Unicode has not assigned (\p{C}), and its own line breaks. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/gu;
const UNSEEN_BUT_LINES = /(?![\n\t])[\p{C}\p{Zl}\p{Zp}]/gu;
const ESCAPE = '\u001b';
/** Colours, as picocolors writes them. */
const UNSEEN_BUT_COLOURS = new RegExp(`${ESCAPE}\\[\\d{1,2}m|${UNSEEN_BUT_LINES.source}`, 'gu');

/** One line of it; a number of a daemon's answer may be anything. */
export function printable(text: string | number): string {
  return String(text).replaceAll(UNSEEN, '·');
}

/** Text of our own, of several lines, in which something from outside may be. */
export function printableLines(text: string): string {
  return text.replaceAll(UNSEEN_BUT_LINES, '·');
}

/** The same with the colours we gave it. */
export function printableColours(text: string): string {
  return text.replaceAll(UNSEEN_BUT_COLOURS, (found) =>
    found.length > 2 && found.startsWith(ESCAPE) ? found : '·',
  );
}

/** JSON that means the same. */
export function printableJson(json: string): string {
  return json.replaceAll(UNSEEN_BUT_LINES, (found) =>
    Array.from(found.split(''), (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  );
}
