/**
 * A machine as a reader of the docs has it: a folder with this checkout's `node_modules`, a home of its own, terminals,
 * and, where the system gives one, a network of its own. There the ports the docs name are free whatever else runs here,
 * and nothing leaves. Where it gives none, they are the real machine's.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { ROOT } from './markdown.ts';
import { Terminal } from './terminal.ts';

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
