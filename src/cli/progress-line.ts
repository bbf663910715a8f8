/** How far a long command has come: one line on a terminal's stderr, written over and over. */
import { formatDuration } from './output.ts';
import { printable } from './printable.ts';

/** How often, real ms. */
const EVERY_MS = 500;
const CLEAR_LINE = '\r\u001b[K';

export class ProgressLine {
  readonly #startMs = performance.now();
  readonly #isOn = process.stderr.isTTY === true;
  #toldMs = 0;

  /** @param share of all that is done, 0 to 1 @param text called only if it is shown */
  tell(share: number, text: () => string): void {
    const nowMs = performance.now();
    if (!this.#isOn || nowMs - this.#toldMs < EVERY_MS) return;
    this.#toldMs = nowMs;
    const leftMs = share > 0 ? ((nowMs - this.#startMs) / share) * (1 - share) : undefined;
    const left = leftMs === undefined ? '' : `, ${formatDuration(leftMs)} left`;
    process.stderr.write(`${CLEAR_LINE}${Math.floor(100 * share)} %, ${printable(text())}${left}`);
  }

  done(): void {
    if (this.#isOn) process.stderr.write(CLEAR_LINE);
  }
}
