/** Three daemons, started separately, with no addresses given: what a user sees on a local network. */
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runTally } from '../support/run-tally.ts';
import { type TallyProcess, TallyProcesses } from '../support/tally-process.ts';

/** DESIGN: a stop takes two seconds at most. */
const STOP_MS = 2_000;
/** Two questions on the LAN are ten seconds apart, and the first may be asked before the other listens. */
const DISCOVERY_MS = 45_000;

let processes: TallyProcesses;

beforeAll(async () => {
  processes = await TallyProcesses.create();
});

afterAll(() => processes.close());

/** Runs a command against one daemon. @returns what it printed as JSON */
async function tally(
  daemon: TallyProcess,
  data: string,
  ...args: string[]
): Promise<Record<string, unknown>> {
  const ran = await runTally([...args, '--json'], { TALLY_API: daemon.client.url, TALLY_DATA: data });
  expect(ran, args.join(' ')).toMatchObject({ status: 0, stderr: '' });
  return JSON.parse(ran.stdout) as Record<string, unknown>;
}

const isAccepted = (height: number) => (line: { event?: string; height?: unknown; onChain?: unknown }) =>
  line.event === 'block.accepted' && line.height === height && line.onChain === true;

test('they find each other; a payment on one is confirmed on all; a signal ends each at once', async () => {
  const network = join(processes.folder, 'network.json');
  const created = await runTally([
    ...['network', 'create', network, '--like', 'test', '--name', 'three-daemons'],
    // A genesis of its own: these daemons meet nobody else's.
    ...['--genesis-time', `${Date.now() - 60_000 - randomInt(2 ** 40)}`],
  ]);
  expect(created).toMatchObject({ status: 0, stderr: '' });

  const folders = ['one', 'two', 'three'].map((name) => join(processes.folder, name));
  const lan = { network, mdns: true, p2pHost: '0.0.0.0', more: ['--log-level', 'debug'] };
  const daemons = folders.map((data) => processes.spawn({ ...lan, data }));
  const started = await Promise.all(daemons.map((daemon) => daemon.started));
  for (const [index, daemon] of daemons.entries()) {
    for (const { peerId } of started.filter((_, other) => other !== index)) {
      await daemon.waitFor(
        (line) => line.event === 'peer.connected' && line.peer === peerId,
        `daemon ${index + 1} is connected to ${peerId}`,
        { deadlineMs: DISCOVERY_MS },
      );
    }
  }

  const [one, two, three] = daemons as [TallyProcess, TallyProcess, TallyProcess];
  const [dataOne, dataTwo, dataThree] = folders as [string, string, string];
  await tally(one, dataOne, 'mine', '1');
  for (const daemon of daemons) await daemon.waitFor(isAccepted(1), 'block 1 on every daemon');

  const { address } = await tally(three, dataThree, 'wallet', 'show');
  const { id } = await tally(one, dataOne, 'send', String(address), '1.5', '--memo', 'for the third');
  await two.waitFor(
    (line) => line.event === 'transaction.accepted' && line.id === id,
    'the payment reaches the second daemon',
  );
  await tally(two, dataTwo, 'mine', '1');
  for (const daemon of daemons) await daemon.waitFor(isAccepted(2), 'block 2 on every daemon');

  for (const [index, daemon] of daemons.entries()) {
    const data = folders[index] ?? '';
    expect(await tally(daemon, data, 'tx', String(id))).toMatchObject({ status: 'confirmed', height: 2 });
    expect(await tally(daemon, data, 'chain', 'verify')).toMatchObject({ valid: true, checkedBlocks: 3 });
    expect(await tally(daemon, data, 'balance', String(address))).toMatchObject({ balance: '1500000' });
  }
  const tips = await Promise.all(daemons.map((daemon) => daemon.client.call('status')));
  expect(new Set(tips.map(({ tip }) => tip)).size).toBe(1);

  for (const daemon of daemons) {
    const begun = performance.now();
    expect(await daemon.kill('SIGTERM')).toEqual({ status: 0, signal: null });
    expect(performance.now() - begun).toBeLessThan(STOP_MS);
    expect(daemon.lines.at(-1)?.event).toBe('daemon.stopped');
  }
}, 120_000);
