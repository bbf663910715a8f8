/** What a waiting command waits for: one line on a terminal's stderr, written over when it changes. */
import { printable } from './printable.ts';

const CLEAR_LINE = '\r\u001b[K';

export class StatusLine {
  readonly #isOn = process.stderr.isTTY === true;
  #shown = '';

  show(text: string): void {
    if (!this.#isOn || text === this.#shown) return;
    this.#shown = text;
    process.stderr.write(`${CLEAR_LINE}${printable(text)}`);
  }

  clear(): void {
    if (this.#shown !== '') process.stderr.write(CLEAR_LINE);
    this.#shown = '';
  }
}
