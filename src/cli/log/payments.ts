/** Payments on their way: each is told when it comes and again when it is in a block, while they are few. */
import { counted, short } from '../output.ts';
import type { LineClock } from './line-clock.ts';
import { QUOTA_WINDOW_MS, Quota } from './quota.ts';

/** Told and not forgotten yet, so that their confirmation can be told. */
const MAX_FOLLOWED = 200;

interface Followed {
  readonly amount: string;
  /** Of the block it is in. */
  height: number | undefined;
}

export class Payments {
  readonly #print: (timeMs: number, text: string) => void;
  readonly #quota: Quota;
  readonly #followed = new Map<string, Followed>();

  constructor(print: (timeMs: number, text: string) => void, clock: LineClock) {
    this.#print = print;
    this.#quota = new Quota(clock, (count) => {
      const more = counted(count.toLocaleString('en-US'), 'more transaction');
      print(clock.now(), `→ and ${more} in ${QUOTA_WINDOW_MS / 1_000} s`);
    });
  }

  accepted(timeMs: number, id: string, amount: string, from: string): void {
    if (!this.#quota.take()) return;
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
}
