/** The last events of a stream, numbered without a gap, for callers that resume. */
import { HttpError } from './errors.ts';

interface Kept<T> {
  readonly event: T;
  readonly number: number;
  /** As it goes over the line, once it was asked for: many may resume at once. */
  text: string | undefined;
}

export class EventHistory<T> {
  /** Oldest first. */
  readonly #kept: Kept<T>[] = [];
  readonly #most: number;
  readonly #write: (event: T, number: number) => string;
  #next: number;

  /**
   * @param firstNumber greater than any number of earlier runs
   * @param most how many are kept
   * @param write as it goes over the line
   */
  constructor(firstNumber: number, most: number, write: (event: T, number: number) => string) {
    this.#next = firstNumber;
    this.#most = most;
    this.#write = write;
  }

  /** @returns its number */
  add(event: T): number {
    const number = this.#next++;
    this.#kept.push({ event, number, text: undefined });
    if (this.#kept.length > this.#most) this.#kept.shift();
    return number;
  }

  /** The one that was added last, as it goes over the line; empty if there is none. */
  last(): string {
    const last = this.#kept.at(-1);
    return last === undefined ? '' : this.#textOf(last);
  }

  /** All that are kept, as they go over the line. */
  all(): string {
    return this.#from(this.#oldest);
  }

  /**
   * @param lastEventId what the caller saw last
   * @returns all since, as they go over the line, or `missed` first if some are gone
   * @throws HttpError 400 if the id is none of ours
   */
  since(lastEventId: string): string {
    const last = /^[0-9]{1,15}$/.test(lastEventId) ? Number(lastEventId) : undefined;
    if (last === undefined || last >= this.#next) {
      throw new HttpError(400, 'invalid-request', `Last-Event-ID: ${lastEventId} was never given out`);
    }
    const oldest = this.#oldest;
    const missed = last + 1 < oldest ? `event: missed\nid: ${oldest - 1}\ndata: {"after":${last}}\n\n` : '';
    return missed + this.#from(Math.max(oldest, last + 1));
  }

  get #oldest(): number {
    return this.#next - this.#kept.length;
  }

  #from(number: number): string {
    return this.#kept
      .slice(number - this.#oldest)
      .map((kept) => this.#textOf(kept))
      .join('');
  }

  #textOf(kept: Kept<T>): string {
    kept.text ??= this.#write(kept.event, kept.number);
    return kept.text;
  }
}
