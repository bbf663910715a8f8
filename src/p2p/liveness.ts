/**
 * Notices connections that fell silent: a cable pulled, a laptop asleep, a partition that drops packets.
 * TCP alone would take a quarter of an hour.
 */
import type { Connection } from '@libp2p/interface';
import { internalsOf } from './connections/internals.ts';
import { unlessAborted } from './unless-aborted.ts';

/**
 * With three failures in a row, a silent connection is closed 14 to 19 s after it fell silent. libp2p's own
 * monitor closes on the first failure, which a peer busy with a large block for a moment does not deserve.
 */
export const PING_INTERVAL_MS = 5_000;
/** Less than the interval: one ping at a time. */
export const PING_DEADLINE_MS = 4_000;
export const MAX_PING_FAILURES = 3;

export interface LivenessEnvironment {
  connections(): readonly Connection[];
  /** Resolves when the answer is there. */
  ping(connection: Connection, signal: AbortSignal): Promise<void>;
  /** No answer came too often in a row. */
  silent(connection: Connection): void;
}

export class Liveness {
  readonly #environment: LivenessEnvironment;
  /** Pings that failed in a row. */
  readonly #failures = new WeakMap<Connection, number>();
  readonly #underWay = new WeakSet<Connection>();
  /** The shortest round trips seen, ms. */
  readonly #shortest = new WeakMap<Connection, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(environment: LivenessEnvironment) {
    this.#environment = environment;
  }

  start(): void {
    this.#timer = setInterval(() => {
      for (const connection of this.#environment.connections()) void this.#check(connection);
    }, PING_INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The shortest round trip seen, ms; undefined before the first. */
  roundTripOf(connection: Connection): number | undefined {
    return this.#shortest.get(connection);
  }

  /** The last ping was not answered: perhaps the line is cut. */
  isSilent(connection: Connection): boolean {
    return this.#failures.has(connection);
  }

  async #check(connection: Connection): Promise<void> {
    if (this.#underWay.has(connection)) return;
    this.#underWay.add(connection);
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(new Error('no answer to a ping')), PING_DEADLINE_MS);
    const begunAt = performance.now();
    try {
      await this.#environment.ping(connection, controller.signal);
      const roundTrip = performance.now() - begunAt;
      this.#shortest.set(connection, Math.min(roundTrip, this.#shortest.get(connection) ?? roundTrip));
      this.#failures.delete(connection);
    } catch {
      this.#failed(connection);
    } finally {
      clearTimeout(timer);
      this.#underWay.delete(connection);
    }
  }

  #failed(connection: Connection): void {
    const failures = (this.#failures.get(connection) ?? 0) + 1;
    this.#failures.set(connection, failures);
    if (failures < MAX_PING_FAILURES || connection.status !== 'open') return;
    this.#environment.silent(connection);
  }
}

/**
 * One ping of yamux over this very connection: a frame there and one back. libp2p's own ping opens a stream each time,
 * which was most of what an idle daemon did.
 *
 * @throws Error if no answer comes
 */
export async function ping(connection: Connection, signal: AbortSignal): Promise<void> {
  const { muxer } = internalsOf(connection);
  // Yamux is not told of the signal: it would end the connection over an answer that comes after all. One ping is under
  // way at a time; the next waits for the same answer.
  await unlessAborted(muxer.ping(), signal);
}
