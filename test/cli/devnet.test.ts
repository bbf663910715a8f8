import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { DevnetLines } from '../../src/cli/devnet/lines.ts';
import { TallyClient } from '../../src/client/tally-client.ts';
import { Running } from '../support/run-tally.ts';

const running: Running[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((devnet) => devnet.stop('SIGKILL')));
});

function devnet(...args: string[]): Running {
  const started = new Running(['devnet', '--like', 'test', '--mine', '0', ...args]);
  running.push(started);
  return started;
}

test('three daemons connect each with each, a block reaches all, and Ctrl-C stops them all', async () => {
  const net = devnet('-n', '3', '--json');
  const [first] = await Promise.all(
    [1, 2, 3].map((number) => net.json({ node: `node-${number}`, event: 'daemon.started' })),
  );
  const client = new TallyClient({ url: first?.api as string });
  await expect.poll(async () => (await client.call('status')).peers, { timeout: 15_000 }).toBe(2);
  const { ids } = await client.call('mine', { body: { blocks: 1 } });
  for (const node of ['node-2', 'node-3']) {
    expect(await net.json({ node, event: 'block.accepted', id: ids[0] })).toMatchObject({ height: 1 });
  }
  expect(await net.stop('SIGINT')).toBe(0);
  await expect(client.call('status')).rejects.toThrow('ECONNREFUSED');
  expect(existsSync(first?.data as string)).toBe(false);
});

test('daemons end with a devnet that is killed', async () => {
  const net = devnet('-n', '2', '--json');
  const started = await Promise.all(
    [1, 2].map((number) => net.json({ node: `node-${number}`, event: 'daemon.started' })),
  );
  await net.stop('SIGKILL');
  for (const { pid } of started)
    await expect.poll(() => isRunning(pid as number), { timeout: 8_000 }).toBe(false);
  // A killed devnet cannot.
  await rm(join(String(started[0]?.data), '..'), { recursive: true });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('in words: a table of the APIs, then the blocks by the names of the nodes', async () => {
  const net = devnet('-n', '2');
  const row = await net.line((line) => line.startsWith('node-1 '));
  const url = /http:\S+/.exec(row)?.[0] ?? '';
  const client = new TallyClient({ url });
  await net.line((line) => line.includes('connected'));
  let line = '';
  // A block mined before gossip knows of the new connection comes by the status exchange, from nobody in particular.
  for (let height = 1; !line.includes('from node-1'); height++) {
    await client.call('mine', { body: { blocks: 1 } });
    line = await net.line((text) => text.includes(`node-2   ▣ #${height} `));
  }
  expect(line).toMatch(/node-2 {3}▣ #\d+ [0-9a-f]{8}… {2}from node-1 {2}\+\d+ ms {2}0 tx$/);
  expect(await net.stop('SIGTERM')).toBe(0);
});

test('a daemon that dies is reported', async () => {
  const net = devnet('-n', '2', '--json');
  const { pid } = await net.json({ node: 'node-2', event: 'daemon.started' });
  await net.json({ node: 'node-1', event: 'peer.connected' });
  process.kill(pid as number, 'SIGKILL');
  await expect.poll(() => net.stderr, { timeout: 5_000 }).toContain('node-2 ended (killed)');
  expect(await net.stop('SIGINT')).toBe(0);
});

test('a log line tells who mined a block and how long it travelled', () => {
  const lines = new DevnetLines();
  lines.name('peer-of-1', 'node-1');
  const id = `000000${'3f'.repeat(29)}`;
  const mined = { level: 30, time: 1_000, event: 'block.mined', height: 42, id, transactions: 3 };
  expect(lines.describe('node-1', mined)).toEqual({
    text: '▣ #42 3f3f3f3f…  mined  3 tx',
    emphasis: 'mined',
  });
  const accepted = {
    ...{ level: 30, time: 1_006, event: 'block.accepted', height: 42, id, transactions: 3 },
    ...{ source: 'gossip', from: 'peer-of-1', onChain: true },
  };
  expect(lines.describe('node-2', accepted)).toEqual({
    text: '▣ #42 3f3f3f3f…  from node-1  +6 ms  3 tx',
    emphasis: 'plain',
  });
  expect(lines.describe('node-2', { ...accepted, onChain: false } as typeof accepted)?.emphasis).toBe('fork');
  expect(lines.describe('node-1', { ...accepted, source: 'mined' } as typeof accepted)).toBeUndefined();
});

test('what a daemon says beside events is shown only if it is a warning', () => {
  const lines = new DevnetLines();
  expect(lines.describe('node-1', { level: 30, time: 0, msg: 'x' })).toBeUndefined();
  expect(lines.describe('node-1', { level: 30, time: 0, event: 'daemon.started' })).toBeUndefined();
  expect(lines.describe('node-1', { level: 40, time: 0, msg: 'x' })).toEqual({
    text: '! x',
    emphasis: 'warning',
  });
});
