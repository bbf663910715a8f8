/** One daemon of a devnet: a child process whose log lines are read. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LogLine } from '../log/log-line.ts';
import { WITH_PARENT } from '../parent.ts';
import type { CutOrder } from './cut-order.ts';

const ENTRY = fileURLToPath(new URL('../tally.js', import.meta.url));
/** Beyond the two seconds a daemon takes to stop by itself. */
const KILL_AFTER_MS = 4_000;
/** Starting takes a second or two; 32 at once on a slow machine take their time. */
const START_DEADLINE_MS = 120_000;
/** What a daemon said last, told if it dies. */
const MAX_STDERR_CHARACTERS = 4_096;

/** The line that says a daemon is ready. */
export interface StartedLine extends LogLine {
  readonly event: 'daemon.started';
  readonly api: string;
  readonly peerId: string;
  readonly addresses: readonly string[];
}

export class NodeProcess {
  readonly name: string;
  /** Fails if the daemon ends before it is ready. */
  readonly started: Promise<StartedLine>;
  /** With the exit status, or undefined if it was killed. */
  readonly ended: Promise<number | undefined>;
  readonly #child: ChildProcess;
  #stderr = '';

  /** @param onLine told every log line */
  constructor(name: string, startArguments: readonly string[], onLine: (line: LogLine) => void) {
    this.name = name;
    // The fourth channel ends when either side does, and the daemon stops with it.
    this.#child = spawn(process.execPath, [ENTRY, 'start', ...startArguments], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...environment(), ...WITH_PARENT },
    });
    const started = Promise.withResolvers<StartedLine>();
    this.started = started.promise;
    // Whoever waits for it hears of it; nobody may.
    this.started.catch(() => {});
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-MAX_STDERR_CHARACTERS);
    });
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on('line', (text) => {
        const line = parseLine(text);
        if (line === undefined) return;
        if (isStarted(line)) started.resolve(line);
        onLine(line);
      });
    }
    const deadline = setTimeout(() => {
      started.reject(new Error(`it was not ready after ${START_DEADLINE_MS / 1_000} s`));
    }, START_DEADLINE_MS).unref();
    started.promise.finally(() => clearTimeout(deadline)).catch(() => {});
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        started.reject(error);
        resolve(undefined);
      });
      this.#child.once('close', (status) => {
        started.reject(new Error(`it ended before it was ready: ${this.lastWords}`));
        resolve(status ?? undefined);
      });
    });
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** It reaches all peers but exactly these from now on. Does nothing to one that is gone. */
  refuse(peerIds: readonly string[]): Promise<void> {
    const order: CutOrder = { unreachable: peerIds };
    return new Promise((resolve) => {
      if (this.#child.connected) this.#child.send(order, () => resolve());
      else resolve();
    });
  }

  /** The last line on stderr. */
  get lastWords(): string {
    return this.#stderr.trim().split('\n').at(-1) ?? '';
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), KILL_AFTER_MS);
    await this.ended;
    clearTimeout(kill);
  }
}

/** What is set for a daemon of one's own is not meant for these. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TALLY_')));
}

function parseLine(text: string): LogLine | undefined {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return undefined;
  }
}

function isStarted(line: LogLine): line is StartedLine {
  return line.event === 'daemon.started';
}
