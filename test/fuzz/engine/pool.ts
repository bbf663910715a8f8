/** Spreads targets over threads, and watches them: one that does not come back, or dies, has found something. */
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { Finding } from './finding.ts';
import {
  type Assignment,
  type FromThread,
  SHARED_INPUT_BYTES,
  type SharedInput,
  STATE_EXECUTIONS,
  STATE_LENGTH,
  type TargetResult,
} from './messages.ts';

/** An execution that takes so long does not end, on a busy machine either. */
const HANG_MS = 60_000;
const WATCH_MS = 1_000;
const MAX_HEAP_MIB = 2_048;

export interface PoolOptions {
  readonly threads: number;
  readonly seed: number;
  /** Of all targets together. */
  readonly executions: number;
  /** After so long each target ends, whatever is left of its executions; all of them together. */
  readonly seconds: number;
  /** Which targets; all unless there are some. */
  readonly names: readonly string[];
  readonly onFinding: (finding: Finding) => void;
  readonly onResult: (result: TargetResult) => void;
}

/** @throws RangeError if there is no target of a name */
export async function fuzzAll(options: PoolOptions): Promise<void> {
  // For threads started from now on: memory is measured after a collection.
  setFlagsFromString('--expose-gc');
  let plan: Assignment[] | undefined;
  const planOnce = (targets: readonly { name: string; share: number }[]): Assignment[] =>
    (plan ??= assignments(targets, options));
  await Promise.all(
    Array.from({ length: options.threads }, async () => {
      // A thread that was ended has a successor, until there is nothing left to do.
      while (plan === undefined || plan.length > 0) await new Thread(planOnce, options).done;
    }),
  );
}

function assignments(
  targets: readonly { readonly name: string; readonly share: number }[],
  { executions, names, seconds, seed, threads }: PoolOptions,
): Assignment[] {
  const unknown = names.find((name) => targets.every((target) => target.name !== name));
  if (unknown !== undefined) {
    throw new RangeError(`there is no target "${unknown}": ${targets.map(({ name }) => name).join(', ')}`);
  }
  const chosen = names.length === 0 ? targets : targets.filter(({ name }) => names.includes(name));
  const shares = chosen.reduce((sum, { share }) => sum + share, 0);
  return chosen.map(({ name, share }) => ({
    target: name,
    executions: Math.ceil((executions * share) / shares),
    seconds: (seconds * Math.min(threads, chosen.length)) / chosen.length,
    seed,
  }));
}

class Thread {
  readonly done: Promise<void>;
  readonly #options: PoolOptions;
  readonly #worker: Worker;
  readonly #shared: SharedInput;
  #assignment: Assignment | undefined;
  #watch: NodeJS.Timeout | undefined;

  constructor(
    planOnce: (targets: readonly { name: string; share: number }[]) => Assignment[],
    options: PoolOptions,
  ) {
    this.#options = options;
    this.#shared = {
      state: new Int32Array(new SharedArrayBuffer(8)),
      input: new Uint8Array(new SharedArrayBuffer(SHARED_INPUT_BYTES)),
    };
    this.#worker = new Worker(new URL('./thread.ts', import.meta.url), {
      workerData: this.#shared,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
    });
    let plan: Assignment[] = [];
    this.done = new Promise((resolve, reject) => {
      const next = (): void => {
        this.#assignment = plan.shift();
        if (this.#assignment === undefined) void this.#worker.terminate();
        else this.#worker.postMessage(this.#assignment);
      };
      this.#worker.on('message', (message: FromThread) => {
        if (message.kind === 'finding') options.onFinding(message.finding);
        else if (message.kind === 'done') {
          options.onResult(message.result);
          next();
        } else {
          try {
            plan = planOnce(message.targets);
          } catch (error) {
            reject(error);
          }
          next();
        }
      });
      this.#worker.on('error', (error) => {
        if (this.#assignment === undefined) reject(error);
        else this.#lost('died', error instanceof Error ? error : new Error(String(error)));
      });
      this.#worker.on('exit', () => {
        clearInterval(this.#watch);
        resolve();
      });
    });
    this.#watchOver();
  }

  #watchOver(): void {
    let executions = -1;
    let stillSinceMs = performance.now();
    this.#watch = setInterval(() => {
      const now = Atomics.load(this.#shared.state, STATE_EXECUTIONS);
      if (now !== executions || this.#assignment === undefined) {
        executions = now;
        stillSinceMs = performance.now();
      } else if (performance.now() - stillSinceMs > HANG_MS) {
        this.#lost('hang', new Error(`no end within ${HANG_MS / 1_000} s`));
        void this.#worker.terminate();
      }
    }, WATCH_MS);
  }

  #lost(kind: Finding['kind'], { message, stack = '' }: Error): void {
    const { input, state } = this.#shared;
    const target = this.#assignment?.target ?? '';
    const bytes = Buffer.from(input.slice(0, state[STATE_LENGTH]));
    this.#options.onFinding({ target, kind, message, stack, inputs: [bytes.toString('base64')] });
    this.#assignment = undefined;
  }
}
