/** A whole terminal to paint on, and its keys. However the process ends, the terminal is as it was before. */
import { colours } from '../output.ts';
import type { Line, Tone } from './render.ts';

const ESCAPE = '\u001b[';
/** The other buffer, without a cursor: what was on the terminal comes back afterwards. */
const ENTER = `${ESCAPE}?1049h${ESCAPE}?25l`;
const LEAVE = `${ESCAPE}?25h${ESCAPE}?1049l`;
const CLEAR = `${ESCAPE}2J`;
const CLEAR_REST = `${ESCAPE}K`;
/** Terminals that know it show what is between at once. */
const BEGIN = `${ESCAPE}?2026h`;
const END = `${ESCAPE}?2026l`;
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
/** A terminal that does not say. */
const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

const PAINT: Readonly<Record<Tone, (text: string) => string>> = {
  plain: (text) => text,
  strong: colours.bold,
  dim: colours.dim,
  warning: colours.yellow,
};

export interface ScreenListeners {
  /** A key was pressed, and it is none that ends. */
  key(key: string): void;
  resized(): void;
  /** By q, Ctrl-C or a signal. */
  quit(): void;
}

export class Screen {
  readonly #listeners: ScreenListeners;
  #painted: string[] = [];
  #isOpen = false;

  constructor(listeners: ScreenListeners) {
    this.#listeners = listeners;
  }

  get size(): { columns: number; rows: number } {
    return {
      columns: process.stdout.columns || DEFAULT_COLUMNS,
      rows: process.stdout.rows || DEFAULT_ROWS,
    };
  }

  open(): void {
    this.#isOpen = true;
    process.once('exit', this.#leave);
    // Before the error is told, or it would be gone with the other buffer.
    process.once('uncaughtExceptionMonitor', this.#leave);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, this.#quit);
    process.stdout.on('resize', this.#resize);
    if (process.stdin.isTTY) {
      process.stdin.setRawMode(true);
      process.stdin.setEncoding('utf8').on('data', this.#read).resume();
    }
    process.stdout.write(ENTER);
  }

  close(): void {
    this.#leave();
    process.off('exit', this.#leave);
    process.off('uncaughtExceptionMonitor', this.#leave);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, this.#quit);
    process.stdout.off('resize', this.#resize);
    process.stdin.off('data', this.#read).pause();
  }

  /** Writes the lines that are not there yet. */
  paint(lines: readonly Line[]): void {
    // A terminal that does not keep up gets the next one.
    if (!this.#isOpen || process.stdout.writableNeedDrain) return;
    const painted = lines.map(({ text, tone }) => PAINT[tone](text));
    const changes = painted
      .map((text, row) => (text === this.#painted[row] ? '' : `${ESCAPE}${row + 1};1H${text}${CLEAR_REST}`))
      .join('');
    this.#painted = painted;
    if (changes !== '') process.stdout.write(BEGIN + changes + END);
  }

  readonly #leave = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
    process.stdout.write(LEAVE);
  };

  readonly #quit = (): void => this.#listeners.quit();

  readonly #resize = (): void => {
    this.#painted = [];
    process.stdout.write(CLEAR);
    this.#listeners.resized();
  };

  readonly #read = (text: string): void => {
    for (const key of text) {
      if (key === 'q' || key === 'Q' || key === CTRL_C || key === CTRL_D) this.#listeners.quit();
      else this.#listeners.key(key);
    }
  };
}
