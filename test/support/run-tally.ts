/** Runs the command line as a real process, as a user does. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const ENTRY = fileURLToPath(new URL('../../src/cli/tally.js', import.meta.url));
/** No test waits longer for a process. */
const DEADLINE_MS = 25_000;

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Variables that would find the user's own daemon or folder are left out. */
function environment(env: Record<string, string>): NodeJS.ProcessEnv {
  const {
    TALLY_API: _api,
    TALLY_DATA: _data,
    TALLY_PASSPHRASE: _passphrase,
    FORCE_COLOR: _force,
    ...rest
  } = process.env;
  return { ...rest, ...env };
}

export async function runTally(
  args: readonly string[],
  env: Record<string, string> = {},
  cwd = process.cwd(),
): Promise<Ran> {
  const child = spawn(process.execPath, [ENTRY, ...args], {
    cwd,
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: DEADLINE_MS,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout, stderr };
}

/** A process that goes on until it is stopped; its lines are waited for. */
export class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly lines: string[] = [];
  stderr = '';
  readonly #waiting = new Set<() => void>();
  #over = false;

  /** @param longestMs it is killed after so long, whatever it does */
  constructor(
    args: readonly string[],
    env: Record<string, string> = {},
    cwd = process.cwd(),
    longestMs = 2 * DEADLINE_MS,
  ) {
    this.child = spawn(process.execPath, [ENTRY, ...args], {
      cwd,
      env: environment(env),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      timeout: longestMs,
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    if (this.child.stdout !== null) {
      createInterface({ input: this.child.stdout }).on('line', (line) => {
        this.lines.push(line);
        for (const look of this.#waiting) look();
      });
    }
    this.ended = this.#end();
  }

  /** Not on 'close': that never comes once this side has disconnected. */
  async #end(): Promise<number | null> {
    const streams = [this.child.stdout, this.child.stderr].filter((stream) => stream !== null);
    const [[status]] = await Promise.all([
      once(this.child, 'exit'),
      ...streams.map((stream) => once(stream, 'close')),
    ]);
    this.#over = true;
    for (const look of this.#waiting) look();
    return status as number | null;
  }

  /** The first line, from the beginning, that fits. */
  line(fits: (line: string) => boolean): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.lines.find(fits);
        if (found === undefined && !this.#over) return;
        this.#waiting.delete(look);
        if (found === undefined) reject(new Error(`no such line; on stderr: ${this.stderr}`));
        else resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** The first JSON line with these fields. */
  async json(fields: Record<string, unknown>): Promise<Record<string, unknown>> {
    const line = await this.line((text) => {
      const value = parse(text);
      return value !== undefined && Object.entries(fields).every(([name, wanted]) => value[name] === wanted);
    });
    return parse(line) ?? {};
  }

  /** @returns the exit status */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal);
    return this.ended;
  }
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
