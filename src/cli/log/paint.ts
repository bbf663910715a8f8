/** How a line of the log looks on a terminal: the time, the words, and one colour for each daemon, everywhere the same. */
import { colours } from '../output.ts';
import type { Emphasis, EventLine } from './event-lines.ts';

type Paint = (text: string) => string;

const NODE_COLOURS: readonly Paint[] = [
  colours.cyan,
  colours.green,
  colours.magenta,
  colours.blue,
  colours.yellow,
  colours.red,
];
const EMPHASES: Readonly<Record<Emphasis, Paint>> = {
  plain: (text) => text,
  mined: colours.bold,
  fork: colours.yellow,
  warning: colours.red,
  quiet: colours.dim,
};

/** `node-1` has the first colour, `node-2` the second; other names one that follows from their letters. */
export function paintName(name: string, text: string): string {
  const number = /(\d{1,3})$/.exec(name)?.[1];
  const index =
    number === undefined
      ? [...name].reduce((sum, character) => sum + (character.codePointAt(0) ?? 0), 0)
      : Math.max(0, Number(number) - 1);
  return NODE_COLOURS[index % NODE_COLOURS.length]?.(text) ?? text;
}

/** @param name a column for the daemon that says it, where there are several */
export function painted({ emphasis, text, timeMs }: EventLine, name = ''): string {
  return `${colours.dim(timeOfDay(timeMs))}  ${name}${EMPHASES[emphasis](text)}`;
}

/** Of this machine's clock: `12:04:31.204`. */
function timeOfDay(ms: number): string {
  const date = new Date(ms);
  return `${date.toLocaleTimeString('en-GB')}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
