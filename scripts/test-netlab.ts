/**
 * Four daemons on four hosts (network namespaces on one switch): they find each other by mDNS, a payment on
 * one is confirmed on all, and a partition heals without a restart. Needs root; `npm run test:netlab`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  chainsAreValid,
  type Host,
  isConfirmedOn,
  must,
  peersAreConnected,
  run,
  tipOf,
  tipsAgree,
  until,
} from './lab-hosts.ts';

/** Makes hosts and cuts them apart: `up N`, `exec I -- CMD`, `cut 'A|B'`, `heal`, `down`. */
const LAB = process.env.NETLAB_COMMAND ?? '../shared/lab/netlab';
/** A lab of our own, beside any other. */
process.env.NETLAB = `tally-${process.pid}`.slice(0, 16);
const HOSTS = 4;
const TALLY = ['src/cli/tally.js'];

const folder = await mkdtemp(join(tmpdir(), 'tallystick-netlab-'));
const daemons: ChildProcess[] = [];

const onHost = (index: number, ...args: string[]): string[] => [
  'exec',
  String(index),
  '--',
  process.execPath,
  ...TALLY,
  ...args,
];

const hosts: Host[] = Array.from({ length: HOSTS }, (_, i) => ({
  name: `host-${i + 1}`,
  tally: async (...args) =>
    JSON.parse(await run(LAB, onHost(i + 1, ...args, '--data', join(folder, String(i + 1))))),
}));

function startDaemon(index: number, network: string): void {
  const args = ['start', '--network', network, '--data', join(folder, String(index)), '--threads', '1'];
  const daemon = spawn(LAB, onHost(index, ...args), { stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(logOf(index), { flags: 'a' });
  daemon.stdout.pipe(log);
  daemon.stderr.pipe(log);
  daemons.push(daemon);
}

const logOf = (index: number): string => join(folder, `host-${index}.log`);

async function test(): Promise<void> {
  const network = join(folder, 'network.json');
  // A genesis of its own: these daemons meet nobody else's.
  await run(process.execPath, [
    ...TALLY,
    'network',
    'create',
    network,
    '--like',
    'test',
    '--name',
    'netlab',
    '--genesis-time',
    String(Date.now() - 60_000),
  ]);
  const [one, two, three, four] = hosts as [Host, Host, Host, Host];

  console.log('Four daemons, started separately, with no addresses given:');
  for (let i = 1; i <= HOSTS; i++) startDaemon(i, network);
  await peersAreConnected(hosts, 60_000);

  console.log('A payment on one is confirmed on all:');
  await one.tally('mine', '3', '--json');
  await tipsAgree(hosts, 20_000);
  const { address: recipient } = await four.tally('wallet', 'show', '--json');
  const { id: payment } = await one.tally('send', String(recipient), '1.5', '--json');
  await until(
    'host-3 has the payment in its pool',
    10_000,
    () => three.tally('tx', String(payment), '--json'),
    ({ status }) => status === 'pending',
  );
  await three.tally('mine', '1', '--json');
  await isConfirmedOn(hosts, String(payment), 20_000);

  console.log('A partition, and each side goes its own way:');
  await run(LAB, ['cut', '1,2|3,4']);
  const { id: lost } = await one.tally('send', String(recipient), '0.25', '--json');
  await one.tally('mine', '3', '--json');
  await three.tally('mine', '6', '--json');
  await tipsAgree([one, two], 20_000);
  await tipsAgree([three, four], 20_000);
  must((await tipOf(one)) !== (await tipOf(three)), 'the two sides have different tips');
  await until(
    'each side has noticed that the other is gone',
    60_000,
    () =>
      Promise.all(
        hosts.map(async (host) => ((await host.tally('peers', '--json')).peers as unknown[]).length),
      ),
    (counts) => counts.every((count) => count === 1),
  );

  console.log('It heals without a restart:');
  const heaviest = await tipOf(three);
  await run(LAB, ['heal']);
  const tip = await tipsAgree(hosts, 60_000);
  must(tip === heaviest, 'the tip is that of the side with more work');
  await until(
    'the payment of the side that lost is waiting again',
    20_000,
    () => one.tally('tx', String(lost), '--json'),
    ({ status }) => status === 'pending',
  );
  await until(
    'and host-4, who never saw it, has it too',
    20_000,
    () => four.tally('tx', String(lost), '--json'),
    ({ status }) => status === 'pending',
  );
  await four.tally('mine', '1', '--json');
  await isConfirmedOn(hosts, String(lost), 20_000);
  must(
    (await readFile(logOf(1), 'utf8')).includes('chain.reorganised'),
    'the log of host-1 tells of the reorganisation',
  );
  await peersAreConnected(hosts, 30_000);
  await chainsAreValid(hosts);
}

try {
  await run(LAB, ['up', String(HOSTS)]);
  await test();
  console.log('netlab: passed');
} catch (error) {
  for (let i = 1; i <= HOSTS; i++) {
    const log = await readFile(logOf(i), 'utf8').catch(() => '');
    console.error(`--- log of host-${i} (end)\n${log.split('\n').slice(-25).join('\n')}`);
  }
  console.error(`netlab: failed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  for (const daemon of daemons) daemon.kill('SIGTERM');
  await Promise.all(
    daemons.map((daemon) =>
      (daemon.exitCode ?? daemon.signalCode) === null
        ? new Promise((resolve) => daemon.once('close', resolve))
        : undefined,
    ),
  );
  await run(LAB, ['down']);
  await rm(folder, { recursive: true, force: true });
}
