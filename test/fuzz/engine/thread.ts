/** A thread that fuzzes one target after the other, as it is told. */
import { parentPort, workerData } from 'node:worker_threads';
import { MAX_KEPT_BYTES, readCorpus } from './corpus-files.ts';
import type { Finding } from './finding.ts';
import { instrumentWhatLoads } from './hooks.ts';
import {
  type Assignment,
  type FromThread,
  type SharedInput,
  STATE_EXECUTIONS,
  STATE_LENGTH,
} from './messages.ts';

instrumentWhatLoads();

const { input: sharedInput, state } = workerData as SharedInput;
const { Fuzzer } = await import('./fuzzer.ts');
const { TARGETS } = await import('../targets/targets.ts');

function tell(message: FromThread): void {
  parentPort?.postMessage(message);
}

async function fuzz({ executions, seconds, seed, target: name }: Assignment): Promise<void> {
  const target = TARGETS.find((one) => one.name === name);
  if (target === undefined) throw new Error(`there is no target ${name}`);
  const fuzzer = new Fuzzer(target, {
    executions,
    deadlineMs: performance.now() + 1_000 * seconds,
    seed,
    kept: readCorpus(name),
    onInput: (input) => {
      Atomics.add(state, STATE_EXECUTIONS, 1);
      state[STATE_LENGTH] = Math.min(input.length, sharedInput.length);
      sharedInput.set(input.subarray(0, sharedInput.length));
    },
    onFinding: (finding: Finding) => tell({ kind: 'finding', finding }),
  });
  const { corpus, ...result } = await fuzzer.run();
  const minimal = corpus
    .minimal((MAX_KEPT_BYTES * 3) / 4)
    .map((input) => Buffer.from(input).toString('base64'));
  tell({ kind: 'done', result: { ...result, target: name, inputs: corpus.size, minimal } });
}

parentPort?.on('message', (assignment: Assignment) => {
  fuzz(assignment).catch((error) => {
    // Of the fuzzer or the target's own making: the command hears of it as of a thread that died.
    setImmediate(() => {
      throw error;
    });
  });
});
tell({ kind: 'ready', targets: TARGETS.map(({ name, share = 1 }) => ({ name, share })) });
