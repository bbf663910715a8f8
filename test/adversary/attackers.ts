/** The processes of one attack. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bytesToHex } from '../../src/core/hex.ts';
import type { Attack, AttackerOrders, AttackerReport, Target, ToAttacker } from './attack.ts';
import type { HonestNetwork } from './honest-network.ts';

const ENTRY = fileURLToPath(new URL('./attacker-process.ts', import.meta.url));
/** What Node compiled of the sources, so that the next attacker begins sooner. */
const COMPILED = join(tmpdir(), 'tally-adversary-compiled');
const BEGIN_DEADLINE_MS = 60_000;
const LOOK_AGAIN_MS = 50;
/** To say goodbye, and a little more. */
const STOP_DEADLINE_MS = 5_000;
/** What it may take: an attacker that eats the machine shows nothing. */
const HEAP_MB = 768;

export class Attackers {
  readonly #children: readonly ChildProcess[];
  readonly #reports: (AttackerReport | undefined)[];
  readonly #errors: string[] = [];

  private constructor(children: readonly ChildProcess[]) {
    this.#children = children;
    this.#reports = children.map(() => undefined);
    for (const [number, child] of children.entries()) {
      child.on('message', (report: AttackerReport) => {
        this.#reports[number] = report;
      });
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        if (this.#errors.length < 50) this.#errors.push(text);
      });
    }
  }

  static start(name: string, { processes = 1 }: Attack, network: HonestNetwork): Attackers {
    const children = Array.from({ length: processes }, (_, index) => {
      const child = fork(ENTRY, [], {
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        env: { ...process.env, NODE_COMPILE_CACHE: COMPILED },
        execArgv: [`--max-old-space-size=${HEAP_MB}`],
      });
      const orders: AttackerOrders = {
        attack: name,
        index,
        network: network.file,
        seed: bytesToHex(network.attackers[index]?.seed ?? new Uint8Array(32)),
        targets: network.targets,
      };
      child.send(orders, () => {});
      return child;
    });
    return new Attackers(children);
  }

  /** Until all have loaded what they need, which takes seconds on a busy machine. @throws Error after a minute */
  async begun(): Promise<void> {
    const endsAt = performance.now() + BEGIN_DEADLINE_MS;
    while (this.#reports.includes(undefined)) {
      if (performance.now() > endsAt) throw new Error(`an attacker does not start: ${this.errors}`);
      await delay(LOOK_AGAIN_MS);
    }
  }

  newcomerStarted(newcomer: Target): void {
    this.#tell({ newcomer });
  }

  /** All of them together. */
  get report(): AttackerReport {
    const done: Record<string, number> = {};
    let work = 0;
    let cpuSeconds = 0;
    let longestHeldMs = 0;
    const ended = new Set<string>();
    for (const report of this.#reports) {
      if (report === undefined) continue;
      work += report.work;
      cpuSeconds += report.cpuSeconds;
      longestHeldMs = Math.max(longestHeldMs, report.longestHeldMs);
      if (report.ended !== undefined) ended.add(report.ended);
      for (const [what, times] of Object.entries(report.done)) done[what] = (done[what] ?? 0) + times;
    }
    return {
      hasBegun: true,
      work,
      cpuSeconds,
      done,
      longestHeldMs,
      ...(ended.size === 0 ? {} : { ended: [...ended].join('; ') }),
    };
  }

  /** What they said on standard error, for who mends the suite. */
  get errors(): string {
    return this.#errors.join('');
  }

  async stop(): Promise<void> {
    this.#tell({ stop: true });
    await Promise.all(
      this.#children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
        await once(child, 'exit');
        clearTimeout(timer);
      }),
    );
  }

  #tell(message: ToAttacker): void {
    for (const child of this.#children) if (child.connected) child.send(message, () => {});
  }
}
