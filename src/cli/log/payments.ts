/** Payments on their way: each is told when it comes and again when it is in a block, while they are few. */
import { counted, short } from '../output.ts';
import type { LineClock } from './line-clock.ts';

/** In quiet times each is told; more than this in a window are counted. */
const MAX_TOLD = 4;
const WINDOW_MS = 5_000;
/** Told and not forgotten yet, so that their confirmation can be told. */
const MAX_FOLLOWED = 200;

interface Followed {
  readonly amount: string;
  /** Of the block it is in. */
  height: number | undefined;
}

export class Payments {
  readonly #print: (timeMs: number, text: string) => void;
  readonly #clock: LineClock;
  readonly #followed = new Map<string, Followed>();
  #inWindow = 0;
  #more = 0;
  #isWindowOpen = false;

  constructor(print: (timeMs: number, text: string) => void, clock: LineClock) {
    this.#print = print;
    this.#clock = clock;
  }

  accepted(timeMs: number, id: string, amount: string, from: string): void {
    this.#openWindow();
    this.#inWindow++;
    if (this.#inWindow > MAX_TOLD) {
      this.#more++;
      return;
    }
    this.#print(timeMs, `→ ${short(id)}  ${amount}  ${from}`.trimEnd());
    this.#followed.set(id, { amount, height: undefined });
    const [oldest] = this.#followed.keys();
    if (this.#followed.size > MAX_FOLLOWED && oldest !== undefined) this.#followed.delete(oldest);
  }

  /** Whether one of them was told, and is not confirmed yet. */
  follows(ids: readonly string[]): boolean {
    return ids.some((id) => this.#followed.has(id) && this.#followed.get(id)?.height === undefined);
  }

  /** These are in a block of the chain. */
  confirmed(timeMs: number, height: number, ids: readonly string[]): void {
    for (const id of ids) {
      const payment = this.#followed.get(id);
      if (payment === undefined || payment.height !== undefined) continue;
      payment.height = height;
      this.#print(timeMs, `✓ ${short(id)}  ${payment.amount}  confirmed in #${height}`);
    }
  }

  /** The blocks above left the chain: what was in them waits again. */
  undone(forkHeight: number): void {
    for (const payment of this.#followed.values()) {
      if (payment.height !== undefined && payment.height > forkHeight) payment.height = undefined;
    }
  }

  #openWindow(): void {
    if (this.#isWindowOpen) return;
    this.#isWindowOpen = true;
    this.#inWindow = 0;
    this.#clock.after(WINDOW_MS, () => {
      this.#isWindowOpen = false;
      if (this.#more > 0) {
        this.#print(
          this.#clock.now(),
          `→ and ${counted(this.#more.toLocaleString('en-US'), 'transaction')} more in ${WINDOW_MS / 1_000} s`,
        );
      }
      this.#more = 0;
    });
  }
}
