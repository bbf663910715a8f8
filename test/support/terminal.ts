/** A shell into which blocks of the docs are typed, and which says what came of it. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Far longer than any one of them takes on a busy machine. */
const DEADLINE_MS = 200_000;
export interface Said {
  readonly stdout: string;
  readonly stderr: string;
}

/** A shell that keeps its variables from one block to the next. A command that fails ends it, and the test. */
export class Terminal {
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #ended: Promise<unknown>;
  readonly #waiting = new Set<() => void>();
  #isOver = false;
  #blocks = 0;

  constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.#look();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.#look();
    });
    this.#ended = once(child, 'close').then(() => {
      this.#isOver = true;
      this.#look();
    });
    child.stdin?.on('error', () => {});
    // Ctrl-C ends what runs in the shell, and not the shell.
    child.stdin?.write('set -e\ntrap : INT\n');
  }

  /** Runs lines to their end. @returns what they said @throws Error if one fails */
  async run(lines: string): Promise<Said> {
    const before = { stdout: this.stdout.length, stderr: this.stderr.length };
    const mark = await this.#type(lines);
    await this.#until(() => this.stdout.includes(mark) && this.stderr.includes(mark), lines);
    return {
      stdout: this.stdout.slice(before.stdout, this.stdout.indexOf(mark)),
      stderr: this.stderr.slice(before.stderr, this.stderr.indexOf(mark)),
    };
  }

  /** Runs lines of which the last goes on until Ctrl-C. @returns once they have said it */
  async start(lines: string, until: RegExp): Promise<void> {
    const before = this.stdout.length;
    const mark = await this.#type(lines, true);
    const hasSaid = (): boolean => until.test(this.stdout.slice(before));
    await this.#until(() => hasSaid() || this.stdout.includes(mark), `${lines} to say ${until}`);
    if (!hasSaid()) throw new Error(`${lines} ended before it said ${until}\n${this.#tail()}`);
  }

  /** Ctrl-C. @returns once what ran has ended */
  async interrupt(): Promise<void> {
    const mark = this.#mark();
    this.#signal('SIGINT');
    await this.#until(() => this.stdout.includes(mark), 'Ctrl-C');
  }

  async close(): Promise<void> {
    this.#signal('SIGKILL');
    await this.#ended;
  }

  #mark(): string {
    return `= ${this.#blocks} =\n`;
  }

  /** From a file, as is, without a keyboard. */
  async #type(lines: string, goesOn = false): Promise<string> {
    const path = join(this.#folder, 'home', `${this.#child.pid}-${++this.#blocks}.sh`);
    // Ctrl-C is no failure of the line it ends.
    const typed = goesOn ? lines.replace(/(?=[^\n]*\n*$)/, 'set +e\n').replace(/\n*$/, '\nset -e\n') : lines;
    await writeFile(path, typed);
    const mark = this.#mark().trimEnd();
    this.#child.stdin?.write(`. '${path}' </dev/null\necho '${mark}'; echo '${mark}' >&2\n`);
    return this.#mark();
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#isOver) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // It has ended in between.
    }
  }

  #tail(): string {
    return `${this.stdout.slice(-2_000)}\n${this.stderr.slice(-2_000)}`;
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }

  async #until(holds: () => boolean, what: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = (): void => {
      if (holds()) resolve();
      else if (this.#isOver) reject(new Error(`the terminal ended at: ${what}\n${this.#tail()}`));
    };
    const deadline = setTimeout(() => reject(new Error(`waited for: ${what}\n${this.#tail()}`)), DEADLINE_MS);
    this.#waiting.add(look);
    look();
    try {
      await promise;
    } finally {
      clearTimeout(deadline);
      this.#waiting.delete(look);
    }
  }
}
