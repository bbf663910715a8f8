/**
 * `docker compose up` as a user would: four containers find each other by mDNS, two mine, a payment made in
 * one is confirmed on all, every line of the log is worth reading, one page shows all, and a restart loses nothing.
 * Needs a Docker engine; `npm run test:docker`, and with `-- --record` what it saw goes into docs/log.md.
 */
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import type { NodesJson } from '../src/client/nodes-json.ts';
import { type ComposeLine, faultsOf, readComposeLog, storyOf } from './compose-log.ts';
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
const HALF_MINUTE_MS = 30_000;
const BUILD_DEADLINE_MS = 600_000;

const compose = (
  args: readonly string[],
  deadlineMs?: number,
  env?: Record<string, string>,
): Promise<string> => run('docker', ['compose', '-p', PROJECT, ...args], deadlineMs, env);

const hosts: Host[] = NAMES.map((name) => ({
  name,
  tally: async (...args) =>
    JSON.parse(await compose(['exec', '-T', name, 'node', 'src/cli/tally.js', ...args])),
}));

async function logOf(...names: string[]): Promise<ComposeLine[]> {
  return readComposeLog(await compose(['logs', '--no-color', ...names]));
}

/** Four daemons, half a minute: a line every 0.2 s is what one can follow with a finger on the screen. */
const MAX_LINES = 150;

/** The command as the README prints it. */
async function printedCommand(): Promise<string[]> {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const line = /^docker compose .*\bup\b.*$/m.exec(readme)?.[0];
  if (line === undefined) throw new Error('the README prints no docker compose up');
  return line.replace(/\s+#.*$/, '').split(' ');
}

/** As a user watches it, to the end of the test: what ends it ends the containers. @returns what it has printed so far */
function watchCompose([program = '', ...args]: readonly string[]): () => string {
  const [subcommand = '', ...rest] = args;
  const child = spawn(program, [subcommand, '--ansi', 'never', '-p', PROJECT, ...rest], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return () => text;
}

/** Puts the greetings and the first half minute into the docs, as they were printed. */
async function recordLog(text: string): Promise<void> {
  // Compose begins a line by clearing it, whatever it is asked.
  const lines = text
    .replaceAll('\u001b[2K', '')
    .split('\n')
    .filter((line) => /^node-\d-1 +\| /.test(line));
  const times = lines.map((line) => timeOf(line.replace(/^.*?\| /, '')));
  const first = Math.min(...times.filter((time) => time !== undefined));
  const shown = lines.filter((_, index) => (times[index] ?? first) < first + HALF_MINUTE_MS);
  const page = new URL('../docs/log.md', import.meta.url);
  const before = await readFile(page, 'utf8');
  const recorded = before.replace(
    /(?<=<!-- recorded -->\n```\n)[\s\S]*?(?=```)/,
    () => `${shown.join('\n')}\n`,
  );
  await writeFile(page, recorded);
}

/** Milliseconds of the day; undefined for a line of a greeting. */
function timeOf(text: string): number | undefined {
  const [, hours, minutes, seconds] = /^(\d\d):(\d\d):(\d\d\.\d{3})/.exec(text) ?? [];
  if (seconds === undefined) return undefined;
  return Math.round(((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000);
}

function linesOfBusiestHalfMinute(lines: readonly ComposeLine[]): number {
  const atMs = lines.flatMap(({ text }) => timeOf(text) ?? []);
  return Math.max(
    ...atMs.map((from) => atMs.filter((at) => at >= from && at < from + HALF_MINUTE_MS).length),
  );
}

/** The image's own check, as Docker runs it. */
async function healthCommand(): Promise<string> {
  const test = JSON.parse(
    await run('docker', ['inspect', '-f', '{{json .Config.Healthcheck.Test}}', 'tallystick']),
  ) as string[];
  return test
    .slice(1)
    .map((word) => `'${word.replaceAll("'", "'\\''")}'`)
    .join(' ');
}

/** Of ten runs of a command in a container, what one costs. */
async function processorMs(container: string, command: string): Promise<number> {
  const script = `time (for n in 1 2 3 4 5 6 7 8 9 10; do ${command} || exit 1; done)`;
  const format = "TIMEFORMAT='%U %S'";
  const printed = await compose(['exec', '-T', container, 'bash', '-c', `${format}; { ${script}; } 2>&1`]);
  const [user = Number.NaN, system = Number.NaN] = printed.trim().split(' ').map(Number);
  return Math.round((user + system) * 100);
}

async function test(): Promise<void> {
  const [one, , , four] = hosts as [Host, Host, Host, Host];
  const command = await printedCommand();
  console.log(`${command.join(' ')}:`);
  const watched = watchCompose(command);
  await until(
    'four containers and the page are up and healthy',
    BUILD_DEADLINE_MS,
    async () => (await compose(['--profile', 'explore', 'ps', '--format', '{{.Health}}'])).trim().split('\n'),
    (states) => states.length === 5 && states.every((state) => state === 'healthy'),
  );

  console.log('Two of them mine, and a payment is confirmed on all:');
  await until(
    'node-1 has mined something to pay with',
    180_000,
    () => one.tally('balance', '--json'),
    ({ balance }) => BigInt(String(balance)) > 1_500_000n,
  );
  const { address: recipient } = await four.tally('wallet', 'show', '--json');
  const { id: payment } = await one.tally('send', String(recipient), '1.5', '--json');
  await isConfirmedOn(hosts, String(payment), 120_000);
  await peersAreConnected(hosts, 60_000);

  console.log('The log can be watched:');
  await until(
    'the payment is told on all four, and a block from its miner to the three others, by name and milliseconds',
    90_000,
    async () => storyOf(await logOf()),
    ({ confirmed, paid, travelled }) => paid === 4 && confirmed === 4 && travelled === 3,
  );
  await until(
    'each says how it stands, every half a minute',
    45_000,
    async () =>
      new Set((await logOf()).filter(({ text }) => text.includes('●')).map(({ node }) => node)).size,
    (count) => count === 4,
  );
  if (process.argv.includes('--record')) await recordLog(watched());
  const lines = readComposeLog(watched());
  const faults = faultsOf(lines);
  must(faults.length === 0, `no line that one would skip (${lines.length} read) ${faults.join('; ')}`);
  await until(
    'a fork that began has ended',
    60_000,
    async () => storyOf(readComposeLog(watched())),
    ({ forkEnded, forked }) => forked === 0 || forkEnded > 0,
  );
  const busiest = linesOfBusiestHalfMinute(lines);
  must(busiest <= MAX_LINES, `half a minute is ${busiest} lines at most, of four daemons`);

  console.log('One page shows all four, by their names:');
  await until(
    'at http://127.0.0.1:8140',
    20_000,
    async () => (await (await fetch('http://127.0.0.1:8140/nodes')).json()) as NodesJson,
    ({ nodes }) => nodes.every(({ name, state }, index) => state === 'up' && name === NAMES[index]),
  );

  console.log('The image is light on its feet:');
  const health = await processorMs('node-1', await healthCommand());
  const bare = await processorMs('node-1', 'node -e 0');
  console.log(
    `    a check of its health: ${health} ms of processor time; starting Node and nothing else: ${bare} ms`,
  );
  must(health * 4 < bare, 'a health check costs less than a quarter of what starting Node costs');
  const cached = Number(
    await compose(['exec', '-T', 'node-1', 'sh', '-c', 'find node_modules/.cache/tally -type f | wc -l']),
  );
  must(cached > 100, `what Node compiled is kept: ${cached} modules`);

  console.log('Machines get JSON as before:');
  await compose(['up', '-d', '--wait', '--no-deps', 'node-3'], BUILD_DEADLINE_MS, {
    TALLY_LOG_FORMAT: 'json',
  });
  const machine = (await logOf('node-3')).at(-1);
  must(typeof JSON.parse(machine?.text ?? '').event === 'string', 'one object a line');

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
  await compose(['--profile', 'explore', 'down', '-v', '--timeout', '5']).catch((error) =>
    console.error(String(error)),
  );
}
