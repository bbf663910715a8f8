/** Places for what is dear: so many at once, so many for strangers, so many for one address of theirs. */
import type { ServerResponse } from 'node:http';
import { HttpError } from '../errors.ts';
import { YIELD_MS } from '../limits.ts';
import type { Caller } from './caller.ts';

export interface Shares {
  readonly inAll: number;
  /** Of all strangers together: the rest is for the daemon's own callers. */
  readonly ofStrangers: number;
  /** Of one stranger's address. */
  readonly ofAddress: number;
}

export interface PlacesOptions {
  /** In the plural, for messages. */
  readonly what: string;
  readonly code: 'too-many-requests' | 'too-many-streams';
  readonly shares: Shares;
  /** For how long nothing of an answer was taken, though there is something, or the body has been coming (ms). */
  readonly stalledMs: (response: ServerResponse) => number;
}

export class Places {
  readonly #options: PlacesOptions;
  readonly #held = new Map<ServerResponse, Caller>();

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  /**
   * A place until the response is over. Where there is none, it is that of an answer which is not read, or of a request
   * which does not come.
   *
   * @throws HttpError 429
   */
  take(caller: Caller, response: ServerResponse): void {
    const { code, shares, what } = this.#options;
    const strangers = this.#of((other) => !other.isOwn);
    const fellows = this.#of((other) => !other.isOwn && other.address === caller.address);
    if (!caller.isOwn && fellows.length >= shares.ofAddress && !this.#letGoOneOf(fellows))
      throw new HttpError(429, code, `at most ${shares.ofAddress} ${what} at once for one address`);
    if (!caller.isOwn && strangers.length >= shares.ofStrangers && !this.#letGoOneOf(strangers))
      throw new HttpError(429, code, `at most ${shares.ofStrangers} ${what} at once for strangers`);
    const all = [...this.#held.keys()];
    if (all.length >= shares.inAll && !this.#letGoOneOf(caller.isOwn ? all : strangers))
      throw new HttpError(429, code, `at most ${shares.inAll} ${what} at once`);
    this.#held.set(response, caller);
    // An answer that waits for others before it on a connection that dies never closes.
    const { socket } = response.req;
    const giveBack = (): void => {
      this.#held.delete(response);
      socket.off('close', giveBack);
    };
    response.once('close', giveBack);
    socket.once('close', giveBack);
  }

  #of(belongs: (caller: Caller) => boolean): ServerResponse[] {
    return [...this.#held].filter(([, caller]) => belongs(caller)).map(([response]) => response);
  }

  /** Ends the one that has not got on for the longest time. @returns false if all get on */
  #letGoOneOf(responses: readonly ServerResponse[]): boolean {
    let longestMs = YIELD_MS;
    let stalled: ServerResponse | undefined;
    for (const response of responses) {
      const ms = this.#options.stalledMs(response);
      if (ms < longestMs) continue;
      longestMs = ms;
      stalled = response;
    }
    if (stalled === undefined) return false;
    this.#held.delete(stalled);
    stalled.destroy();
    return true;
  }
}
