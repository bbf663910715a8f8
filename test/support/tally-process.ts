/** Daemons as processes of their own, started as a user does; their JSON log lines are read and waited for. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { TallyClient } from '../../src/client/tally-client.ts';
import { ENTRY } from './run-tally.ts';

/** Far longer than anything takes on a busy machine. */
const DEADLINE_MS = 25_000;

export interface LogLine {
  /** 30 information, 40 warning, 50 error, 60 fatal. */
  readonly level: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly msg?: string;
  readonly event?: string;
  readonly [field: string]: unknown;
}

/** The line that says a daemon is ready. */
export interface StartedLine extends LogLine {
  readonly event: 'daemon.started';
  readonly api: string;
  readonly peerId: string;
  readonly addresses: readonly string[];
}

export interface StartOptions {
  /** A built-in network or a network file. Default: `test`. */
  readonly network?: string;
  readonly data: string;
  /** Default: any free one. */
  readonly apiPort?: number;
  /** Default: any free one. */
  readonly p2pPort?: number;
  /** Default: loopback. */
  readonly p2pHost?: string;
  /** Whether it looks for peers on the local network. Default: false. */
  readonly mdns?: boolean;
  /** Multiaddrs. */
  readonly peers?: readonly string[];
  readonly more?: readonly string[];
  /** For Node itself. */
  readonly nodeArguments?: readonly string[];
}

export interface Exit {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** `tally start` and its arguments. */
export function startArguments(options: StartOptions): string[] {
  const { apiPort = 0, data, mdns = false, network = 'test', p2pHost = '127.0.0.1', p2pPort = 0 } = options;
  return [
    'start',
    ...['--network', network, '--data', data, '--threads', '1'],
    ...['--p2p-host', p2pHost, '--p2p-port', `${p2pPort}`, '--api-port', `${apiPort}`],
    ...(mdns ? [] : ['--no-mdns']),
    ...(options.peers ?? []).flatMap((peer) => ['--peer', peer]),
    ...(options.more ?? []),
  ];
}

export class TallyProcess {
  /** Every log line so far. */
  readonly lines: LogLine[] = [];
  /** All that came on stderr. */
  stderr = '';
  /** Fails if the daemon ends before it is ready. */
  readonly started: Promise<StartedLine>;
  /** Once it is gone and everything it said has been read. */
  readonly ended: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();
  #exit: Exit | undefined;

  constructor(options: StartOptions) {
    // The fourth channel has no words: the daemon stops with whoever started it.
    this.#child = spawn(
      process.execPath,
      [...(options.nodeArguments ?? []), ENTRY, ...startArguments(options)],
      {
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    );
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on('line', (text) => this.#hear(text));
    }
    this.ended = this.#end();
    this.started = this.waitFor(isStarted, 'the daemon is ready');
    // Whoever waits for it hears of it; nobody may.
    this.started.catch(() => {});
  }

  /** The API. @throws if the daemon is not ready yet */
  get client(): TallyClient {
    const line = this.lines.find(isStarted);
    if (line === undefined) throw new Error('the daemon is not ready');
    // Tests kill it, and mean to see that.
    return new TallyClient({ url: line.api, retry: false });
  }

  /** Of the operating system; 0 if it could not be started. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Whether it is running. */
  get alive(): boolean {
    return this.#exit === undefined;
  }

  /**
   * The first line that fits.
   *
   * @param options.from lines before this index do not count; `lines.length`: only those to come
   * @throws Error if the daemon ends, or after `deadlineMs`
   */
  async waitFor<T extends LogLine = LogLine>(
    fits: ((line: LogLine) => line is T) | ((line: LogLine) => boolean),
    what: string,
    { deadlineMs = DEADLINE_MS, from = 0 }: { deadlineMs?: number; from?: number } = {},
  ): Promise<T> {
    const { promise, reject, resolve } = Promise.withResolvers<T>();
    let next = from;
    const look = (): void => {
      for (; next < this.lines.length; next++) {
        const line = this.lines[next];
        if (line === undefined || !fits(line)) continue;
        resolve(line as T);
        return;
      }
      if (this.#exit !== undefined) reject(new Error(`the daemon ended before: ${what}\n${this.#tail()}`));
    };
    const timer = setTimeout(
      () => reject(new Error(`not within ${deadlineMs} ms: ${what}\n${this.#tail()}`)),
      deadlineMs,
    );
    this.#waiting.add(look);
    look();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(look);
    }
  }

  /** The first line of this event, or the first to come from `from` on. */
  event(name: string, options: { deadlineMs?: number; from?: number } = {}): Promise<LogLine> {
    return this.waitFor((line) => line.event === name, name, options);
  }

  /** A signal. Does nothing to one that is gone. @returns once it has ended */
  kill(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.#child.kill(signal);
    return this.ended;
  }

  #hear(text: string): void {
    const line = parseLine(text);
    if (line === undefined) return;
    this.lines.push(line);
    for (const look of this.#waiting) look();
  }

  async #end(): Promise<Exit> {
    const [status, signal] = (await once(this.#child, 'close')) as [number | null, NodeJS.Signals | null];
    this.#exit = { status, signal };
    for (const look of this.#waiting) look();
    return this.#exit;
  }

  /** What it said last. */
  #tail(): string {
    return [...this.lines.slice(-10).map((line) => JSON.stringify(line)), this.stderr.slice(-2_000)].join(
      '\n',
    );
  }
}

/** Daemons that are gone, with their folder, when it is closed. */
export class TallyProcesses {
  /** For data folders and network files. */
  readonly folder: string;
  readonly #processes: TallyProcess[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<TallyProcesses> {
    return new TallyProcesses(await mkdtemp(join(tmpdir(), 'tally-process-')));
  }

  /** @returns the daemon, which may not be ready yet */
  spawn(options: Omit<StartOptions, 'data'> & { data?: string } = {}): TallyProcess {
    const daemon = new TallyProcess({ data: join(this.folder, 'data'), ...options });
    this.#processes.push(daemon);
    return daemon;
  }

  /** @returns the daemon once it is ready */
  async start(options: Omit<StartOptions, 'data'> & { data?: string } = {}): Promise<TallyProcess> {
    const daemon = this.spawn(options);
    await daemon.started;
    return daemon;
  }

  async close(): Promise<void> {
    await Promise.all(this.#processes.splice(0).map((daemon) => daemon.kill('SIGKILL')));
    await rm(this.folder, { recursive: true, force: true });
  }
}

function parseLine(text: string): LogLine | undefined {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    // The last line of one that was killed may be cut off.
    return undefined;
  }
}

function isStarted(line: LogLine): line is StartedLine {
  return line.event === 'daemon.started';
}
