/** Threads are ended between two pieces of work, and never while they load. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { type ThreadListeners, WorkerThread } from '../../src/native/worker-thread.ts';
import type { GatedData } from './fixtures/gated-worker.ts';

const GATED = new URL('./fixtures/gated-worker.ts', import.meta.url);
const execute = promisify(execFile);

interface Started {
  readonly thread: WorkerThread<string, string>;
  readonly heard: string[];
  readonly failure: Promise<unknown>;
  openGate(): void;
  hasLoaded(): boolean;
}

function start(): Started {
  const state = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  const heard: string[] = [];
  const gone = Promise.withResolvers<unknown>();
  const listeners: ThreadListeners<string> = {
    message: (answer) => void heard.push(answer),
    exit: gone.resolve,
  };
  const workerData: GatedData = { state };
  return {
    thread: new WorkerThread(GATED, { name: 'gated', workerData }, listeners),
    heard,
    failure: gone.promise,
    openGate: () => {
      Atomics.store(state, 0, 1);
      Atomics.notify(state, 0);
    },
    hasLoaded: () => Atomics.load(state, 1) === 1,
  };
}

test('one that is ended while it loads loads to its end, does the work it was given, and goes', async () => {
  const { failure, hasLoaded, heard, openGate, thread } = start();
  thread.post('answer');
  const ended = Promise.all([thread.end(), thread.end()]);
  openGate();
  await ended;
  expect(hasLoaded()).toBe(true);
  expect(heard).toEqual(['answer']);
  expect(await failure).toMatchObject({ message: 'exit code 0' });
});

test('one that does not come to an end is terminated', async () => {
  const { failure, openGate, thread } = start();
  openGate();
  thread.post('never end');
  await thread.end();
  expect(await failure).toMatchObject({ message: 'exit code 1' });
});

test('one that cannot be loaded is gone, with why', async () => {
  const gone = Promise.withResolvers<unknown>();
  const missing = new URL('./fixtures/missing.ts', import.meta.url);
  const thread = new WorkerThread(missing, {}, { message: () => {}, exit: gone.resolve });
  expect(String(await gone.promise)).toContain('missing.ts');
  await thread.end();
});

test('a process does not end before its threads have loaded, though they have nothing to do; then it does', async () => {
  const program = `
    const { WorkerThread } = await import('${new URL('../../src/native/worker-thread.ts', import.meta.url)}');
    const state = new Int32Array(new SharedArrayBuffer(8));
    const listeners = { message: () => {}, exit: () => {} };
    new WorkerThread(new URL('${GATED}'), { workerData: { state, opensAfterMs: 300 } }, listeners).idle();
    process.on('exit', () => console.log(Atomics.load(state, 1) === 1 ? 'loaded' : 'not loaded'));`;
  const { stdout } = await execute(process.execPath, ['--input-type=module', '-e', program], {
    timeout: 20_000,
  });
  expect(stdout).toBe('loaded\n');
});
