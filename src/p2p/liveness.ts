/**
 * Notices connections that fell silent: a cable pulled, a laptop asleep, a partition that drops packets.
 * TCP alone would take a quarter of an hour.
 */
import { randomBytes } from 'node:crypto';
import type { Connection } from '@libp2p/interface';
import { PING_PROTOCOL } from '@libp2p/ping';
import { byteStream } from '@libp2p/utils';
import { asError } from './errors.ts';

/** A ping costs both sides a stream: what idle connections mostly do. */
export const PING_INTERVAL_MS = 9_000;
/**
 * Whoever did not answer is asked again this soon. With three failures in a row, a silent connection is closed 9 to
 * 18 s after it fell silent. libp2p's own monitor closes on the first failure, which a peer busy with a large block
 * for a moment does not deserve.
 */
export const PING_AGAIN_MS = 3_000;
/** Less than until the next: one ping at a time, for libp2p allows no more. */
export const PING_DEADLINE_MS = 2_900;
const MAX_PING_FAILURES = 3;
/** Looks at a connection that has just answered, before it is asked again. */
const RESTING_LOOKS = PING_INTERVAL_MS / PING_AGAIN_MS - 1;

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
  /** Looks for which a connection is left in peace. */
  readonly #resting = new WeakMap<Connection, number>();
  readonly #underWay = new WeakSet<Connection>();
  #timer: NodeJS.Timeout | undefined;

  constructor(environment: LivenessEnvironment) {
    this.#environment = environment;
  }

  start(): void {
    this.#timer = setInterval(() => {
      for (const connection of this.#environment.connections()) this.#look(connection);
    }, PING_AGAIN_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(connection: Connection): void {
    const resting = this.#resting.get(connection) ?? 0;
    if (resting > 0) this.#resting.set(connection, resting - 1);
    else void this.#check(connection);
  }

  async #check(connection: Connection): Promise<void> {
    if (this.#underWay.has(connection)) return;
    this.#underWay.add(connection);
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(new Error('no answer to a ping')), PING_DEADLINE_MS);
    try {
      await this.#environment.ping(connection, controller.signal);
      this.#failures.delete(connection);
      this.#resting.set(connection, RESTING_LOOKS);
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

const PING_BYTES = 32;

/** One libp2p ping over this very connection; libp2p's own service picks one, or dials. @throws Error if no answer comes */
export async function ping(connection: Connection, signal: AbortSignal): Promise<void> {
  const stream = await connection.newStream(PING_PROTOCOL, { signal });
  try {
    const bytes = byteStream(stream);
    await bytes.write(randomBytes(PING_BYTES), { signal });
    await bytes.read({ bytes: PING_BYTES, signal });
    await stream.close({ signal });
  } catch (thrown) {
    const error = asError(thrown);
    stream.abort(error);
    throw error;
  }
}
