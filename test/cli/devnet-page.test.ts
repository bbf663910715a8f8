/** The page of `tally devnet`: its network is cut in two and healed. */
import { afterEach, expect, test } from 'vitest';
import { PagedDevnet } from '../support/paged-devnet.ts';
import { Running, runTally } from '../support/run-tally.ts';

let devnet: PagedDevnet | undefined;

afterEach(async () => {
  await devnet?.stop();
  devnet = undefined;
});

async function post(path: string, body?: object): Promise<number> {
  const { status } = await fetch(`${devnet?.url}${path}`, {
    method: 'POST',
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  return status;
}

test('cut, both sides go on by themselves; healed, they agree within seconds', async () => {
  const net = await PagedDevnet.start(3);
  devnet = net;
  await net.hasPeers(3, 2);
  expect(await post('/nodes/cut', { apart: [3] })).toBe(200);
  await net.hasPeers(3, 0);
  await net.hasPeers(1, 1);
  const [, losing = ''] = await net.mine(1, 2);
  const [, , winning = ''] = await net.mine(3, 3);
  // Not even when somebody dials.
  const [address = ''] = (await net.clients[2]?.call('status'))?.addresses ?? [];
  await expect(net.clients[0]?.call('addPeers', { body: { addresses: [address] } })).rejects.toThrow();
  await net.haveTip(losing, [1, 2]);
  await net.haveTip(winning, [3]);
  expect(await post('/nodes/heal')).toBe(200);
  await net.haveTip(winning, [1, 2, 3]);
  await net.hasPeers(3, 2);
  expect(await net.stop('SIGINT')).toBe(0);
});

test('its address comes first; without a page there is none', async () => {
  const args = ['devnet', '-n', '2', '--like', 'test', '--mine', '0'];
  const shown = new Running(args);
  const url = /http:\S+/.exec(await shown.line((line) => line.startsWith('node-1 ')))?.[0];
  expect(shown.lines[0]).toMatch(/^See them all: http:\/\/127\.0\.0\.1:[0-9]+\/#\/nodes$/);
  expect(url).toBeDefined();
  const bare = new Running([...args, '--no-page']);
  await bare.line((line) => line.startsWith('node-1 '));
  expect(bare.lines.join('\n')).not.toContain('/#/nodes');
  expect(await Promise.all([shown.stop('SIGINT'), bare.stop('SIGINT')])).toEqual([0, 0]);
});

test('explore serves the page for daemons elsewhere, until it is stopped', async () => {
  const explore = new Running([
    ...['explore', 'http://127.0.0.1:1', 'http://127.0.0.1:2', '--port', '0', '--json'],
  ]);
  const { nodes, url } = await explore.json({ event: 'page.started' });
  expect(nodes).toEqual([
    { name: 'node-1', url: 'http://127.0.0.1:1' },
    { name: 'node-2', url: 'http://127.0.0.1:2' },
  ]);
  expect(await (await fetch(`${url}`)).text()).toContain('tally-nodes');
  expect((await fetch(`${url}/nodes/2/v1/status`)).status).toBe(503);
  const taken = await runTally(['explore', '--port', new URL(`${url}`).port]);
  expect(taken).toMatchObject({ status: 1, stderr: expect.stringMatching(/^tally: port .* --port\n$/) });
  expect(await explore.stop('SIGINT')).toBe(0);
  expect(await runTally(['explore', 'nonsense'])).toMatchObject({ status: 2, stdout: '' });
  expect(await runTally(['explore'], { TALLY_API: 'nonsense' })).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/^tally: TALLY_API is "nonsense".*\n$/),
  });
});
