/**
 * A machine as a reader of the docs has it: a folder with this checkout's `node_modules`, a home of its own, terminals,
 * and, where the system gives one, a network of its own. There the ports the docs name are free whatever else runs here,
 * and nothing leaves. Where it gives none, they are the real machine's.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { ROOT } from './markdown.ts';

/** Far longer than any one of them takes on a busy machine. */
const DEADLINE_MS = 200_000;
/** With the rights of root, and with those of a user who may have a namespace. */
const NAMESPACES = [
  { make: ['unshare', '-n'], enter: ['-n'] },
  { make: ['unshare', '-rn'], enter: ['-U', '-n', '--preserve-credentials'] },
];

export class Machine {
  /** Where a terminal begins. */
  readonly folder: string;
  readonly #terminals: Terminal[] = [];
  readonly #enter: readonly string[];
  /** Whatever keeps the network; it ends with this process, whose pipe it reads. */
  readonly #network: ChildProcess | undefined;

  private constructor(folder: string, enter: readonly string[], network: ChildProcess | undefined) {
    this.folder = folder;
    this.#enter = enter;
    this.#network = network;
  }

  static async create(): Promise<Machine> {
    const folder = await mkdtemp(join(tmpdir(), 'tally-docs-'));
    await mkdir(join(folder, 'home'));
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    for (const { make, enter } of NAMESPACES) {
      const network = await ownNetwork(make);
      if (network === undefined) continue;
      return new Machine(folder, ['nsenter', '-t', `${network.pid}`, ...enter, '--'], network);
    }
    return new Machine(folder, [], undefined);
  }

  /** @param cwd from the machine's folder */
  async terminal(cwd = '.'): Promise<Terminal> {
    const [command = 'sh', ...args] = [...this.#enter, 'sh'];
    const child = spawn(command, args, {
      cwd: resolve(this.folder, cwd),
      env: environment(join(this.folder, 'home')),
      stdio: ['pipe', 'pipe', 'pipe'],
      // Ctrl-C goes to all that runs there.
      detached: true,
    });
    const terminal = new Terminal(child, this.folder);
    this.#terminals.push(terminal);
    return terminal;
  }

  async close(): Promise<void> {
    await Promise.all(this.#terminals.map((terminal) => terminal.close()));
    this.#network?.stdin?.end();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** @returns undefined if this system or this user has none */
async function ownNetwork([command = '', ...args]: readonly string[]): Promise<ChildProcess | undefined> {
  const child = spawn(command, [...args, 'sh', '-c', 'ip link set lo up && echo ready && exec cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const isReady = new Promise<boolean>((resolve) => {
    child.once('error', () => resolve(false));
    child.once('close', () => resolve(false));
    child.stdout.once('data', () => resolve(true));
  });
  return (await isReady) ? child : undefined;
}

/** What a user's shell has, and nothing of the runner of these tests: its own `npx` would find its own things. */
function environment(home: string): NodeJS.ProcessEnv {
  const { LANG, TMPDIR, PATH = '' } = process.env;
  const path = PATH.split(delimiter).filter((one) => !/node_modules|node-gyp-bin/.test(one));
  return {
    ...(LANG === undefined ? {} : { LANG }),
    ...(TMPDIR === undefined ? {} : { TMPDIR }),
    PATH: path.join(delimiter),
    HOME: home,
    // It would ask a registry.
    npm_config_update_notifier: 'false',
  };
}

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

  /** From a file, as is; nobody sits at the keyboard. */
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
