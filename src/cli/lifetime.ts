/** How the daemon's process ends: by a signal, with its parent, or by a failure. */
import { isHarmlessStreamError } from '../p2p/errors.ts';
import { endInTurn } from '../store/ending.ts';
import { EXIT } from './errors.ts';
import type { Log } from './log/log.ts';
import { failureText } from './machine-trouble.ts';
import { isOrphan } from './parent.ts';

/** A stop takes no longer, whatever hangs. */
const STOP_DEADLINE_MS = 2_500;
/** One Ctrl-C may arrive twice, from the terminal and from npm; a later one means impatience. */
const SAME_SIGNAL_MS = 500;

export class Lifetime {
  readonly #log: Log;
  readonly #steps: (() => Promise<void>)[] = [];
  #stoppingSince: number | undefined;

  constructor(log: Log) {
    this.#log = log;
    process.on('SIGINT', () => this.#stop());
    process.on('SIGTERM', () => this.#stop());
    // The terminal was closed.
    process.on('SIGHUP', () => this.#stop());
    // Started by `tally devnet`: nobody would stop it once that is gone.
    process.once('disconnect', this.#stop);
    if (isOrphan()) this.#stop();
    process.on('uncaughtException', (error) => this.#uncaught(error));
    process.on('unhandledRejection', (error) => this.#uncaught(error));
  }

  /** Steps run in the reverse order of their coming. */
  onStop(step: () => Promise<void>): void {
    this.#steps.unshift(step);
  }

  /** A bug or a broken disk: better no daemon than a wrong ledger. */
  fail(error: unknown): void {
    this.#log.logger.fatal({ err: error, event: 'daemon.failed' }, `the daemon stops: ${failureText(error)}`);
    this.#exit(EXIT.failed);
  }

  /** Undoes a start that failed half way. */
  async abandon(): Promise<void> {
    await this.#runSteps();
    await this.#log.close();
    // Listening to the parent would keep this process alive as long as the parent, which waits for this one's end.
    process.removeListener('disconnect', this.#stop);
    if (process.connected) process.disconnect();
  }

  readonly #stop = (): void => {
    const now = performance.now();
    if (this.#stoppingSince !== undefined) {
      if (now - this.#stoppingSince > SAME_SIGNAL_MS) this.#exit(EXIT.failed);
      return;
    }
    this.#stoppingSince = now;
    this.#log.logger.info({ event: 'daemon.stopping' }, 'stopping');
    const deadline = setTimeout(() => this.#exit(EXIT.done), STOP_DEADLINE_MS);
    this.#runSteps().then(
      () => {
        clearTimeout(deadline);
        this.#log.logger.info({ event: 'daemon.stopped' }, 'stopped');
        this.#exit(EXIT.done);
      },
      (error: unknown) => this.fail(error),
    );
  };

  async #runSteps(): Promise<void> {
    await endInTurn(this.#steps.splice(0));
  }

  #uncaught(error: unknown): void {
    if (isHarmlessStreamError(error)) {
      this.#log.logger.warn({ err: error }, "a peer's stream ended while it was in use");
    } else {
      this.fail(error);
    }
  }

  #exit(status: number): void {
    void this.#log.close().then(
      (isWritten) => {
        // A thread that waits for the reader of the log would hold up the end for as long as that does not read.
        if (!isWritten) process.kill(process.pid, 'SIGKILL');
        process.exit(status);
      },
      () => process.exit(status),
    );
  }
}
