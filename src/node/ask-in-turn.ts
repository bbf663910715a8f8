/** Asks one peer after the other until one gives. */
import type { Clock, PeerId } from './ports.ts';

/** Requests under way at once: the slow one and its company. */
const MAX_AT_ONCE = 2;

export interface Turns<T> {
  readonly clock: Clock;
  /** Whoever takes longer is not given up, but another is asked beside it. */
  readonly patienceMs: number;
  /** Whom to ask now; undefined: nobody is left. */
  readonly next: () => PeerId | undefined;
  /** Resolves to undefined if the peer gives nothing of use. It must come to an end by itself. */
  readonly ask: (peer: PeerId) => Promise<T | undefined>;
}

/**
 * @returns the first answer; undefined if nobody gives one
 * @throws what `ask` throws
 */
export async function askInTurn<T>({ ask, clock, next, patienceMs }: Turns<T>): Promise<T | undefined> {
  const { promise, reject, resolve } = Promise.withResolvers<T | undefined>();
  let underWay = 0;
  let isOver = false;
  let cancel = (): void => {};
  const askNext = (): void => {
    cancel();
    if (isOver) return;
    const peer = underWay < MAX_AT_ONCE ? next() : undefined;
    if (peer === undefined) {
      if (underWay === 0) resolve(undefined);
      return;
    }
    underWay++;
    cancel = clock.after(patienceMs, askNext);
    ask(peer).then((answer) => {
      underWay--;
      if (answer === undefined) askNext();
      else resolve(answer);
    }, reject);
  };
  askNext();
  try {
    return await promise;
  } finally {
    isOver = true;
    cancel();
  }
}
