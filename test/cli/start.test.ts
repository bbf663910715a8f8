import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TallyClient } from '../../src/client/tally-client.ts';
import { formatNetworkFile } from '../../src/core/network-file.ts';
import { TEST_PARAMS } from '../../src/core/network-params.ts';
import { Running, runTally } from '../support/run-tally.ts';
import vectors from '../vectors/wallet.json' with { type: 'json' };

let folder: string;
const running: Running[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tally-start-'));
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((daemon) => daemon.stop('SIGKILL')));
  await rm(folder, { recursive: true });
});

const QUIET = ['--p2p-host', '127.0.0.1', '--p2p-port', '0', '--no-mdns', '--network', 'test'];

function start(...more: string[]): Running {
  const daemon = new Running(['start', ...QUIET, '--data', join(folder, 'data'), '--api-port', '0', ...more]);
  running.push(daemon);
  return daemon;
}

async function clientOf(daemon: Running): Promise<TallyClient> {
  const { api } = await daemon.json({ event: 'daemon.started' });
  return new TallyClient({ url: api as string });
}

test.each(['json', 'pretty'])(
  'a network whose name turns the writing around is told of without, in a log as %s',
  async (format) => {
    const path = join(folder, 'network.json');
    await writeFile(path, JSON.stringify({ ...formatNetworkFile(TEST_PARAMS), name: 'te\u202est' }));
    const daemon = start('--network', path, '--log-format', format, '--mine');
    await daemon.line((line) => line.includes(format === 'json' ? 'daemon.started' : 'te·st'));
    await daemon.stop();
    const all = `${daemon.lines.join('\n')}${daemon.stderr}`;
    expect(all).toMatch(/te(·|\\u202e)st/);
    expect(all).not.toContain('\u202e');
  },
);

test('a daemon greets in words, logs JSON lines, and what it acknowledged is there after a stop', async () => {
  const daemon = start();
  const client = await clientOf(daemon);
  const { ids } = await client.call('mine', { body: { blocks: 3 } });
  expect(await daemon.json({ event: 'block.mined', height: 3 })).toMatchObject({ id: ids[2], level: 30 });
  expect(await daemon.json({ event: 'block.accepted', height: 3 })).toMatchObject({ source: 'mined' });
  expect(daemon.lines.every((line) => line.startsWith('{'))).toBe(true);

  const wallet = await runTally(['wallet', 'show', '--json', '--data', join(folder, 'data')]);
  const { address } = JSON.parse(wallet.stdout) as { address: string };
  expect((await client.call('account', { params: { address } })).balance).toBe('150000000');
  expect((await stat(join(folder, 'data'))).mode & 0o777).toBe(0o700);
  expect((await stat(join(folder, 'data', 'api-token'))).mode & 0o777).toBe(0o600);

  const begun = performance.now();
  expect(await daemon.stop('SIGINT')).toBe(0);
  expect(performance.now() - begun).toBeLessThan(3_000);
  expect(daemon.lines.at(-1)).toContain('daemon.stopped');
  expect(daemon.stderr).toContain(`  wallet   ${address}\n`);
  expect(daemon.stderr).toContain(
    `npx tally send ADDRESS 1.5 --api ${client.url} --data ${join(folder, 'data')}`,
  );

  const again = await clientOf(start());
  expect(await again.call('status')).toMatchObject({ height: 3, tip: ids[2] });
});

test('a live feed that is open does not hold up the stop', async () => {
  const daemon = start();
  const client = await clientOf(daemon);
  await client.call('mine', { body: { blocks: 1 } });
  const events = client.events({ after: '0' });
  await events.next();
  const ended = expect(drain(events)).rejects.toMatchObject({ name: 'ConnectionError' });
  expect(await daemon.stop()).toBe(0);
  await ended;
});

async function drain(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _event of events);
}

test('--mine says so in words, and mines to the address given', async () => {
  const { stdout } = await runTally(['wallet', 'create', '--data', join(folder, 'other'), '--json']);
  const { address } = JSON.parse(stdout) as { address: string };
  const daemon = start('--mine', '--threads', '1', '--miner', address);
  await daemon.json({ event: 'block.mined', height: 1 });
  expect(await daemon.stop()).toBe(0);
  expect(daemon.stderr).toContain(`mining   with 1 thread, the reward goes to ${address}`);
});

test.each([
  ['watch-only', ['--watch', 'ADDRESS']],
  ['encrypted', ['--words-file', 'WORDS', '--passphrase-file', 'WORDS']],
])('it mines to a wallet that is %s, with no passphrase', async (_kind, args) => {
  const data = join(folder, 'data');
  const words = join(folder, 'words');
  const address = vectors[1]?.accounts[0]?.address ?? '';
  await writeFile(words, vectors[1]?.words ?? '');
  const given = args.map((arg) => arg.replace('ADDRESS', address).replace('WORDS', words));
  const made = await runTally(['wallet', 'import', ...given, '--data', data, '--json']);
  const wallet = JSON.parse(made.stdout) as { address: string };
  const daemon = start();
  const client = await clientOf(daemon);
  await client.call('mine', { body: { blocks: 1 } });
  expect((await client.call('account', { params: { address: wallet.address } })).balance).toBe('50000000');
  expect(daemon.stderr).not.toContain('not encrypted');
});

test('the wallet a first start makes has words, and they bring it back', async () => {
  const daemon = start();
  await clientOf(daemon);
  const words = join(folder, 'words');
  expect((await runTally(['wallet', 'export', words, '--data', join(folder, 'data')])).status).toBe(0);
  const made = await runTally(['wallet', 'import', '--words-file', words, '--data', join(folder, 'other')]);
  expect(daemon.stderr).toContain('not encrypted: for more than trying out, tally wallet encrypt');
  expect(daemon.stderr).toContain(`  wallet   ${made.stdout.split('\n')[0]}\n`);
});

test('a daemon whose parent is gone stops by itself', async () => {
  const daemon = start();
  await clientOf(daemon);
  daemon.child.disconnect();
  expect(await daemon.ended).toBe(0);
});

test('a log nobody reads any more does not hold up the stop', async () => {
  const daemon = start('--log-level', 'debug');
  const client = await clientOf(daemon);
  daemon.child.stdout?.pause();
  // More than a pipe holds.
  await client.call('mine', { body: { blocks: 1_000 } });
  const exited = once(daemon.child, 'exit');
  const begun = performance.now();
  daemon.child.kill('SIGTERM');
  expect((await exited)[0]).toBe(0);
  expect(performance.now() - begun).toBeLessThan(3_500);
  daemon.child.stdout?.resume();
});

test('a taken API port is an error that names the flag', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const ran = await runTally(['start', ...QUIET, '--data', join(folder, 'data'), '--api-port', `${port}`]);
  expect(ran).toMatchObject({
    status: 1,
    stderr: `tally: port ${port} is taken: choose another with --api-port\n`,
  });
  server.close();
});

test('a folder another daemon uses is an error that says so', async () => {
  await clientOf(start());
  const second = await runTally(['start', ...QUIET, '--data', join(folder, 'data'), '--api-port', '0']);
  expect(second).toMatchObject({ status: 1, stderr: expect.stringMatching(/^tally: [^\n]+\n$/) });
  expect(second.stderr).toContain('another daemon');
});

test('a folder that cannot be made is an error that names the flag', async () => {
  const ran = await runTally(['start', ...QUIET, '--data', '/dev/null/x', '--api-port', '0']);
  expect(ran).toMatchObject({ status: 1, stderr: expect.stringMatching(/^tally: cannot make .* --data\n$/) });
});

test('beyond loopback the token guards what changes the daemon, and the command line finds it', async () => {
  // The address stays loopback for the traffic; only the rule for it is the other one.
  const daemon = start('--api-host', '0.0.0.0');
  const { api } = await daemon.json({ event: 'daemon.started' });
  const url = api as string;
  await expect(new TallyClient({ url }).call('mine', { body: { blocks: 1 } })).rejects.toMatchObject({
    status: 401,
  });
  const none = await runTally(['mine', '--api', url, '--data', folder]);
  expect(none).toMatchObject({ status: 1, stderr: expect.stringContaining('api-token') });
  const own = await runTally(['mine', '--api', url, '--data', join(folder, 'data')]);
  expect(own).toMatchObject({ status: 0, stderr: '' });
});

test('an unreadable wallet stops the start before anything is written over it', async () => {
  const data = join(folder, 'data');
  await runTally(['wallet', 'create', '--data', data]);
  await chmod(join(data, 'wallet.json'), 0o600);
  await writeFile(join(data, 'wallet.json'), '{');
  const ran = await runTally(['start', ...QUIET, '--data', data, '--api-port', '0']);
  expect(ran).toMatchObject({ status: 1, stderr: expect.stringContaining('damaged') });
  expect(await readFile(join(data, 'wallet.json'), 'utf8')).toBe('{');
});

test.each([
  ['start', ...QUIET, '--peer', 'example.org:4141'],
  ['peers', 'add', '/ip4/192.0.2.7/udp/4141'],
])('what is no multiaddr is used wrongly: %s %s', async (...args) => {
  const { status, stderr } = await runTally([...args, '--data', join(folder, 'data')]);
  expect(status).toBe(2);
  expect(stderr).toMatch(/^tally: "[^"]+" is not a multiaddr like \/ip4\/192\.168\.1\.7\/tcp\/4141\n$/);
});

test('daemons with a pre-shared key find each other, and nobody else gets in', async () => {
  const file = join(folder, 'club.psk');
  const made = await runTally(['network', 'psk', file]);
  expect(made).toMatchObject({ status: 0, stderr: '' });
  expect(made.stdout).toContain(`tally start --psk ${file}`);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await runTally(['network', 'psk', file])).toMatchObject({
    status: 1,
    stderr: `tally: ${file} exists already: it is never overwritten\n`,
  });

  const first = start('--psk', file);
  const { addresses } = await first.json({ event: 'daemon.started' });
  const [address = ''] = addresses as string[];
  const second = new Running([
    ...['start', ...QUIET, '--data', join(folder, 'second'), '--api-port', '0'],
    ...['--psk', file, '--peer', address],
  ]);
  running.push(second);
  await first.json({ event: 'peer.connected' });
  expect(first.stderr).toContain(`if they have the key in ${file}`);

  const outside = new Running(['start', ...QUIET, '--data', join(folder, 'outside'), '--api-port', '0']);
  running.push(outside);
  const client = await clientOf(outside);
  await expect(client.call('addPeers', { body: { addresses: [address] } })).rejects.toMatchObject({
    code: 'peer-unreachable',
  });
});

test('a file that holds no pre-shared key is refused with what to do', async () => {
  const file = join(folder, 'wrong.psk');
  await writeFile(file, 'let me in');
  const refused = await runTally(['start', ...QUIET, '--data', join(folder, 'data'), '--psk', file]);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toMatch(
    /wrong\.psk: it is no pre-shared key .*; make one with: tally network psk FILE\n$/,
  );
  const missing = await runTally(['start', ...QUIET, '--data', join(folder, 'data'), '--psk', `${file}.not`]);
  expect(missing).toMatchObject({ status: 1, stdout: '' });
  expect(missing.stderr).toContain('cannot read');
});
