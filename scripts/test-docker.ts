/**
 * `docker compose up` as a user would: four containers find each other by mDNS, two mine, a payment made in
 * one is confirmed on all, a block can be followed through the logs, and a restart loses nothing.
 * Needs a Docker engine; `npm run test:docker`.
 */
import {
  chainsAreValid,
  type Host,
  isConfirmedOn,
  must,
  peersAreConnected,
  run,
  until,
} from './lab-hosts.ts';

const PROJECT = `tallystick-test-${process.pid}`;
const NAMES = ['node-1', 'node-2', 'node-3', 'node-4'];
const BUILD_DEADLINE_MS = 600_000;

const compose = (args: readonly string[], deadlineMs?: number): Promise<string> =>
  run('docker', ['compose', '-p', PROJECT, ...args], deadlineMs);

const hosts: Host[] = NAMES.map((name) => ({
  name,
  tally: async (...args) =>
    JSON.parse(await compose(['exec', '-T', name, 'node', 'src/cli/tally.js', ...args])),
}));

interface LogLine {
  readonly event?: string;
  readonly id?: string;
  readonly latencyMs?: number;
}

async function logOf(name: string): Promise<LogLine[]> {
  const text = await compose(['logs', '--no-log-prefix', '--no-color', name]);
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line.slice(line.indexOf('{'))) as LogLine]; // compose may put control codes in front
    } catch {
      return []; // the greeting
    }
  });
}

async function test(): Promise<void> {
  const [one, , , four] = hosts as [Host, Host, Host, Host];
  console.log('docker compose up:');
  await compose(['up', '-d', '--build', '--wait'], BUILD_DEADLINE_MS);
  must(true, 'four containers are up and healthy');
  await peersAreConnected(hosts, 60_000);

  console.log('Two of them mine, and a payment is confirmed on all:');
  await until(
    'node-1 has mined something to pay with',
    180_000,
    () => one.tally('balance', '--json'),
    ({ balance }) => BigInt(String(balance)) > 0n,
  );
  const { address: recipient } = await four.tally('wallet', 'show', '--json');
  const { id: payment } = await one.tally('send', String(recipient), '1.5', '--json');
  await isConfirmedOn(hosts, String(payment), 120_000);

  console.log('One block can be followed from its miner to every node:');
  const mined = (await logOf('node-1')).filter(({ event }) => event === 'block.mined').at(-1);
  must(mined?.id !== undefined, `node-1 says that it mined ${mined?.id?.slice(0, 12)}…`);
  for (const name of NAMES.slice(1)) {
    const seen = await until(
      `${name} says when it arrived`,
      20_000,
      async () => (await logOf(name)).find(({ event, id }) => event === 'block.accepted' && id === mined?.id),
      (line) => line !== undefined,
    );
    console.log(`    ${name}: ${seen?.latencyMs ?? '–'} ms`);
  }

  console.log('A restart loses nothing and finds the others again:');
  const before = Number((await four.tally('status', '--json')).height);
  await compose(['kill', '-s', 'SIGKILL', 'node-4']);
  await compose(['up', '-d', '--wait', 'node-4'], BUILD_DEADLINE_MS);
  must(
    Number((await four.tally('status', '--json')).height) >= before,
    'node-4 opens where it was killed, or further',
  );
  await peersAreConnected(hosts, 60_000);
  await chainsAreValid(hosts);
}

try {
  await test();
  console.log('docker: passed');
} catch (error) {
  console.error(await compose(['logs', '--tail', '30']).catch(String));
  console.error(`docker: failed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  await compose(['down', '-v', '--timeout', '5']).catch((error) => console.error(String(error)));
}
