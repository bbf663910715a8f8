import { mkdir, readdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runTally } from '../support/run-tally.ts';
import { TallyProcesses } from '../support/tally-process.ts';

let processes: TallyProcesses;
let data: string;

beforeEach(async () => {
  processes = await TallyProcesses.create();
  data = join(processes.folder, 'data');
});

afterEach(() => processes.close());

function backup(target: string, ...more: string[]) {
  return runTally(['backup', target, '--data', data, ...more]);
}

/** Starts the copy, which says by itself of which network it is. @returns its tip */
async function tipOf(folder: string): Promise<string> {
  const daemon = await processes.start({ data: folder });
  const { tip } = await daemon.client.call('status');
  expect((await daemon.client.call('chainValidity')).valid).toBe(true);
  await daemon.kill();
  return tip;
}

test('of a daemon that mines all the time: one moment of it, from which another starts', async () => {
  const daemon = await processes.start({ data });
  const stop = new AbortController();
  const mining = daemon.client
    .call('mine', { body: { blocks: 10_000 } }, { signal: stop.signal, timeoutMs: Number.POSITIVE_INFINITY })
    .catch(() => undefined);
  await daemon.waitFor(
    (line) => line.event === 'block.mined' && (line.height as number) >= 300,
    '300 blocks',
  );
  const target = join(processes.folder, 'copy');
  const ran = await backup(target, '--json');
  expect(ran).toMatchObject({ status: 0, stderr: '' });
  const { files, height, tip } = JSON.parse(ran.stdout) as { files: string[]; height: number; tip: string };
  expect(files.toSorted()).toEqual(['network.json', 'peer-key', 'wallet.json']);
  expect(height).toBeGreaterThanOrEqual(300);
  // It went on meanwhile, and the copy is of its chain.
  await daemon.waitFor((line) => line.event === 'block.mined' && (line.height as number) > height, 'more');
  stop.abort();
  await mining;
  expect(await daemon.client.call('block', { params: { block: `${height}` } })).toMatchObject({ id: tip });
  expect((await stat(target)).mode & 0o777).toBe(0o700);
  for (const name of await readdir(target)) expect((await stat(join(target, name))).mode & 0o777).toBe(0o600);
  expect(await readFile(join(target, 'wallet.json'))).toEqual(await readFile(join(data, 'wallet.json')));
  await daemon.kill();
  expect(await tipOf(target)).toBe(tip);
});

test('of one that was killed, and of one that stopped, named by --network if the folder is old', async () => {
  const daemon = await processes.start({ data });
  const { ids } = await daemon.client.call('mine', { body: { blocks: 3 } });
  await daemon.kill('SIGKILL');
  const killed = join(processes.folder, 'killed');
  expect(await backup(killed)).toMatchObject({
    status: 0,
    stdout: expect.stringContaining(`start it with: tally start --data ${killed}`),
  });
  expect(await tipOf(killed)).toBe(ids.at(-1));
  expect(await tipOf(data)).toBe(ids.at(-1));
  await unlink(join(data, 'network.json'));
  const stopped = join(processes.folder, 'stopped');
  expect(await backup(stopped)).toMatchObject({ status: 0 });
  expect(await tipOf(stopped)).toBe(ids.at(-1));
});

test('never overwrites, leaves nothing behind when it fails, and notices damage', async () => {
  const daemon = await processes.start({ data });
  await daemon.client.call('mine', { body: { blocks: 50 } });
  await daemon.kill();
  const target = join(processes.folder, 'there');
  await mkdir(target);
  expect(await backup(target)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('exists already: it is never overwritten'),
  });
  expect(await backup(join(data, 'inside'))).toMatchObject({ status: 2 });
  expect(await runTally(['backup', join(processes.folder, 'x'), '--data', processes.folder])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('there is no ledger in'),
  });
  const ledger = join(data, 'ledger.sqlite');
  new DatabaseSync(ledger).close();
  const bytes = await readFile(ledger);
  bytes.fill(0xff, 8 * 4_096, 9 * 4_096);
  await writeFile(ledger, bytes);
  const ran = await backup(join(processes.folder, 'damaged'));
  expect(ran).toMatchObject({ status: 1, stderr: expect.stringMatching(/^tally: .*damaged[^\n]+\n$/) });
  expect((await readdir(processes.folder)).toSorted()).toEqual(['data', 'there']);
  await rm(target, { recursive: true });
});
