import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { WITH_PARENT } from '../../src/cli/parent.ts';
import { TallyClient } from '../../src/client/tally-client.ts';
import { Running, runTally } from '../support/run-tally.ts';

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
  expect(line).toMatch(/node-2 {3}▣ #\d+ [0-9a-f]{8}… +from node-1 +\+\d+ ms +0 tx$/);
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

test('a devnet whose ports are taken says which within a second, names its own option, and starts nothing', async () => {
  const taken = createServer();
  taken.listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  // Of node 2, and beside it the port for its peers.
  const ran = await runTally(['devnet', '-n', '2', '--base-port', `${port - 1}`]);
  expect(ran.status).toBe(1);
  expect(ran.stderr).toMatch(
    new RegExp(`^tally: taken already on 127.0.0.1: .*\\b${port}\\b.*; choose another --base-port, or leave`),
  );
  expect(ran.stderr.trim().split('\n')).toHaveLength(1);
  const page = await runTally(['devnet', '-n', '2', '--page-port', `${port}`]);
  expect(page.stderr).toBe(
    `tally: taken already on 127.0.0.1: ${port}; choose another --page-port, or leave it out for free ports\n`,
  );
  taken.close();
});

test('Ctrl-C ends a devnet that is still starting, and is no failure', async () => {
  const net = devnet('-n', '4', '--json');
  // The first is ready, the others hardly.
  await net.json({ event: 'daemon.started' });
  expect(await net.stop('SIGINT')).toBe(0);
  expect(net.stderr).toBe('');
});

test('Ctrl-C at the moment at which all are ready, and their page is about to open, ends them too', async () => {
  const net = devnet('-n', '2', '--json');
  await Promise.all([1, 2].map((number) => net.json({ node: `node-${number}`, event: 'daemon.started' })));
  expect(await net.stop('SIGINT')).toBe(0);
});

test('the same devnet typed twice: the second says at once that its ports are taken, the first goes on', async () => {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  const command = ['-n', '1', '--base-port', `${port}`];
  const first = devnet(...command);
  const row = await first.line((line) => line.startsWith('node-1 '));
  expect(row).toContain(`http://127.0.0.1:${port} `);
  const second = await runTally(['devnet', '--like', 'test', '--mine', '0', ...command]);
  expect(second.status).toBe(1);
  expect(second.stderr).toBe(
    `tally: taken already on 127.0.0.1: ${port}, ${port + 100}; choose another --base-port, or leave it out for free ports\n`,
  );
  expect(second.stdout).toBe('');
  expect((await new TallyClient({ url: `http://127.0.0.1:${port}` }).call('status')).name).toBe('node-1');
});

test('ports beyond the last one are refused before anything is started', async () => {
  const ran = await runTally(['devnet', '-n', '4', '--base-port', '65500']);
  expect(ran.status).toBe(2);
  expect(ran.stderr).toBe(
    'tally: --base-port 65500 is too high: the ports of 4 nodes would go up to 65603\n',
  );
});

test('a daemon that cannot start ends, although its parent goes on: its devnet waits for that', async () => {
  const taken = createServer();
  taken.listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const folder = await mkdtemp(join(tmpdir(), 'tally-devnet-test-'));
  for (const option of ['--p2p-port', '--api-port']) {
    const other = option === '--p2p-port' ? '--api-port' : '--p2p-port';
    const daemon = new Running([
      ...['start', '--network', 'test', '--data', folder, '--no-mdns', '--p2p-host', '127.0.0.1'],
      ...[option, `${port}`, other, '0'],
    ]);
    running.push(daemon);
    // `Running` keeps a channel to it, as a devnet does.
    expect(await daemon.ended).toBe(1);
    expect(daemon.stderr).toContain(option);
  }
  taken.close();
  await rm(folder, { recursive: true });
});

test('a daemon whose devnet was gone before it could notice ends by itself', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tally-devnet-test-'));
  const { status, stdout } = await runTally(
    ['start', '--network', 'test', '--data', folder, '--no-mdns', '--p2p-port', '0', '--api-port', '0'],
    { ...WITH_PARENT },
  );
  expect(status).toBe(0);
  // By itself, not because the test ended it.
  expect(stdout).toContain('daemon.stopping');
  expect(stdout).not.toContain('daemon.started');
  await rm(folder, { recursive: true });
});
